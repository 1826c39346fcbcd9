// SPDX-License-Identifier: Apache-2.0
// What `layerwatt calibrate --meter` found, as text and as JSON.
#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "calibration/meter_comparison.h"
#include "cli/command.h"
#include "session/metered_run.h"

namespace layerwatt {

// The sensor beside a meter. Rails without readings.
struct MeterFound {
  std::optional<SamplingEffect> sampling;  // empty: too little was read
  struct Rail {
    RailRecord rail;
    std::optional<RailBesideMeter> beside;  // empty: too little was read, or the load does not show
    std::optional<Interval> later_s;  // than the meter; empty: no load was switched, or it does not show
  };
  std::vector<Rail> rails;
  RailRecord meter;
};
// `meter_rail`: of the meter; empty = that called as the rail it measures, else its first. not_found: it has
// no such rail.
Result<MeterFound> meter_from(const MeteredRun& run, const std::string& meter_rail,
                              const std::string& measures = {});
void print_meter(const MeterFound& found, Terminal& terminal);
nlohmann::json meter_json(const MeterFound& found);

}  // namespace layerwatt
