// SPDX-License-Identifier: Apache-2.0
// One tick and its bookkeeping; see sampling_loop.h.
#include "session/sampling_loop.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <utility>

namespace layerwatt {

namespace {

// A bus error passes, a broken sensor does not: after so many failures in a row the rail is given up.
constexpr int too_many_failures = 100;

bool passes(Errc code) { return code == Errc::busy || code == Errc::timeout; }

}  // namespace

SamplingLoop::SamplingLoop(const Clock& clock, const std::vector<SampledRail>& rails, std::size_t capacity)
    : clock_{clock}, ring_{capacity * std::max<std::size_t>(rails.size(), 1)}, troubles_(rails.size()) {
  for (const SampledRail& source : rails) rails_.push_back({source, false, false, false});
}

Instant SamplingLoop::tick(Instant planned, Nanoseconds tolerance) {
  Instant last = clock_.now();
  bool fresh = true;
  count_lateness(last - planned, tolerance);
  if (any_given_back_.load(std::memory_order_acquire)) take_back(last);
  for (std::uint32_t rail = 0; rail < rails_.size(); ++rail) {
    if (rails_[rail].stopped || rails_[rail].waiting) continue;
    last = read(rail, fresh ? last : clock_.now());
    fresh = false;
  }
  return last;
}

Instant SamplingLoop::read(std::uint32_t rail, Instant before) {
  const SampledRail& source = rails_[rail].source;
  const auto value = source.sensor->read(source.channel);
  const Instant after = clock_.now();
  if (!value)
    fail(rail, before, value.error());
  else if (!ring_.push(rail, {before, after, *value}))
    fail(rail, before, Error{Errc::busy, {}, "readings were not fetched in time and lost"});
  else if (rails_[rail].failing)
    end_gap(rail, before);
  return after;
}

void SamplingLoop::fail(std::uint32_t rail, Instant at, const Error& error) {
  Trouble& trouble = troubles_[rail];
  const std::string text = (error.where.empty() ? "" : error.where + ": ") + error.detail;
  if (!rails_[rail].failing) {
    rails_[rail].failing = true;
    trouble.since = at;
    trouble.why = text;
  }
  if (error.code == Errc::gone)
    lose(rail, "gone: " + text);
  else if (!passes(error.code) && ++trouble.failures >= too_many_failures)
    lose(rail, "broken: " + text);
}

void SamplingLoop::lose(std::uint32_t rail, std::string why) {
  const std::lock_guard lock{gaps_mutex_};
  rails_[rail].stopped = true;
  troubles_[rail].why = std::move(why);
  troubles_[rail].given_back = false;
  ++losses_;
}

std::vector<std::size_t> SamplingLoop::lost() {
  const std::lock_guard lock{gaps_mutex_};
  std::vector<std::size_t> lost;
  for (std::size_t rail = 0; rail < rails_.size(); ++rail)
    if (rails_[rail].stopped) lost.push_back(rail);
  return lost;
}

void SamplingLoop::give_back(std::size_t rail, const SampledRail& source) {
  const std::lock_guard lock{gaps_mutex_};
  given_back_.emplace_back(rail, source);
  any_given_back_.store(true, std::memory_order_release);
}

void SamplingLoop::take_back(Instant at) {
  const std::lock_guard lock{gaps_mutex_};
  for (const auto& [place, source] : std::exchange(given_back_, {})) {
    const auto rail = static_cast<std::uint32_t>(place);
    if (!rails_[rail].stopped) continue;
    rails_[rail].stopped = false;
    rails_[rail].source = source;
    troubles_[rail].failures = 0;
    troubles_[rail].given_back = true;
    if (!turn_ || *turn_ == place) continue;
    end_gap_locked(rail, at);
    rails_[rail].waiting = true;
    troubles_[rail].since = at;
    troubles_[rail].why = turn_of_others;
  }
  any_given_back_.store(false, std::memory_order_relaxed);
}

bool SamplingLoop::uses(const Sensor* sensor) {
  const std::lock_guard lock{gaps_mutex_};
  return std::any_of(rails_.begin(), rails_.end(),
                     [&](const Rail& rail) { return rail.source.sensor == sensor; }) ||
         std::any_of(given_back_.begin(), given_back_.end(),
                     [&](const auto& one) { return one.second.sensor == sensor; });
}

std::vector<SamplingLoop::Return> SamplingLoop::take_returns() {
  const std::lock_guard lock{gaps_mutex_};
  return std::exchange(returns_, {});
}

void SamplingLoop::end_gap(std::uint32_t rail, Instant at) {
  const std::lock_guard lock{gaps_mutex_};
  end_gap_locked(rail, at);
}

void SamplingLoop::end_gap_locked(std::uint32_t rail, Instant at) {
  Trouble& trouble = troubles_[rail];
  trouble.gaps.push_back({trouble.since, at, trouble.why});
  if (std::exchange(trouble.given_back, false)) returns_.push_back({rail, trouble.since, at});
  trouble.failures = 0;
  rails_[rail].failing = rails_[rail].waiting = false;
}

void SamplingLoop::count_lateness(Nanoseconds late, Nanoseconds tolerance) {
  ++ticks_;
  if (late > tolerance) ++late_ticks_;
  const auto us = static_cast<std::uint64_t>(std::max<Nanoseconds::rep>(late.count(), 0) / 1000);
  ++lateness_[std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(us)), lateness_.size() - 1)];
}

void SamplingLoop::take(std::vector<std::vector<Reading>>& readings, std::vector<std::vector<Gap>>& gaps) {
  {
    const std::lock_guard lock{gaps_mutex_};
    for (std::size_t rail = 0; rail < troubles_.size(); ++rail) {
      std::vector<Gap>& ended = troubles_[rail].gaps;
      std::move(ended.begin(), ended.end(), std::back_inserter(gaps.at(rail)));
      ended.clear();
    }
  }
  ring_.take(readings);
}

void SamplingLoop::add_pause(Instant from, Instant to) {
  const std::lock_guard lock{gaps_mutex_};
  for (std::size_t rail = 0; rail < rails_.size(); ++rail)
    if (!rails_[rail].stopped && !rails_[rail].waiting)
      troubles_[rail].gaps.push_back({from, to, sampler_off});
}

void SamplingLoop::read_only(std::optional<std::size_t> rail, Instant at) {
  turn_ = rail;
  for (std::uint32_t i = 0; i < rails_.size(); ++i) {
    const bool waits = rail && *rail != i;
    if (rails_[i].stopped || rails_[i].waiting == waits) continue;
    if (rails_[i].failing || rails_[i].waiting) end_gap(i, at);
    rails_[i].waiting = waits;
    if (waits) {
      troubles_[i].since = at;
      troubles_[i].why = turn_of_others;
    }
  }
}

void SamplingLoop::close_gaps(Instant at) {
  for (Trouble& trouble : troubles_) trouble.given_back = false;  // but never read: it did not come back
  for (std::uint32_t rail = 0; rail < rails_.size(); ++rail)
    if (rails_[rail].failing || rails_[rail].waiting) end_gap(rail, at);
}

}  // namespace layerwatt
