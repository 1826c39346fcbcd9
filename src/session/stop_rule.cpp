// SPDX-License-Identifier: Apache-2.0
// Counting towards the end of the energy pass; see stop_rule.h.
#include "session/stop_rule.h"

#include <algorithm>

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

// Even in the longest time the precision would not be reached, as far as can be told.
bool StopRule::in_vain(Nanoseconds elapsed) const {
  if (!in_vain_ || !budget_ || !refits_.asked() || inferences_ == 0 || refits_.reached()) return false;
  const auto needed = refits_.needed();
  if (!needed) return true;
  return seconds(elapsed) * static_cast<double>(*needed) / static_cast<double>(inferences_) >
         seconds(*budget_);
}

bool StopRule::enough(Nanoseconds elapsed) const {
  const auto most = time(elapsed);
  return refits_.reached() || (most && elapsed >= *most) || (wanted_ && inferences_ >= *wanted_) ||
         (wanted_readings_ && readings_of_fastest() >= *wanted_readings_);
}

std::string StopRule::reason(Nanoseconds elapsed) const {
  std::string why = "the time was up";
  if (refits_.reached())
    why = "the precision was reached";
  else if ((wanted_ && inferences_ >= *wanted_) ||
           (wanted_readings_ && readings_of_fastest() >= *wanted_readings_))
    why = "the number asked for with -r was reached";
  else if (in_vain(elapsed))
    why = "the precision is out of reach of the longest session without --max-time";
  return "after " + std::to_string(inferences_) + " inferences: " + why;
}

double StopRule::fraction(Nanoseconds elapsed) const {
  double part = refits_.reached() ? 1 : 0;
  const auto consider = [&part](double done, double wanted) {
    part = std::max(part, wanted > 0 ? std::min(1.0, done / wanted) : 1.0);
  };
  if (const auto most = time(elapsed)) consider(seconds(elapsed), seconds(*most));
  if (wanted_) consider(static_cast<double>(inferences_), static_cast<double>(*wanted_));
  if (wanted_readings_)
    consider(static_cast<double>(readings_of_fastest()), static_cast<double>(*wanted_readings_));
  if (const auto needed = refits_.needed())
    consider(static_cast<double>(inferences_), static_cast<double>(*needed));
  return part;
}

std::optional<Nanoseconds> StopRule::left(Nanoseconds elapsed) const {
  const double part = fraction(elapsed);
  if (!(part > 0)) return std::nullopt;
  return from_seconds(seconds(elapsed) * (1 - part) / part);
}

bool StopRule::refit_due(Nanoseconds elapsed) const {
  const bool in_time = !budget_ || elapsed + refits_.cost(inferences_) <= *budget_;
  return refits_.due(inferences_) && in_time;
}

std::uint64_t StopRule::inferences_left() const {
  const std::uint64_t refit = refits_.until_next(inferences_);
  if (!wanted_) return refit;
  return std::min(refit, *wanted_ > inferences_ ? *wanted_ - inferences_ : 0);
}

}  // namespace layerwatt
