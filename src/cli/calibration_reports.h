// SPDX-License-Identifier: Apache-2.0
// What `layerwatt calibrate` found, as text and as JSON: one pair of functions for each thing found.
#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "calibration/planted_load.h"
#include "calibration/sampling_cost.h"
#include "calibration/step_response.h"
#include "cli/command.h"
#include "session/rate_phases.h"
#include "session/sensor_pace.h"

namespace layerwatt {

// What reading costs, by rail; `rail` without readings.
struct RailCost {
  RailRecord rail;
  std::optional<SamplingCost> cost;  // empty: could not be read long enough
};
struct CostFound {
  std::vector<RailCost> rails;
  double reads_per_s = 0;  // at the fastest
  std::size_t phases = 0;
};
CostFound cost_from(const std::vector<ReadAtOneRate>& phases);
void print_cost(const CostFound& found, Terminal& terminal);
nlohmann::json cost_json(const CostFound& found);

// How rails follow a load; `rail` without readings.
struct RailResponse {
  RailRecord rail;
  std::optional<StepResponse> response;  // empty: the load does not move it
  std::optional<SensorPace> pace;        // under that load; empty: hardly read
};
void print_responses(const std::vector<RailResponse>& responses, Terminal& terminal);
nlohmann::json responses_json(const std::vector<RailResponse>& responses);

// Whether a planted load was found.
void print_planted(const PlantedPlan& plan, const std::vector<PlantedResult>& results, bool simulated,
                   Terminal& terminal);
nlohmann::json planted_json(const PlantedPlan& plan, const std::vector<PlantedResult>& results);

}  // namespace layerwatt
