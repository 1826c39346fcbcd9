// SPDX-License-Identifier: Apache-2.0
// Integrals over readings.
#include "attribution/power_trace.h"

#include <algorithm>
#include <cmath>

#include "attribution/distributions.h"
#include "attribution/plausible.h"
#include "core/large_pages.h"

namespace layerwatt {

namespace {

using namespace std::chrono_literals;

// Readings further apart than this many periods, and than `shortest_hole`, have nothing between them.
constexpr int hole_periods = 20;
constexpr Nanoseconds shortest_hole = 50ms;
constexpr int near_periods = 5;
constexpr Nanoseconds unknown_settling = 300ms;
// Totals are asked for at few moments: between those that are kept, they are summed again.
constexpr std::size_t moments_a_total = 64;

bool stamped(const Reading& reading) {
  return plausible(reading.before) && plausible(reading.after) && reading.after >= reading.before;
}

// Where a read is taken to have happened.
Instant moment_of(const Reading& reading) { return reading.before + (reading.after - reading.before) / 2; }

}  // namespace

PowerTrace::PowerTrace(const RailRecord& rail)
    : meaning_{rail.channel.meaning}, time_constant_{time_constant_of(rail.channel)} {
  average_is_known_ = meaning_ == Meaning::energy_total || time_constant_ || rail.channel.averaging == 1;
  reserve_large(moments_, rail.readings.size());
  if (meaning_ == Meaning::power_now)
    take_powers(rail);
  else
    take_counter(rail);
  find_period();
  accumulate(rail.gaps);
}

// Calls use(moment, number) for what is a number of this unit, with stamps that can be, later than the last
// moment that was kept.
template <class Unit, class Use>
void PowerTrace::each_usable(const std::vector<Reading>& readings, Use use) {
  Instant last_stamp{};
  Instant last{Nanoseconds{-1}};
  for (const Reading& reading : readings) {
    if (plausible(reading.before)) {
      set_back_ = std::max(set_back_, last_stamp - reading.before);
      last_stamp = reading.before;
    }
    const Unit* value = std::get_if<Unit>(&reading.value);
    const bool usable = value != nullptr && std::isfinite(value->value()) && stamped(reading);
    const Instant moment = usable ? moment_of(reading) : last;
    if (moment <= last) continue;
    ++readings_;
    if (use(moment, *value)) last = moment;
  }
  discarded_ = readings.size() - readings_;
}

void PowerTrace::take_powers(const RailRecord& rail) {
  reserve_large(powers_, rail.readings.size());
  each_usable<Watts>(rail.readings, [&](Instant moment, Watts power) {
    moments_.push_back(moment);
    powers_.push_back(power);
    return true;
  });
}

// A counter that is read faster than it counts stands still between two steps: the step belongs to the whole
// time since the one before, as long as that can be the refresh.
void PowerTrace::take_counter(const RailRecord& rail) {
  const Nanoseconds patience = 2 * bounded(rail.channel.refresh.value_or(Nanoseconds{0}));
  std::optional<Joules> last;
  each_usable<Joules>(rail.readings, [&](Instant moment, Joules count) {
    Joules step = last ? count - *last : Joules{};
    if (step < Joules{} && rail.channel.wraps_at) step += *rail.channel.wraps_at;
    const bool stands = last && step == Joules{} && moment - moments_.back() < patience;
    if (stands) return false;
    if (step < Joules{}) ++resets_;
    if (last) counted_.push_back(step < Joules{} ? Total{} : Total{step, moment - moments_.back()});
    last = count;
    moments_.push_back(moment);
    return true;
  });
}

void PowerTrace::find_period() {
  if (moments_.size() < 2) return;
  period_ = median_of([&](auto use) {
    for (std::size_t i = 1; i < moments_.size(); ++i) use(0, moments_[i] - moments_[i - 1]);
  });
}

PowerTrace::Total PowerTrace::step(std::size_t i) const {
  if (meaning_ == Meaning::energy_total) return counted_[i];
  if (!covered_[i]) return {};
  const Nanoseconds length = moments_[i + 1] - moments_[i];
  return {(powers_[i] + powers_[i + 1]) * 0.5 * length, length};
}

void PowerTrace::accumulate(const std::vector<Gap>& gaps) {
  const Nanoseconds longest = hole();
  covered_.assign(powers_.size(), true);
  Total total;
  auto gap = gaps.begin();
  for (std::size_t i = 0; i < moments_.size(); ++i) {
    if (i % moments_a_total == 0) totals_.push_back(total);
    if (i + 1 == moments_.size()) break;
    const Instant from = moments_[i], to = moments_[i + 1];
    longest_step_ = std::max(longest_step_, to - from);
    while (gap != gaps.end() && gap->to <= from) ++gap;
    const bool in_gap = gap != gaps.end() && gap->from < to;
    if (!covered_.empty() && (in_gap || to - from > longest)) covered_[i] = false;
    total += step(i);
  }
}

PowerTrace::Total PowerTrace::total_at(std::size_t i) const {
  Total total = totals_[i / moments_a_total];
  for (std::size_t k = i / moments_a_total * moments_a_total; k < i; ++k) total += step(k);
  return total;
}

Nanoseconds PowerTrace::hole() const {
  return std::max(shortest_hole, hole_periods * bounded(period_.value_or(Nanoseconds{0})));
}

Nanoseconds PowerTrace::settling() const {
  if (time_constant_) return 5 * *time_constant_;
  return average_is_known_ ? Nanoseconds{0} : unknown_settling;
}

std::optional<Watts> PowerTrace::stretch_power(std::size_t i) const {
  const Total stretch = step(i);
  if (stretch.covered <= Nanoseconds{0}) return std::nullopt;
  return stretch.energy / stretch.covered;
}

PowerTrace::Total PowerTrace::total_until(Instant when) const {
  const auto next = std::upper_bound(moments_.begin(), moments_.end(), when);
  if (next == moments_.begin()) return {};
  const auto i = static_cast<std::size_t>(next - moments_.begin()) - 1;
  Total total = total_at(i);
  if (next == moments_.end()) return total;
  const double share = seconds(when - moments_[i]) / seconds(moments_[i + 1] - moments_[i]);
  const Total last = step(i);
  total.energy += last.energy * share;
  total.covered += from_seconds(seconds(last.covered) * share);
  return total;
}

// Interpolated between readings; beside a hole, the nearest one if it is near.
std::optional<Watts> PowerTrace::power_at(Instant when) const {
  if (moments_.empty() || !period_) return std::nullopt;
  const auto next =
      static_cast<std::size_t>(std::upper_bound(moments_.begin(), moments_.end(), when) - moments_.begin());
  const std::size_t after = std::min(next, moments_.size() - 1), before = next == 0 ? 0 : next - 1;
  if (after != before && step(before).covered > Nanoseconds{0}) {
    const double share = seconds(when - moments_[before]) / seconds(moments_[after] - moments_[before]);
    return powers_[before] + (powers_[after] - powers_[before]) * share;
  }
  const Nanoseconds since = std::chrono::abs(when - moments_[before]),
                    until = std::chrono::abs(moments_[after] - when);
  if (std::min(since, until) > near_periods * bounded(*period_)) return std::nullopt;
  return since < until ? powers_[before] : powers_[after];
}

std::optional<Watts> PowerTrace::mean(Instant from, Instant to) const {
  if (to <= from) return std::nullopt;
  const Total begin = total_until(from), end = total_until(to);
  const Nanoseconds covered = end.covered - begin.covered;
  if (2 * covered < to - from || covered <= Nanoseconds{0}) return std::nullopt;
  Joules energy = end.energy - begin.energy;
  if (time_constant_) {
    const auto first = power_at(from), last = power_at(to);
    // With holes inside, the ends no longer tell what the average carried over.
    if (first && last && to - from - covered <= (to - from) / 100)
      energy += (*last - *first) * *time_constant_;
  }
  return energy / covered;
}

}  // namespace layerwatt
