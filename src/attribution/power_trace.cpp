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

// Where a read is taken to have happened; empty when its stamps cannot be.
std::optional<Instant> moment_of(const Reading& reading) {
  if (!plausible(reading.before) || !plausible(reading.after) || reading.after < reading.before) return {};
  return reading.before + (reading.after - reading.before) / 2;
}

template <class Unit>
std::optional<double> finite(const Value& value) {
  const Unit* unit = std::get_if<Unit>(&value);
  if (unit == nullptr || !std::isfinite(unit->value())) return std::nullopt;
  return unit->value();
}

}  // namespace

PowerTrace::PowerTrace(const RailRecord& rail)
    : meaning_{rail.channel.meaning}, time_constant_{time_constant_of(rail.channel)} {
  average_is_known_ = meaning_ == Meaning::energy_total || time_constant_ || rail.channel.averaging == 1;
  moments_.reserve(rail.readings.size());
  totals_.reserve(rail.readings.size());
  if (meaning_ == Meaning::power_now) {
    take_powers(rail);
    find_period();
    accumulate_powers(rail.gaps);
  } else {
    take_counter(rail);
    find_period();
  }
}

void PowerTrace::take_powers(const RailRecord& rail) {
  powers_.reserve(rail.readings.size());
  for (const Reading& reading : rail.readings) {
    const auto moment = moment_of(reading);
    const auto power = finite<Watts>(reading.value);
    if (!moment || !power || (!moments_.empty() && *moment <= moments_.back())) {
      ++discarded_;
      continue;
    }
    ++readings_;
    moments_.push_back(*moment);
    powers_.push_back(Watts{*power});
  }
}

void PowerTrace::accumulate_powers(const std::vector<Gap>& gaps) {
  const Nanoseconds longest = hole();
  Total total;
  auto gap = gaps.begin();
  for (std::size_t i = 0; i < moments_.size(); ++i) {
    if (i > 0) {
      const Instant from = moments_[i - 1], to = moments_[i];
      while (gap != gaps.end() && gap->to <= from) ++gap;
      const bool in_gap = gap != gaps.end() && gap->from < to;
      if (!in_gap && to - from <= longest) {
        total.energy += (powers_[i - 1] + powers_[i]) * 0.5 * (to - from);
        total.covered += to - from;
      }
    }
    totals_.push_back(total);
  }
}

// A counter that is read faster than it counts stands still between two steps: the step belongs to the whole
// time since the one before, as long as that can be the refresh.
void PowerTrace::take_counter(const RailRecord& rail) {
  const Nanoseconds patience = 2 * bounded(rail.channel.refresh.value_or(Nanoseconds{0}));
  std::optional<double> last;
  for (const Reading& reading : rail.readings) {
    const auto moment = moment_of(reading);
    const auto count = finite<Joules>(reading.value);
    if (!moment || !count || (!moments_.empty() && *moment <= moments_.back())) {
      ++discarded_;
      continue;
    }
    ++readings_;
    const bool first = !last;
    double step = first ? 0 : *count - *last;
    if (step < 0 && rail.channel.wraps_at) step += rail.channel.wraps_at->value();
    if (!first && step == 0 && *moment - moments_.back() < patience) continue;
    last = count;
    Total total = first ? Total{} : totals_.back();
    if (step < 0) {
      ++resets_;
    } else if (!first) {
      total.energy += Joules{step};
      total.covered += *moment - moments_.back();
    }
    moments_.push_back(*moment);
    totals_.push_back(total);
  }
}

void PowerTrace::find_period() {
  if (moments_.size() < 2) return;
  std::vector<Nanoseconds> steps;
  steps.reserve(moments_.size() - 1);
  for (std::size_t i = 1; i < moments_.size(); ++i) steps.push_back(moments_[i] - moments_[i - 1]);
  period_ = median(std::move(steps));
}

Nanoseconds PowerTrace::hole() const {
  return std::max(shortest_hole, hole_periods * bounded(period_.value_or(Nanoseconds{0})));
}

Nanoseconds PowerTrace::settling() const {
  if (time_constant_) return 5 * *time_constant_;
  return average_is_known_ ? Nanoseconds{0} : unknown_settling;
}

std::optional<Watts> PowerTrace::stretch_power(std::size_t i) const {
  const Nanoseconds covered = totals_[i + 1].covered - totals_[i].covered;
  if (covered <= Nanoseconds{0}) return std::nullopt;
  return (totals_[i + 1].energy - totals_[i].energy) / covered;
}

PowerTrace::Total PowerTrace::total_until(Instant when) const {
  const auto next = std::upper_bound(moments_.begin(), moments_.end(), when);
  if (next == moments_.begin()) return {};
  const auto i = static_cast<std::size_t>(next - moments_.begin()) - 1;
  if (next == moments_.end()) return totals_[i];
  const double share = seconds(when - moments_[i]) / seconds(moments_[i + 1] - moments_[i]);
  return {totals_[i].energy + (totals_[i + 1].energy - totals_[i].energy) * share,
          totals_[i].covered + from_seconds(seconds(totals_[i + 1].covered - totals_[i].covered) * share)};
}

// Interpolated between readings; beside a hole, the nearest one if it is near.
std::optional<Watts> PowerTrace::power_at(Instant when) const {
  if (moments_.empty() || !period_) return std::nullopt;
  const auto next =
      static_cast<std::size_t>(std::upper_bound(moments_.begin(), moments_.end(), when) - moments_.begin());
  const std::size_t after = std::min(next, moments_.size() - 1), before = next == 0 ? 0 : next - 1;
  if (after != before && totals_[after].covered > totals_[before].covered) {
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
