// SPDX-License-Identifier: Apache-2.0
// One tick and its bookkeeping; see sampling_loop.h.
#include "session/sampling_loop.h"

#include <algorithm>
#include <bit>
#include <iterator>

namespace layerwatt {

namespace {

// A bus error passes, a broken sensor does not: after so many failures in a row the rail is given up.
constexpr int too_many_failures = 100;

bool passes(Errc code) { return code == Errc::busy || code == Errc::timeout; }

}  // namespace

SamplingLoop::SamplingLoop(const Clock& clock, const std::vector<SampledRail>& rails, std::size_t capacity)
    : clock_{clock} {
  for (const SampledRail& source : rails) {
    Rail rail;
    rail.source = source;
    rail.ring = std::make_unique<ReadingRing>(capacity);
    rails_.push_back(std::move(rail));
  }
}

void SamplingLoop::tick(Instant planned, Nanoseconds tolerance) {
  count_lateness(clock_.now() - planned, tolerance);
  for (Rail& rail : rails_)
    if (!rail.stopped) read(rail);
}

void SamplingLoop::read(Rail& rail) {
  const Instant before = clock_.now();
  const auto value = rail.source.sensor->read(rail.source.channel);
  const Instant after = clock_.now();
  if (!value) return fail(rail, before, value.error());
  if (!rail.ring->push({before, after, *value}))
    return fail(rail, before, Error{Errc::busy, {}, "readings were not fetched in time and lost"});
  if (rail.failing_since) end_gap(rail, before);
}

void SamplingLoop::fail(Rail& rail, Instant at, const Error& error) {
  if (!rail.failing_since) rail.failing_since = at;
  const std::string text = (error.where.empty() ? "" : error.where + ": ") + error.detail;
  if (rail.why.empty()) rail.why = text;
  if (error.code == Errc::gone) {
    rail.stopped = true;
    rail.why = "gone: " + text;
  } else if (!passes(error.code) && ++rail.failures >= too_many_failures) {
    rail.stopped = true;
    rail.why = "broken: " + text;
  }
}

void SamplingLoop::end_gap(Rail& rail, Instant at) {
  const std::lock_guard lock{gaps_mutex_};
  rail.gaps.push_back({*rail.failing_since, at, std::move(rail.why)});
  rail.failing_since.reset();
  rail.why.clear();
  rail.failures = 0;
}

void SamplingLoop::count_lateness(Nanoseconds late, Nanoseconds tolerance) {
  ++ticks_;
  if (late > tolerance) ++late_ticks_;
  const auto us = static_cast<std::uint64_t>(std::max<Nanoseconds::rep>(late.count(), 0) / 1000);
  ++lateness_[std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(us)), lateness_.size() - 1)];
}

void SamplingLoop::take(std::size_t index, std::vector<Reading>& readings, std::vector<Gap>& gaps) {
  Rail& rail = rails_[index];
  {
    const std::lock_guard lock{gaps_mutex_};
    std::move(rail.gaps.begin(), rail.gaps.end(), std::back_inserter(gaps));
    rail.gaps.clear();
  }
  rail.ring->take(readings);
}

void SamplingLoop::add_pause(Instant from, Instant to) {
  const std::lock_guard lock{gaps_mutex_};
  for (Rail& rail : rails_)
    if (!rail.stopped) rail.gaps.push_back({from, to, "sampler off"});
}

void SamplingLoop::close_gaps(Instant at) {
  for (Rail& rail : rails_)
    if (rail.failing_since) end_gap(rail, at);
}

}  // namespace layerwatt
