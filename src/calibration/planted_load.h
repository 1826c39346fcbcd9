// SPDX-License-Identifier: Apache-2.0
// A test of the whole way from readings to a layer's energy, on the user's own machine: a load of known power
// and known length is planted into made-up inferences, and attribution has to find its energy. The power is
// known from long stretches of the same load, read by the same sensor; so gain and offset of the sensor are
// not tested, but everything about time is. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "attribution/profile.h"
#include "calibration/step_response.h"
#include "core/result.h"
#include "timeline/timeline.h"

namespace layerwatt {

struct PlantedPlan {
  Nanoseconds plant = std::chrono::milliseconds{2};  // of each inference
  std::uint32_t inferences = 1000;
  Nanoseconds steady = std::chrono::seconds{2};  // a long stretch, off or on
  std::uint64_t seed = 1;
};

// Stretches off, on, off, ...: steady ones, inferences of work, rest, PLANT, rest, work, and steady ones
// again.
std::vector<Nanoseconds> lengths_of(const PlantedPlan& plan);

// What was observed as a run: five layers an inference. `steps`: as the load really went, all of the plan.
// malformed: they are not the plan's.
Result<Timeline> planted_run(const PlantedPlan& plan, std::vector<RailRecord> rails,
                             const std::vector<LoadStep>& steps, Instant to);

// Of one rail. Half-widths of 95 % intervals.
struct PlantedResult {
  std::string rail;
  Estimate<Joules> planted;               // power of the long stretches x length of the plant
  std::optional<Estimate<Joules>> found;  // by attribution; without an interval when that is withheld
  // Further apart than 1.5 half-widths of both together, three standard deviations.
  [[nodiscard]] std::optional<bool> recovered() const;
  // So well known that a fifth more or less would be seen; without this nothing was tested.
  [[nodiscard]] bool is_telling() const;
};

// One for each rail of the profile, which attribute() made of planted_run(). A rail whose long stretches were
// not read is left out.
std::vector<PlantedResult> planted_results(const PlantedPlan& plan, const Timeline& run,
                                           const Profile& profile, const std::vector<LoadStep>& steps);

}  // namespace layerwatt
