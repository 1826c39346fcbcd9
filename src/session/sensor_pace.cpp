// SPDX-License-Identifier: Apache-2.0
// Values that stand still look like repeats: a quiet machine tells little, and then nothing is said.
#include "session/sensor_pace.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/median.h"

namespace layerwatt {

namespace {

constexpr std::size_t fewest_reads = 50, fewest_changes = 20;
constexpr double fast_enough = 0.5;  // of the time between new values, from read to read
// Steps between changes that are this much longer than the short ones have a conversion without a change in
// them.
constexpr double skipped = 1.5;
// INA3221 (TI SBOS576): conversions take up to 10 % longer than typical; and what reads cannot resolve.
constexpr double tolerance = 0.15;
// A read that takes this much of a cycle waits for it: Linux 5.10 polls the conversion-ready flag.
constexpr double waits = 0.7;

Nanoseconds quantile(std::vector<Nanoseconds> values, double share) {
  const auto at =
      values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

// Between reads that showed something new.
std::vector<Nanoseconds> steps_between_changes(std::span<const Reading> readings) {
  std::vector<Nanoseconds> steps;
  std::optional<Instant> last;
  for (std::size_t i = 1; i < readings.size(); ++i) {
    if (readings[i].value == readings[i - 1].value) continue;
    if (last) steps.push_back(readings[i].before - *last);
    last = readings[i].before;
  }
  return steps;
}

std::optional<Nanoseconds> time_between_new_values(std::span<const Reading> readings, Nanoseconds between) {
  const std::vector<Nanoseconds> steps = steps_between_changes(readings);
  if (steps.size() < fewest_changes) return std::nullopt;
  const double short_step = seconds(quantile(steps, 0.25));
  double sum = 0;
  std::size_t count = 0;
  for (const Nanoseconds step : steps) {
    if (seconds(step) > skipped * short_step) continue;
    sum += seconds(step);
    ++count;
  }
  const double mean = sum / static_cast<double>(count);
  if (seconds(between) > fast_enough * mean || 2 * count < steps.size()) return std::nullopt;
  return from_seconds(mean);
}

std::string in_ms(Nanoseconds time) { return fmt::format("{:.3g} ms", seconds(time) * 1e3); }

}  // namespace

ReadPace read_pace(std::span<const Reading> readings) {
  std::vector<Nanoseconds> reads, steps;
  for (std::size_t i = 0; i < readings.size(); ++i) {
    reads.push_back(readings[i].after - readings[i].before);
    if (i > 0) steps.push_back(readings[i].before - readings[i - 1].before);
  }
  return {median(std::move(reads)), median(std::move(steps))};
}

std::optional<SensorPace> pace_of(std::span<const Reading> readings) {
  if (readings.size() < fewest_reads) return std::nullopt;
  SensorPace pace;
  pace.reads = readings.size();
  std::vector<Nanoseconds> reads;
  std::size_t same = 0;
  for (std::size_t i = 0; i < readings.size(); ++i) {
    reads.push_back(readings[i].after - readings[i].before);
    if (i > 0 && readings[i].value == readings[i - 1].value) ++same;
  }
  const ReadPace usual = read_pace(readings);
  pace.read = usual.read;
  pace.longest_read = quantile(std::move(reads), 0.99);
  pace.between = usual.between;
  pace.repeats = static_cast<double>(same) / static_cast<double>(readings.size() - 1);
  pace.renewed = time_between_new_values(readings, pace.between);
  return pace;
}

std::string sentence(const SensorPace& pace) {
  const std::string news = pace.renewed ? "a new value about every " + in_ms(*pace.renewed)
                                        : fmt::format("{:.0f} % repeat the value before", 100 * pace.repeats);
  return fmt::format("{} reads of {}, 99 % within {}, {}", pace.reads, in_ms(pace.read),
                     in_ms(pace.longest_read), news);
}

std::optional<std::string> contradiction(const SensorPace& pace, const Channel& channel) {
  if (!channel.refresh) return std::nullopt;
  const double told = seconds(*channel.refresh), read = seconds(pace.read);
  if (pace.renewed) {
    const double ratio = seconds(*pace.renewed) / told;
    // From read to read is all that can be resolved.
    const double blur = seconds(pace.between) / told;
    if (ratio < 1 - tolerance - blur || ratio > 1 + tolerance + blur)
      return fmt::format("new about every {}, not every {} as it is set", in_ms(*pace.renewed),
                         in_ms(*channel.refresh));
    return std::nullopt;
  }
  if (read > waits * told && read < 2 * told && pace.repeats < 0.5)
    return fmt::format(
        "a read takes {}, as long as a conversion cycle: this kernel waits for one in each read",
        in_ms(pace.read));
  return std::nullopt;
}

}  // namespace layerwatt
