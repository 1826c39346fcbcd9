// SPDX-License-Identifier: Apache-2.0
// Derivatives of power = at + (reading - reads) / gain, and of what the meter said; docs/uncertainty.md.
#include "attribution/calibration_errors.h"

#include <cassert>
#include <cmath>
#include <numbers>

#include "attribution/statistics.h"

namespace layerwatt {

namespace {

// `sensitivity`: joules for each unit of the influence. What moves the other way than the inference is below
// zero.
template <class Sensitivity>
UncertaintyComponent shared_error(Influence influence, double limit, double divisor, const BudgetItems& items,
                                  const Sensitivity& sensitivity) {
  const double whole = sensitivity(items.inference), sign = whole < 0 ? -1 : 1;
  UncertaintyComponent made =
      component(influence, items, [&](const BudgetItem& item) -> std::optional<Joules> {
        return Joules{sign * limit / divisor * sensitivity(item)};
      });
  made.limit = limit;
  made.divisor = divisor;
  made.sensitivity = std::abs(whole);
  return made;
}

}  // namespace

std::vector<UncertaintyComponent> calibration_errors(const RailProfile& rail, const BudgetItems& items) {
  assert(rail.calibration);
  const RailCalibration& known = *rail.calibration;
  const auto energy = [](const BudgetItem& item) { return item.energy.value(); };
  const auto time = [](const BudgetItem& item) { return seconds(item.time); };
  // A wrong gain turns the line about the power at which it is surest.
  const auto beyond_middle = [&](const BudgetItem& item) {
    return (item.energy - known.at * item.time).value() / known.gain;
  };
  const auto level = [&](const BudgetItem& item) { return seconds(item.time) / known.gain; };
  std::vector<UncertaintyComponent> all{
      shared_error(Influence::calibration_gain, known.gain_half_width, normal_975, items, beyond_middle),
      shared_error(Influence::calibration_level, known.reads_half_width.value(), normal_975, items, level)};
  if (const auto& meter = known.meter_accuracy) {
    all.push_back(shared_error(Influence::meter_gain, meter->gain, std::numbers::sqrt3, items, energy));
    all.push_back(
        shared_error(Influence::meter_offset, meter->offset.value(), std::numbers::sqrt3, items, time));
  } else {
    for (const Influence influence : {Influence::meter_gain, Influence::meter_offset})
      all.push_back(
          not_assessed(influence, rail, "nobody said how far the meter may be off (--meter-accuracy)"));
  }
  return all;
}

}  // namespace layerwatt
