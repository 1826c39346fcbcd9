// SPDX-License-Identifier: Apache-2.0
// Counting towards the end of the energy pass; see stop_rule.h.
#include "session/stop_rule.h"

#include <algorithm>
#include <limits>

namespace layerwatt {

void StopRule::add_block(std::size_t inferences, std::span<const LayerSpan> spans,
                         std::span<const Reading> readings) {
  inferences_ += inferences;
  auto reading = readings.begin();
  for (const LayerSpan& span : spans) {
    if (span.layer >= spent_.size()) continue;
    spent_[span.layer] += span.end - span.begin;
    const auto moment = [](const Reading& r) { return r.before + (r.after - r.before) / 2; };
    while (reading != readings.end() && moment(*reading) < span.begin) ++reading;
    for (; reading != readings.end() && moment(*reading) < span.end; ++reading) ++readings_[span.layer];
  }
}

std::uint64_t StopRule::readings_of_fastest() const {
  std::optional<std::size_t> fastest;
  for (std::size_t i = 0; i < spent_.size(); ++i)
    if (spent_[i] > Nanoseconds{} && (!fastest || spent_[i] < spent_[*fastest])) fastest = i;
  return fastest ? readings_[*fastest] : 0;
}

bool StopRule::enough(Nanoseconds elapsed) const {
  return (budget_ && elapsed >= *budget_) || (wanted_ && inferences_ >= *wanted_) ||
         (wanted_readings_ && readings_of_fastest() >= *wanted_readings_);
}

double StopRule::fraction(Nanoseconds elapsed) const {
  double part = 0;
  const auto consider = [&part](double done, double wanted) {
    part = std::max(part, wanted > 0 ? std::min(1.0, done / wanted) : 1.0);
  };
  if (budget_) consider(seconds(elapsed), seconds(*budget_));
  if (wanted_) consider(static_cast<double>(inferences_), static_cast<double>(*wanted_));
  if (wanted_readings_)
    consider(static_cast<double>(readings_of_fastest()), static_cast<double>(*wanted_readings_));
  return part;
}

std::uint64_t StopRule::inferences_left() const {
  if (!wanted_) return std::numeric_limits<std::uint64_t>::max();
  return *wanted_ > inferences_ ? *wanted_ - inferences_ : 0;
}

}  // namespace layerwatt
