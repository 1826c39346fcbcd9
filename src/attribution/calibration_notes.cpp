// SPDX-License-Identifier: Apache-2.0
// See calibration_notes.h. Plain ASCII, as all notes are.
#include "attribution/calibration_notes.h"

#include <fmt/format.h>

#include <algorithm>

#include "attribution/calibrated_rail.h"

namespace layerwatt {

namespace {

std::string line_of(const RailCalibration& known) {
  return fmt::format("it reads {:.4g} W at {:.4g} W, and {:.4g} W more for each watt more",
                     known.reads.value(), known.at.value(), known.gain);
}

std::string applied(const RailProfile& rail) {
  const RailCalibration& known = *rail.calibration;
  std::string text = fmt::format(
      "{}: all its powers are corrected by a calibration of {} against {}: {}; --no-calibration shows them "
      "as "
      "they were read.",
      rail.rail, known.made, known.meter, line_of(known));
  const auto outside = [&](Watts power) { return power < known.from || power > known.to; };
  if (outside(rail.mean_power) || (rail.idle && outside(rail.idle->value)))
    text += fmt::format(" It was found from {:.3g} to {:.3g} W; beyond, the line is carried on.",
                        known.from.value(), known.to.value());
  return text;
}

std::string left_out(const RailRecord& rail) {
  const std::string why = rail.channel.meaning == Meaning::energy_total ? "an energy counter is not corrected"
                                                                        : "as was asked for";
  return fmt::format("{}: the calibration of {} against {} is not applied: {}.", rail.channel.rail,
                     rail.calibration->made, rail.calibration->meter, why);
}

std::string lost(const std::string& rail, const SupplyLoss& loss) {
  return fmt::format(
      "Before {} {:.2g} +- {:.1g} W were lost or drawn beside it on an idle machine and {:.2g} +- {:.1g} W "
      "under load, of {:.3g} and {:.3g} W by {} ({}); they are in no figure here.",
      rail, loss.idle.value(), loss.idle_half_width.value(), loss.loaded.value(),
      loss.loaded_half_width.value(), loss.idle_supply.value(), loss.loaded_supply.value(), loss.meter,
      loss.made);
}

}  // namespace

std::vector<std::string> calibration_notes(const Profile& profile, const Timeline& timeline) {
  std::vector<std::string> notes;
  for (const RailProfile& rail : profile.rails) {
    if (rail.calibration) notes.push_back(applied(rail));
    if (rail.supply_loss) notes.push_back(lost(rail.rail, *rail.supply_loss));
  }
  for (const RailRecord& record : timeline.rails) {
    const bool is_shown = std::any_of(
        profile.rails.begin(), profile.rails.end(),
        [&](const RailProfile& rail) { return rail.rail == record.channel.rail && !rail.calibration; });
    if (record.calibration && is_shown) notes.push_back(left_out(record));
  }
  for (const Event& event : timeline.events)
    if (event.kind == calibration_event) notes.push_back(event.text);
  return notes;
}

}  // namespace layerwatt
