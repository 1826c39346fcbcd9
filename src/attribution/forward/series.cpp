// SPDX-License-Identifier: Apache-2.0
// From readings to a series; see series.h.
#include "attribution/forward/series.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "attribution/forward/conversion_clock.h"
#include "attribution/forward/polled_clock.h"
#include "attribution/forward/robust.h"
#include "attribution/forward/voltage_steps.h"

namespace layerwatt::forward {

namespace {

constexpr std::uint32_t most_updates = 8;  // a longer silence begins a new stretch
constexpr int most_averaged = 100'000;
constexpr double memories_smoothed = 30;  // of an average, over which the voltage's rounding is smoothed
constexpr double same_conversion = 0.95;  // of a refresh between two reads

// What a damaged file may say of a sensor is not believed: no conversion takes longer than 10 s. 0 = unknown.
double believable(const std::optional<Nanoseconds>& time) {
  constexpr double longest_us = 10e6;
  const double us = time ? microseconds(*time) : 0;
  return us > 0 && us <= longest_us ? us : 0;
}

// Usable readings in order of time, as they came.
struct Raw {
  std::vector<double> begin_us, stamp_us, value;
};

Raw collect(const RailRecord& rail, Instant origin, Instant from, Instant to, Series& series) {
  Raw raw;
  std::size_t refused = 0;
  for (const Reading& reading : rail.readings) {
    if (reading.before < from || reading.after >= to) continue;
    if (reading.after < reading.before) {  // by any amount: differences may overflow
      ++refused;
      continue;
    }
    const bool is_power = std::holds_alternative<Watts>(reading.value);
    const double value =
        is_power ? std::get<Watts>(reading.value).value() : std::get<Joules>(reading.value).value();
    const double begin = microseconds(reading.before - origin);
    const double stamp = begin + microseconds(reading.after - reading.before) / 2;
    const bool usable = std::isfinite(value) && is_power == (rail.channel.meaning == Meaning::power_now) &&
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
    const double refresh = believable(channel.refresh);
    series.jitter_us = refresh > 0 ? std::min(step, refresh) : step;
  }
}

// Which reads to use, and what is known of when their conversions ended.
struct Moments {
  bool by_clock = false;  // `index` counts conversions, and stamps are free of jitter
  double period_us = 0, deviation_us = 0;
  std::vector<std::size_t> read;
  std::vector<std::int64_t> index;
  std::vector<double> stamp_us;
  void add(std::size_t which, std::int64_t number, double stamp) {
    read.push_back(which);
    index.push_back(number);
    stamp_us.push_back(stamp);
  }
};

Moments from_update_reads(const Raw& raw, const ConversionClock& clock) {
  Moments moments{true, clock.period_us, clock.deviation_us, {}, {}, {}};
  for (std::size_t i = 0; i < raw.value.size(); ++i)
    if (clock.reliable[i]) moments.add(i, clock.index[i], clock.stamp_us[i]);
  return moments;
}

Moments from_polled_reads(PolledClock clock) {
  return {true,
          clock.period_us,
          clock.deviation_us,
          std::move(clock.read),
          std::move(clock.index),
          std::move(clock.stamp_us)};
}

// A refresh apart, so that no conversion counts twice.
Moments as_they_came(const Raw& raw, double refresh_us) {
  Moments moments;
  moments.period_us = refresh_us;
  for (std::size_t i = 0; i < raw.value.size(); ++i)
    if (moments.read.empty() || raw.stamp_us[i] - moments.stamp_us.back() >= same_conversion * refresh_us)
      moments.add(i, static_cast<std::int64_t>(moments.read.size()), raw.stamp_us[i]);
  return moments;
}

// Smaller changes than this may come from the voltage, which is converted between two currents and moves by
// 8 mV of some 5 V. An average of currents moves by whole steps.
double least_change(const Channel& channel, const Raw& raw) {
  constexpr double of_a_step = 0.6, of_the_power = 0.0075;
  const double step = channel.quantum ? of_a_step * channel.quantum->value() : 0;
  const bool averages = channel.averaging && *channel.averaging > 1;
  return averages ? step : std::max(step, of_the_power * std::abs(median(raw.value)));
}

Moments moments_of(const Channel& channel, const Raw& raw, double refresh_us) {
  if (refresh_us > 0 && channel.read_on_update) {
    if (const auto clock = fit_conversion_clock(raw.stamp_us, refresh_us))
      return from_update_reads(raw, *clock);
  } else if (refresh_us > 0 && median_step(raw) < keeps_up * refresh_us) {
    if (auto clock =
            fit_polled_clock({raw.begin_us, raw.stamp_us, raw.value}, refresh_us, least_change(channel, raw)))
      return from_polled_reads(std::move(*clock));
  }
  return as_they_came(raw, refresh_us);
}

double share_of_repeats(const Raw& raw, const std::vector<std::size_t>& read) {
  std::size_t repeats = 0;
  for (std::size_t i = 1; i < read.size(); ++i) repeats += raw.value[read[i]] == raw.value[read[i - 1]];
  return read.empty() ? 0 : static_cast<double>(repeats) / static_cast<double>(read.size());
}

// Takes an exponential average apart.
void fill_average(const Channel& channel, const Raw& raw, const Moments& moments, Series& series) {
  std::vector<double> value;
  for (const std::size_t read : moments.read) value.push_back(raw.value[read]);
  // Far longer than the average remembers, so that taking it apart does not bring the flips back.
  const auto smooth = static_cast<std::size_t>(memories_smoothed / (1 - series.decay));
  if (channel.quantum) smooth_voltage_steps(value, channel.quantum->value(), smooth);
  series.kind = moments.by_clock ? WindowKind::average : WindowKind::slow_average;
  for (std::size_t i = 1; i < moments.read.size(); ++i) {
    const double length = moments.stamp_us[i] - moments.stamp_us[i - 1];
    const double updates = moments.by_clock ? static_cast<double>(moments.index[i] - moments.index[i - 1])
                                            : length / series.period_us;
    if (updates > most_updates || updates < 0.2) continue;
    const double kept = std::pow(series.decay, updates);
    series.stamp_us.push_back(moments.stamp_us[i]);
    series.value.push_back((value[i] - kept * value[i - 1]) / (1 - kept));
    series.kept.push_back(kept);
    series.index.push_back(static_cast<std::int64_t>(i));
    if (moments.by_clock)
      series.updates.push_back(static_cast<std::uint32_t>(updates));
    else
      series.length_us.push_back(length);
  }
}

void fill_conversions(const Raw& raw, const Moments& moments, Series& series) {
  for (std::size_t i = 0; i < moments.read.size(); ++i) {
    series.stamp_us.push_back(moments.stamp_us[i]);
    series.value.push_back(raw.value[moments.read[i]]);
    series.index.push_back(moments.index[i]);
  }
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
  const double refresh = believable(channel.refresh), aperture = believable(channel.aperture);
  const int averaging = channel.averaging.value_or(1);
  series.decay = averaging > 1 && averaging <= most_averaged ? 1 - 1.0 / averaging : 0;
  if (channel.quantum) series.rounding_variance = channel.quantum->value() * channel.quantum->value() / 12;
  if (refresh <= 0 && aperture > 0) raw.stamp_us = raw.begin_us;  // the read itself starts the conversion
  const Moments moments = moments_of(channel, raw, refresh);
  series.period_us = moments.period_us;
  series.deviation_us = moments.deviation_us;
  // One oscillator makes the conversions and the cycle: the aperture is off by as much as the period.
  series.width_us = aperture > 0 ? aperture * (refresh > 0 ? series.period_us / refresh : 1) : refresh;
  series.width_known = aperture > 0;
  if (channel.voltage_aperture && aperture > 0)
    series.voltage_us = believable(channel.voltage_aperture) * series.width_us / aperture;
  if (!(series.width_us > 0)) series.width_us = std::max(median_step(raw), 1.0);
  if (!moments.by_clock) series.jitter_us = refresh;  // the reading shows a conversion of unknown age
  series.repeated = share_of_repeats(raw, moments.read);
  if (series.decay > 0 && series.period_us > 0)
    fill_average(channel, raw, moments, series);
  else
    fill_conversions(raw, moments, series);
  return series;
}

}  // namespace layerwatt::forward
