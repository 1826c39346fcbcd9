// SPDX-License-Identifier: Apache-2.0
// From readings to a series; see series.h.
#include "attribution/forward/series.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "attribution/forward/conversion_clock.h"
#include "attribution/forward/robust.h"

namespace layerwatt::forward {

namespace {

constexpr std::uint32_t most_updates = 8;  // a longer silence begins a new stretch
// Of the refresh between reads: every conversion is seen, and its first reading tells when it came. Slower
// reads that a timer paces say nothing of the sensor's clock, however regular they are.
constexpr double faster_than = 0.7;

double microseconds(Nanoseconds t) { return static_cast<double>(t.count()) * 1e-3; }

// Usable readings in order of time, as they came.
struct Raw {
  std::vector<double> begin_us, stamp_us, value;
};

Raw collect(const RailRecord& rail, Instant origin, Instant from, Instant to, Series& series) {
  Raw raw;
  std::size_t refused = 0;
  for (const Reading& reading : rail.readings) {
    if (reading.before < from || reading.after >= to) continue;
    const bool is_power = std::holds_alternative<Watts>(reading.value);
    const double value =
        is_power ? std::get<Watts>(reading.value).value() : std::get<Joules>(reading.value).value();
    const double begin = microseconds(reading.before - origin);
    const double stamp = begin + microseconds(reading.after - reading.before) / 2;
    const bool usable = std::isfinite(value) && reading.after >= reading.before &&
                        is_power == (rail.channel.meaning == Meaning::power_now) &&
                        (raw.stamp_us.empty() || stamp > raw.stamp_us.back());
    if (!usable) {
      ++refused;
      continue;
    }
    raw.begin_us.push_back(begin);
    raw.stamp_us.push_back(stamp);
    raw.value.push_back(value);
  }
  if (refused > 0)
    series.notes.push_back(std::to_string(refused) + " readings of " + rail.channel.rail +
                           " were not used: out of order, or no number");
  return raw;
}

double median_step(const Raw& raw) {
  std::vector<double> steps;
  for (std::size_t i = 1; i < raw.stamp_us.size(); ++i)
    steps.push_back(raw.stamp_us[i] - raw.stamp_us[i - 1]);
  return median(std::move(steps));
}

// Mean power between two ticks of a counter; the stamp of a tick is that of the first read that shows it.
void fill_counter(const Channel& channel, const Raw& raw, Series& series) {
  series.kind = WindowKind::interval;
  std::size_t last = 0;
  std::int64_t index = 0;
  bool any = false;
  for (std::size_t i = 1; i < raw.value.size(); ++i) {
    double grown = raw.value[i] - raw.value[last];
    if (grown == 0) continue;
    if (grown < 0 && channel.wraps_at) grown += channel.wraps_at->value();
    const double length = raw.stamp_us[i] - raw.stamp_us[last];
    // What was counted before the first tick seen began at an unknown moment.
    if (grown > 0 && any) {
      series.stamp_us.push_back(raw.stamp_us[i]);
      series.length_us.push_back(length);
      series.value.push_back(grown / (length * 1e-6));
      series.index.push_back(index);
    } else if (grown < 0) {
      ++index;  // the counter was reset: nothing is known across it
    }
    ++index;
    any = true;
    last = i;
  }
  // When a tick came: between the stamps of a read that waited for it, else since the read before, at most a
  // refresh ago.
  if (channel.read_on_update) {
    std::vector<double> length;
    for (std::size_t i = 0; i < raw.stamp_us.size(); ++i)
      length.push_back(2 * (raw.stamp_us[i] - raw.begin_us[i]));
    series.jitter_us = median(std::move(length));
  } else {
    const double step = median_step(raw);
    series.jitter_us = channel.refresh ? std::min(step, microseconds(*channel.refresh)) : step;
  }
}

// Takes an exponential average apart. `index` counts conversions where they are known.
void fill_average(const Raw& raw, const std::vector<std::size_t>& use, const ConversionClock* clock,
                  Series& series) {
  series.kind = clock != nullptr ? WindowKind::average : WindowKind::slow_average;
  for (std::size_t i = 1; i < use.size(); ++i) {
    const std::size_t now = use[i], before = use[i - 1];
    const double length = raw.stamp_us[now] - raw.stamp_us[before];
    const double updates = clock != nullptr ? static_cast<double>(clock->index[now] - clock->index[before])
                                            : length / series.period_us;
    if (updates > most_updates || updates < 0.2) continue;
    const double kept = std::pow(series.decay, updates);
    series.stamp_us.push_back(clock != nullptr ? clock->stamp_us[now] : raw.stamp_us[now]);
    series.value.push_back((raw.value[now] - kept * raw.value[before]) / (1 - kept));
    series.kept.push_back(kept);
    series.index.push_back(static_cast<std::int64_t>(i));
    if (clock != nullptr)
      series.updates.push_back(static_cast<std::uint32_t>(updates));
    else
      series.length_us.push_back(length);
  }
}

void fill_conversions(const Raw& raw, const std::vector<std::size_t>& use, const ConversionClock* clock,
                      Series& series) {
  for (const std::size_t i : use) {
    series.stamp_us.push_back(clock != nullptr ? clock->stamp_us[i] : raw.stamp_us[i]);
    series.value.push_back(raw.value[i]);
    series.index.push_back(clock != nullptr ? clock->index[i] : static_cast<std::int64_t>(i));
  }
}

// Where reads are faster than conversions, only the first of each new value carries a moment.
Raw first_of_each_value(const Raw& raw) {
  Raw first;
  for (std::size_t i = 0; i < raw.value.size(); ++i) {
    if (i > 0 && raw.value[i] == raw.value[i - 1]) continue;
    first.begin_us.push_back(raw.begin_us[i]);
    first.stamp_us.push_back(raw.stamp_us[i]);
    first.value.push_back(raw.value[i]);
  }
  return first;
}

}  // namespace

Series make_series(const RailRecord& rail, Instant origin, Instant from, Instant to) {
  Series series;
  const Channel& channel = rail.channel;
  Raw raw = collect(rail, origin, from, to, series);
  if (channel.meaning == Meaning::energy_total) {
    fill_counter(channel, raw, series);
    return series;
  }
  const double refresh = channel.refresh ? microseconds(*channel.refresh) : 0;
  const double aperture = channel.aperture ? microseconds(*channel.aperture) : 0;
  series.decay = channel.averaging && *channel.averaging > 1 ? 1 - 1.0 / *channel.averaging : 0;
  if (channel.quantum) series.rounding_variance = channel.quantum->value() * channel.quantum->value() / 12;
  series.period_us = refresh;
  std::optional<ConversionClock> clock;
  if (refresh > 0 && median_step(raw) < faster_than * refresh) {
    raw = first_of_each_value(raw);
    clock = fit_conversion_clock(raw.stamp_us, refresh);
  } else if (refresh > 0 && channel.read_on_update) {
    clock = fit_conversion_clock(raw.stamp_us, refresh);
  }
  if (clock) {
    series.period_us = clock->period_us;
    series.deviation_us = clock->deviation_us;
  }
  // One oscillator makes the conversions and the cycle: the aperture is off by as much as the period.
  series.width_us = aperture > 0 ? aperture * (refresh > 0 ? series.period_us / refresh : 1) : refresh;
  series.width_known = aperture > 0;
  if (channel.voltage_aperture && aperture > 0)
    series.voltage_us = microseconds(*channel.voltage_aperture) * series.width_us / aperture;
  if (!(series.width_us > 0)) series.width_us = std::max(median_step(raw), 1.0);
  if (!clock) series.jitter_us = refresh;  // the reading shows a conversion of unknown age
  if (refresh <= 0 && aperture > 0) raw.stamp_us = raw.begin_us;  // the read itself starts the conversion

  std::vector<std::size_t> use;
  for (std::size_t i = 0; i < raw.value.size(); ++i)
    if (!clock || clock->reliable[i]) use.push_back(i);
  for (std::size_t i = 1; i < use.size(); ++i)
    series.repeated +=
        raw.value[use[i]] == raw.value[use[i - 1]] ? 1.0 / static_cast<double>(use.size()) : 0.0;
  if (series.decay > 0 && series.period_us > 0)
    fill_average(raw, use, clock ? &*clock : nullptr, series);
  else
    fill_conversions(raw, use, clock ? &*clock : nullptr, series);
  return series;
}

}  // namespace layerwatt::forward
