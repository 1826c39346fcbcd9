// SPDX-License-Identifier: Apache-2.0
// What of the machine a measurement depends on: recorded with every run, and judged by `layerwatt doctor`.
// Reads files of the Machine and nothing else; leaves out what identifies a person or a unit (host name,
// serial numbers).
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/machine.h"

namespace layerwatt {

// Key -> value for the run file; a key is absent when its fact is not known. With N the first CPU of a
// frequency policy, D a devfreq device, Z a thermal zone's type:
//   board, board.id, board.model, hardware, os, os.l4t, os.jetpack, cuda, cudnn,
//   tensorrt, blas.{openblas,blis,mkl}, kernel, cpu.model, cpu.online, load.1min,
//   power_mode, virtual_machine, governor.cpuN, clock_khz.cpuN.{now,minimum,maximum}, governor.D,
//   clock_hz.D.{now,minimum,maximum}, temperature_c.Z,
//   displays, usb_devices, links.wired, links.wireless, desktop, busy_processes
std::map<std::string, std::string> gather_circumstances(const Machine& machine);

enum class Severity {
  ok,       // as it should be
  warning,  // measures, but less exactly or less repeatably
  problem   // cannot measure power
};

struct Finding {
  Severity severity = Severity::ok;
  std::string what, why, remedy;  // remedy: what the user can do; may be empty
};

// Sensors, permissions, clocks, throttling, other load: in this order.
std::vector<Finding> doctor_findings(const Machine& machine);
// Settings of this machine that a killed run left changed, or that a running one has changed now, by the undo
// journal in `folder` and by root's.
std::vector<Finding> journal_findings(const Machine& machine, const std::filesystem::path& folder);

const char* name_of(Severity severity);  // "ok", "warning", "problem"

}  // namespace layerwatt
