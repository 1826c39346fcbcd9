// SPDX-License-Identifier: Apache-2.0
// The board's own sensor beside an external meter: what sampling costs by the meter (Holly 2020 had it on and
// off), and what each rail says of a watt that the meter sees. Pure.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "core/units.h"
#include "timeline/rail_calibration.h"

namespace layerwatt {

// A stretch of time under one condition, and the means over it.
struct MeteredStretch {
  bool sampled = false;  // the board's sensor was being read
  bool loaded = false;   // with a load of our own
  double middle_s = 0;   // since the first stretch
  std::optional<Watts> meter;
  std::vector<std::optional<Watts>> rails;  // empty ones: not read
};

// Half-widths of 95 % intervals, by Student's t over the stretches.
struct Interval {
  double value = 0, half_width = 0;
};

// Of an idle machine, by the meter; a drift that goes on evenly is taken off.
struct SamplingEffect {
  Interval without_w, effect_w;  // power without sampling; what sampling adds
  std::size_t stretches = 0;
};

// Empty for fewer than three stretches with sampling or without.
std::optional<SamplingEffect> sampling_effect(std::span<const MeteredStretch> stretches);

// rail = offset + gain x meter, over idle and loaded stretches. Gain and offset depend on each other; gain
// and the level in the middle of the stretches do not.
struct RailBesideMeter {
  Interval gain, offset_w;
  double middle_w = 0;                        // mean of the meter's powers
  Interval level_w;                           // of the rail, where the meter says middle_w
  Interval idle_missing_w, loaded_missing_w;  // meter - rail
  double idle_w = 0, loaded_w = 0;            // by the meter
  [[nodiscard]] double span_w() const { return loaded_w - idle_w; }
};

// `rounding`: standard deviation of what the rail's step may have added to the mean of a stretch, the same in
// all of one kind (rounding_of() in sampling_cost.h). Empty for fewer than three stretches idle or loaded, or
// when the load moves the meter by less than ten times what stretches of one kind scatter by.
std::optional<RailBesideMeter> beside_meter(std::span<const MeteredStretch> stretches, std::size_t rail,
                                            Watts rounding = {});

// What is kept of it, without the meter's name, errors and the time.
RailCalibration line_of(const RailBesideMeter& found);
SupplyLoss loss_of(const RailBesideMeter& found);

}  // namespace layerwatt
