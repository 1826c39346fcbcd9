// SPDX-License-Identifier: Apache-2.0
// The sentences; see forward_notes.h. docs/forward.md says where the bounds come from.
#include "attribution/forward_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace layerwatt {

namespace {

constexpr double most_condition = 1e6;
constexpr double test_bound = 3;  // standard deviations
constexpr std::size_t few_readings_a_layer = 4;
constexpr double unknown_two_at_once = 0.2;  // half-width; before any reading it is 0.28
constexpr std::size_t most_joined_named = 5;

double in_milliseconds(Nanoseconds t) { return static_cast<double>(t.count()) * 1e-6; }

std::string window_sentence(const std::string& rail, const SensorFit& fit) {
  std::string text = fmt::format(
      "{}: the sensor shows power {:.3f} ms late (+- {:.0f} us), fitted from {} readings", rail,
      in_milliseconds(fit.lag), microseconds(fit.lag_half_width.value_or(Nanoseconds{})), fit.readings);
  if (fit.tail > Nanoseconds{0}) text += fmt::format(", behind a {:.0f} us tail", microseconds(fit.tail));
  return text + fmt::format("; fitted and read energy differ by {:.3f} %.", 100 * fit.balance);
}

std::string concurrency_sentence(const std::string& rail, const SensorFit& fit) {
  if (!fit.two_at_once_half_width)
    return fmt::format(
        "{}: there were no pauses to find idle power from, so what layers that ran at the same "
        "time draw together could not be found out: it is taken to be the mean of what each "
        "draws alone, and these layers have no intervals.",
        rail);
  if (*fit.two_at_once_half_width > unknown_two_at_once)
    return fmt::format(
        "{}: the readings do not tell what two layers at once draw together, because too few "
        "layers run both with another and alone; the intervals allow for it.",
        rail);
  return fmt::format(
      "{}: two layers at once added {:.2f} (+- {:.2f}) of what both add to idle alone (0.5: they "
      "take turns, 1: neither minds the other).",
      rail, *fit.two_at_once, *fit.two_at_once_half_width);
}

void joined_sentences(const std::string& rail, const LayerPowers& powers, std::span<const Layer> layers,
                      std::vector<std::string>& notes) {
  std::size_t said = 0;
  for (const JoinedLayers& one : powers.joined) {
    if (++said > most_joined_named) break;
    std::string text =
        fmt::format("{}: {} layers from {} to {} are known only together, {:.3g} mJ +- {:.1f} %", rail,
                    one.layers.size(), layers[one.layers.front()].name, layers[one.layers.back()].name,
                    one.energy.value() * 1e3, 100 * (one.half_width / one.energy));
    if (one.always_together)
      text += ": some of them never run without each other, which no more measuring separates";
    if (one.more_time)
      text += fmt::format(": about {:.0f} s more would separate them",
                          std::ceil(in_milliseconds(*one.more_time) / 1000));
    notes.push_back(text + ".");
  }
  if (powers.joined.size() > most_joined_named)
    notes.push_back(fmt::format("{}: {} more groups of layers are known only together.", rail,
                                powers.joined.size() - most_joined_named));
}

}  // namespace

std::vector<std::string> forward_notes(const std::string& rail, const LayerPowers& powers,
                                       std::span<const Layer> layers) {
  const SensorFit& fit = *powers.fit;
  std::vector<std::string> notes{window_sentence(rail, fit)};
  const auto ran = static_cast<std::size_t>(std::count_if(
      powers.layers.begin(), powers.layers.end(), [](const LayerPower& l) { return l.mean.has_value(); }));
  if (!fit.withheld.empty())
    notes.push_back(fmt::format("{}: no intervals of layers: {}.", rail, fit.withheld));
  if (fit.two_at_once) notes.push_back(concurrency_sentence(rail, fit));
  if (fit.lag_margin < SensorFit::sure_margin)
    notes.push_back(fmt::format(
        "{}: the sensor's lag is ambiguous (log-likelihood margin {:.0f}, below {:.0f}); the split "
        "over layers may be shifted. Longer pauses between inferences or more time would "
        "settle it.",
        rail, fit.lag_margin, SensorFit::sure_margin));
  if (fit.condition > most_condition)
    notes.push_back(fmt::format("{}: some layers are never seen apart from others (condition {:.1g}).", rail,
                                fit.condition));
  if (std::abs(fit.tail_test) > test_bound || std::abs(fit.width_test) > test_bound)
    notes.push_back(
        fmt::format("{}: the sensor's window is not as assumed (tail {:+.1f}, width {:+.1f} standard "
                    "deviations); intervals may be too narrow.",
                    rail, fit.tail_test, fit.width_test));
  if (fit.readings < few_readings_a_layer * ran)
    notes.push_back(fmt::format("{}: only {} readings for {} layers: exploratory.", rail, fit.readings, ran));
  if (fit.from_prior * 20 > ran)
    notes.push_back(
        fmt::format("{}: for {} of {} layers the readings say less than the likeness of layers does; their "
                    "powers are drawn to those of their kind.",
                    rail, fit.from_prior, ran));
  joined_sentences(rail, powers, layers, notes);
  return notes;
}

}  // namespace layerwatt
