// SPDX-License-Identifier: Apache-2.0
// Integrals over readings.
#include "attribution/power_trace.h"

#include <algorithm>
#include <cmath>

#include "attribution/plausible.h"
#include "core/median.h"

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
// Of longer records, the middle step is that of some stretches spread over them. Of each all steps, since
// steps may come in patterns.
constexpr std::size_t steps_a_stretch = 64, enough_stretches = 500;

bool stamped(const Reading& reading) {
  return plausible(reading.before) && plausible(reading.after) && reading.after >= reading.before;
}

}  // namespace

PowerTrace::PowerTrace(const RailRecord& rail)
    : meaning_{rail.channel.meaning}, time_constant_{time_constant_of(rail.channel)} {
  average_is_known_ = meaning_ == Meaning::energy_total || time_constant_ || rail.channel.averaging == 1;
  if (meaning_ == Meaning::power_now)
    take_powers(rail);
  else
    take_counter(rail);
  find_period();
  if (meaning_ == Meaning::power_now) find_holes(rail.gaps);
  accumulate();
}

// Calls use(reading, number) for what is a number of this unit, with stamps that can be, later than the last
// one that was kept.
template <class Unit, class Use>
void PowerTrace::each_usable(const std::vector<Reading>& readings, Use use) {
  Instant last_stamp{};
  Instant last{Nanoseconds{-1}};
  readings_ = 0;
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
    if (!use(reading, *value)) continue;
    if (readings_ > 1) longest_step_ = std::max(longest_step_, moment - last);
    last = moment;
  }
  discarded_ = readings.size() - readings_;
}

void PowerTrace::take_powers(const RailRecord& rail) {
  each_usable<Watts>(rail.readings, [](const Reading&, Watts) { return true; });
  kept_ = rail.readings;
  if (discarded_ == 0) return;
  own_.reserve(readings_);
  each_usable<Watts>(rail.readings, [&](const Reading& reading, Watts) {
    own_.push_back(reading);
    return true;
  });
  kept_ = own_;
}

// A counter that is read faster than it counts stands still between two steps: the step belongs to the whole
// time since the one before, as long as that can be the refresh.
void PowerTrace::take_counter(const RailRecord& rail) {
  const Nanoseconds patience = 2 * bounded(rail.channel.refresh.value_or(Nanoseconds{0}));
  std::optional<Joules> last;
  each_usable<Joules>(rail.readings, [&](const Reading& reading, Joules count) {
    Joules step = last ? count - *last : Joules{};
    if (step < Joules{} && rail.channel.wraps_at) step += *rail.channel.wraps_at;
    const Nanoseconds length = last ? moment_of(reading) - moment_of(own_.back()) : Nanoseconds{};
    const bool stands = last && step == Joules{} && length < patience;
    if (stands) return false;
    if (step < Joules{}) ++resets_;
    if (last) counted_.push_back(step < Joules{} ? Total{} : Total{step, length});
    last = count;
    own_.push_back(reading);
    return true;
  });
  kept_ = own_;
}

void PowerTrace::find_period() {
  if (size() < 2) return;
  const std::size_t steps = size() - 1;
  const std::size_t apart = steps_a_stretch * (1 + steps / (steps_a_stretch * enough_stretches));
  std::vector<Nanoseconds> lengths;
  for (std::size_t first = 0; first < steps; first += apart)
    for (std::size_t i = first; i < std::min(first + steps_a_stretch, steps); ++i)
      lengths.push_back(moment(i + 1) - moment(i));
  period_ = median(std::move(lengths));
}

void PowerTrace::find_holes(const std::vector<Gap>& gaps) {
  if (gaps.empty() && longest_step_ <= hole()) return;
  auto gap = gaps.begin();
  for (std::size_t i = 0; i + 1 < size(); ++i) {
    const Instant from = moment(i), to = moment(i + 1);
    while (gap != gaps.end() && gap->to <= from) ++gap;
    const bool in_gap = gap != gaps.end() && gap->from < to;
    if (in_gap || to - from > hole()) holes_.push_back(i);
  }
}

PowerTrace::Total PowerTrace::with_steps(Total total, std::size_t first, std::size_t last) const {
  if (meaning_ == Meaning::energy_total) {
    for (std::size_t i = first; i < last; ++i) total += counted_[i];
    return total;
  }
  auto hole = std::lower_bound(holes_.begin(), holes_.end(), first);
  Instant from = moment(first);
  for (std::size_t i = first; i < last; ++i) {
    const Instant to = moment(i + 1);
    const Nanoseconds length = to - from;
    from = to;
    if (hole != holes_.end() && *hole == i)
      ++hole;
    else
      total += Total{(power(i) + power(i + 1)) * 0.5 * length, length};
  }
  return total;
}

PowerTrace::Total PowerTrace::step(std::size_t i) const { return with_steps({}, i, i + 1); }

void PowerTrace::accumulate() {
  Total total;
  for (std::size_t i = 0; i < size(); i += moments_a_total) {
    totals_.push_back(total);
    total = with_steps(total, i, std::min(i + moments_a_total, size() - 1));
  }
}

PowerTrace::Total PowerTrace::total_at(std::size_t i) const {
  const std::size_t known = i / moments_a_total;
  return with_steps(totals_[known], known * moments_a_total, i);
}

std::size_t PowerTrace::first_from(Instant when) const {
  const auto before = [](const Reading& reading, Instant moment) { return moment_of(reading) < moment; };
  return static_cast<std::size_t>(std::lower_bound(kept_.begin(), kept_.end(), when, before) - kept_.begin());
}

std::vector<Watts> PowerTrace::powers_in(Instant from, Instant to) const {
  std::vector<Watts> powers;
  if (meaning_ == Meaning::energy_total) return powers;
  for (std::size_t i = first_from(from); i < size() && moment(i) < to; ++i) powers.push_back(power(i));
  return powers;
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
  const std::size_t next = first_from(when + Nanoseconds{1});
  if (next == 0) return {};
  const std::size_t i = next - 1;
  Total total = total_at(i);
  if (next == size()) return total;
  const double share = seconds(when - moment(i)) / seconds(moment(next) - moment(i));
  const Total last = step(i);
  total.energy += last.energy * share;
  total.covered += from_seconds(seconds(last.covered) * share);
  return total;
}

// Interpolated between readings; beside a hole, the nearest one if it is near.
std::optional<Watts> PowerTrace::power_at(Instant when) const {
  if (!period_) return std::nullopt;
  const std::size_t next = first_from(when + Nanoseconds{1});
  const std::size_t after = std::min(next, size() - 1), before = next == 0 ? 0 : next - 1;
  if (after != before && step(before).covered > Nanoseconds{0}) {
    const double share = seconds(when - moment(before)) / seconds(moment(after) - moment(before));
    return power(before) + (power(after) - power(before)) * share;
  }
  const Nanoseconds since = std::chrono::abs(when - moment(before)),
                    until = std::chrono::abs(moment(after) - when);
  if (std::min(since, until) > near_periods * bounded(*period_)) return std::nullopt;
  return since < until ? power(before) : power(after);
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
