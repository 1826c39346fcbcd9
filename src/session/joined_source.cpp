// SPDX-License-Identifier: Apache-2.0
// Nothing is shared between the parts: each samples in a thread of its own.
#include "session/joined_source.h"

#include <algorithm>
#include <cassert>

namespace layerwatt {

namespace {

void add(const SamplerRecord& part, SamplerRecord& whole) {
  whole.ticks += part.ticks;
  whole.late_ticks += part.late_ticks;
  whole.missed_ticks += part.missed_ticks;
  whole.cpu_time += part.cpu_time;
  whole.elapsed = std::max(whole.elapsed, part.elapsed);
  whole.realtime = whole.realtime && part.realtime;
  if (whole.core != part.core) whole.core.reset();
  whole.lateness.resize(std::max(whole.lateness.size(), part.lateness.size()));
  for (std::size_t i = 0; i < part.lateness.size(); ++i) whole.lateness[i] += part.lateness[i];
}

}  // namespace

JoinedSource::JoinedSource(std::vector<std::unique_ptr<ReadingSource>> parts) : parts_{std::move(parts)} {
  assert(!parts_.empty());
  std::size_t rails = 0;
  for (const auto& part : parts_) {
    first_.push_back(rails);
    rails += part->rails().size();
  }
}

std::vector<RailRecord> JoinedSource::rails() const {
  std::vector<RailRecord> all;
  for (const auto& part : parts_)
    for (RailRecord& rail : part->rails()) all.push_back(std::move(rail));
  return all;
}

void JoinedSource::resume() {
  for (const auto& part : parts_) part->resume();
}

void JoinedSource::pause() {
  for (const auto& part : parts_) part->pause();
}

void JoinedSource::read_only(std::optional<std::size_t> rail) {
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const bool has_it = rail && *rail >= first_[i] && (i + 1 == parts_.size() || *rail < first_[i + 1]);
    parts_[i]->read_only(has_it ? std::optional{*rail - first_[i]} : std::nullopt);
  }
}

std::vector<ReadingSource::Taken> JoinedSource::take(std::span<const LayerSpan> spans, Instant until) {
  std::vector<Taken> all;
  for (const auto& part : parts_)
    for (Taken& one : part->take(spans, until)) all.push_back(std::move(one));
  return all;
}

std::vector<Event> JoinedSource::take_events() {
  std::vector<Event> all;
  for (const auto& part : parts_)
    for (Event& event : part->take_events()) all.push_back(std::move(event));
  return all;
}

SamplerRecord JoinedSource::finish() {
  SamplerRecord whole = parts_.front()->finish();
  for (std::size_t i = 1; i < parts_.size(); ++i) add(parts_[i]->finish(), whole);
  return whole;
}

}  // namespace layerwatt
