// SPDX-License-Identifier: Apache-2.0
// The parts of the JSON report that say how sure it is; see docs/profile.schema.json.
#pragma once
#include <nlohmann/json.hpp>

#include "attribution/profile.h"

namespace layerwatt {

nlohmann::ordered_json json_of(const Accuracy& accuracy);
nlohmann::ordered_json json_of(const UncertaintyBudget& budget);
nlohmann::ordered_json json_of(const JoinedLayers& joined);
nlohmann::ordered_json json_of(const RailCalibration& calibration);
nlohmann::ordered_json json_of(const SupplyLoss& loss);

}  // namespace layerwatt
