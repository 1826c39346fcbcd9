// SPDX-License-Identifier: Apache-2.0
// Reading a run file, attributing it and writing a report: what profile, show and export have in common.
#pragma once
#include <filesystem>
#include <string>

#include "attribution/profile.h"
#include "cli/command.h"

namespace layerwatt {

// Reads the run and writes the named report to terminal.out. Gives the exit code.
int show_run(const std::filesystem::path& run_file, const AttributionOptions& attribution,
             const std::string& report, Terminal& terminal);

// --method, --stacked, --residual
void add_attribution_options(CLI::App& command, AttributionOptions& attribution);

}  // namespace layerwatt
