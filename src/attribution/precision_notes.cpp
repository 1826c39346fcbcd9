// SPDX-License-Identifier: Apache-2.0
// The sentences on an asked precision; see precision.h.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "attribution/precision.h"
#include "core/circumstances.h"

namespace layerwatt {

namespace {

constexpr Nanoseconds shortest_conversion{140'000};  // of the INA3221, TI SBOS576

std::string spelled(Nanoseconds time) {
  const double s = seconds(time);
  if (s < 1) return fmt::format("{:.3g} ms", s * 1e3);
  return s < 120 ? fmt::format("{:.0f} s", std::ceil(s)) : fmt::format("{:.0f} min", std::ceil(s / 60));
}

std::optional<double> asked_precision(const Profile& profile) {
  const double percent = std::strtod(circumstance(profile.circumstances, "precision").c_str(), nullptr);
  return percent > 0 ? std::optional{percent / 100} : std::nullopt;
}

std::string reached(const Precision& precision) {
  if (precision.lag_unsure)
    return fmt::format(
        "Asked for {:.3g} %, not reached: the sensor's lag is ambiguous, and intervals hold for the "
        "fitted one alone ({} of {} units would be within it).",
        100 * precision.target, precision.within, precision.units);
  std::string text = fmt::format("Asked for {:.3g} %, {}: {} of {} {}", 100 * precision.target,
                                 precision.reached() ? "reached" : "not reached", precision.within,
                                 precision.units, precision.groups > 0 ? "units" : "layers");
  if (precision.groups > 0)
    text += fmt::format(" ({} layers, and {} groups of {} layers that are known only together)",
                        precision.units - precision.groups, precision.groups, precision.grouped);
  text += fmt::format(" are within it, {:.0f} % were to be", 100 * precise_share);
  if (!precision.reached() && precision.half_width)
    text += fmt::format("; so many are within {:.2g} %", 100 * *precision.half_width);
  return text + ".";
}

const RailRecord* record_of(const RailProfile& rail, std::span<const RailRecord> rails) {
  const auto found = std::find_if(rails.begin(), rails.end(),
                                  [&](const RailRecord& one) { return one.channel.rail == rail.rail; });
  return found == rails.end() ? nullptr : &*found;
}

std::size_t in_turn(const RailRecord& record, std::span<const RailRecord> rails) {
  return static_cast<std::size_t>(std::count_if(rails.begin(), rails.end(), [&](const RailRecord& other) {
    return other.sensor == record.sensor && other.device == record.device && !other.readings.empty();
  }));
}

// When reads are slower than the sensor, the moments of its conversions stay unknown.
void help_of_reads(const RailProfile& rail, Nanoseconds refresh, std::size_t rails_in_turn,
                   std::vector<std::string>& helps) {
  const std::string why =
      fmt::format("({} is read every {} but new every {}, so that when its values came is unknown)",
                  rail.rail, spelled(*rail.period), spelled(refresh));
  if (rails_in_turn > 1)
    helps.push_back(fmt::format("reading it alone, -e {}, or a longer conversion time {}", rail.rail, why));
  else
    helps.push_back("a longer conversion time " + why);
}

// Shorter ones tell layers apart better, as long as reads keep up with them.
void help_of_conversions(const Profile& profile, const RailProfile& rail, const Channel& channel,
                         std::vector<std::string>& helps) {
  constexpr double worthwhile = 0.8;
  Nanoseconds shortest = shortest_conversion;
  if (channel.refresh && rail.period)
    shortest = std::max(shortest, from_seconds(seconds(*channel.aperture) * seconds(*rail.period) /
                                               (keeps_up * seconds(*channel.refresh))));
  std::size_t ran = 0, shorter = 0;
  for (const LayerProfile& layer : profile.layers) {
    ran += layer.runs > 0;
    shorter += layer.runs > 0 && layer.duration < *channel.aperture;
  }
  if (2 * shorter > ran && shortest < *channel.aperture * worthwhile)
    helps.push_back(
        fmt::format("a shorter conversion time ({} is longer than {} of {} layers; down to {} reads keep up)",
                    spelled(*channel.aperture), shorter, ran, spelled(shortest)));
}

void help_of_sensor(const Profile& profile, const RailProfile& rail, std::span<const RailRecord> rails,
                    std::vector<std::string>& helps) {
  const RailRecord* record = record_of(rail, rails);
  if (record == nullptr) return;
  const Channel& channel = record->channel;
  if (channel.averaging && *channel.averaging > 1)
    helps.push_back(fmt::format(
        "a sensor that does not average (this one does over {} conversions{}; --sensor-mode best)",
        *channel.averaging, rail.time_constant ? ", " + spelled(*rail.time_constant) : ""));
  if (channel.refresh && rail.period && *rail.period > *channel.refresh * keeps_up)
    return help_of_reads(rail, *channel.refresh, in_turn(*record, rails), helps);
  if (channel.aperture) help_of_conversions(profile, rail, channel, helps);
}

}  // namespace

std::vector<std::string> precision_notes(const Profile& profile, std::span<const RailRecord> rails) {
  const auto target = asked_precision(profile);
  // Intervals of other methods, where they have any, say nothing of what the sensor mixes.
  if (!target || profile.rails.empty() || profile.method != "forward") return {};
  const Precision precision = precision_of(profile, *target);
  std::vector<std::string> notes{reached(precision)};
  if (precision.reached()) return notes;
  const RailProfile& rail = profile.rails[headline_rail(profile)];
  std::vector<std::string> helps;
  help_of_sensor(profile, rail, rails, helps);
  if (precision.needed && *precision.needed > profile.inferences) {
    const auto more = static_cast<double>(*precision.needed - profile.inferences);
    helps.push_back(fmt::format("about {} more ({} inferences in all)",
                                spelled(from_seconds(more * seconds(profile.marked_whole.mean + rail.pause))),
                                *precision.needed));
  }
  if (!helps.empty()) {
    std::string text = "What would help most: ";
    for (std::size_t i = 0; i < helps.size(); ++i) text += (i > 0 ? "; then " : "") + helps[i];
    notes.push_back(text + ".");
  }
  if (precision.too_short > 0) {
    std::string text = fmt::format(
        "The uncertain place of their marks alone leaves more than {:.3g} % open in {} of them: these are "
        "too short, "
        "however long one measures",
        100 * *target, precision.too_short);
    if (precision.reachable && *precision.reachable > *target)
      text += fmt::format(". {:.1f} % is within reach", 100 * *precision.reachable);
    notes.push_back(text + ".");
  }
  return notes;
}

}  // namespace layerwatt
