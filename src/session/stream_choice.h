// SPDX-License-Identifier: Apache-2.0
// What --sensor asks for: sensors of this machine, and streams. Pure but for making a stream's plan.
#pragma once
#include <string>
#include <vector>

#include "core/machine.h"
#include "core/result.h"
#include "sensors/stream.h"

namespace layerwatt {

struct ChosenStream {
  const StreamDriver* driver = nullptr;
  StreamPlan plan;
};

struct SensorRequest {
  bool sensors = false;  // those named in `names`, or the best there is when that is empty
  std::string names;     // "rapl,nvml", for choose_all_sensors()
  std::vector<ChosenStream> streams;
};

// "rapl,sigrok:demo,csv:meter.fifo". Commas separate, so none may be in a file's name. malformed: a stream's
// argument makes no sense; unsupported: a stream on a recorded machine, or one that is a file made
// afterwards.
Result<SensorRequest> parse_sensor_request(const Machine& machine, const std::string& text,
                                           Nanoseconds period);

const StreamDriver* stream_driver_named(std::string_view name);  // null: none

}  // namespace layerwatt
