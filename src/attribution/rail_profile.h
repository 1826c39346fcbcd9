// SPDX-License-Identifier: Apache-2.0
// Puts one rail together: idle, the whole inference, its layers by some method, rescaled to the unmarked
// latency, with what is left over said. The same for every method.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "attribution/execution.h"
#include "attribution/inference_times.h"
#include "attribution/layer_powers.h"
#include "attribution/power_trace.h"
#include "attribution/profile.h"

namespace layerwatt {

// Everything about the run that does not depend on the rail.
struct RunView {
  const Timeline& timeline;
  const Execution& execution;
  const InferenceTimes& marked;
  const InferenceTimes& unmarked;
  std::span<const std::string> groups{};  // of layers, to be added up; empty = their modules
  const AlonePart* alone = nullptr;       // to be added up, too; null = a network as a whole
};

struct RailResult {
  RailProfile profile;
  double pause_share = 0;          // of the energy pass
  std::vector<std::string> notes;  // of the method, on this rail
  bool idle_settled = true;        // false: an idle phase was too short for the sensor's average
};

// A method: powers of the layers from the readings of one rail, whose mean power while inferring is known.
using FindPowers = std::function<LayerPowers(const RailRecord&, const PowerTrace&, Watts mean)>;

// Empty when the rail was not read in the energy pass.
std::optional<RailResult> profile_rail(const RailRecord& rail, const RunView& run, const FindPowers& find);

}  // namespace layerwatt
