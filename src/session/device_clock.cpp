// SPDX-License-Identifier: Apache-2.0
// See device_clock.h.
#include "session/device_clock.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace layerwatt {

using namespace std::chrono_literals;

namespace {

constexpr Nanoseconds least = 2s, enough = 10s;
constexpr double well_known = 20e-6;     // of a rate, before `enough`
constexpr double worst_quartz = 300e-6;  // two of them, each 100 ppm off and warm; before `enough`
constexpr std::size_t most_bins = 4096;
constexpr double worst_slope = 0.05;  // no clock of a meter is that wrong: its stamps are no times

// Of three points the middle one is above the line between the others.
bool is_above(double x0, double y0, double x1, double y1, double x2, double y2) {
  return (y1 - y0) * (x2 - x0) >= (y2 - y0) * (x1 - x0);
}

}  // namespace

void DeviceClock::add(Nanoseconds stamp, Instant arrival) {
  if (begins_anew(stamp)) {
    earliest_.clear();
    known_ = false;
    bin_ = shortest_bin;
    slower_.reset();
  }
  last_ = stamp;
  const Nanoseconds delay = arrival.time_since_epoch() - stamp;
  const auto [place, is_new] = earliest_.try_emplace(stamp / bin_, Point{stamp, delay});
  if (!is_new && delay < place->second.delay) place->second = {stamp, delay};
  if (earliest_.size() > most_bins) widen();
}

void DeviceClock::widen() {
  bin_ *= 2;
  for (const auto& [number, point] : std::exchange(earliest_, {})) {
    const auto [place, is_new] = earliest_.try_emplace(point.stamp / bin_, point);
    if (!is_new && point.delay < place->second.delay) place->second = point;
  }
}

void DeviceClock::fit() {
  if (earliest_.empty()) return;
  const Point& first = earliest_.begin()->second;
  std::vector<std::pair<double, double>> hull;  // seconds from the first point
  double mean = 0;
  for (const auto& [number, point] : earliest_) {
    const double x = seconds(point.stamp - first.stamp), y = seconds(point.delay - first.delay);
    mean += x / static_cast<double>(earliest_.size());
    while (hull.size() > 1 && is_above(hull[hull.size() - 2].first, hull[hull.size() - 2].second,
                                       hull.back().first, hull.back().second, x, y))
      hull.pop_back();
    hull.emplace_back(x, y);
  }
  std::size_t edge = 1;
  while (edge + 1 < hull.size() && hull[edge].first < mean) ++edge;
  const auto [x0, y0] = hull[edge - 1];
  slope_ = hull.size() > 1 ? (hull[edge].second - y0) / (hull[edge].first - x0) : 0;
  origin_ = first.stamp + from_seconds(x0);
  delay_ = first.delay + from_seconds(y0);
  known_ = true;
  slower_ = slope_;
  if (!tells_rate(from_seconds(hull.back().first))) take_for_equally_fast();
  unevenness_ = {};
  for (const auto& [number, point] : earliest_)
    unevenness_ = std::max(unevenness_, Instant{point.stamp + point.delay} - at(point.stamp));
}

// The line lies on the least delay of either half of the time, about. Of k bins whose least delays are u
// above it in the mean, the least of all is u / k above, where delays are exponential.
bool DeviceClock::tells_rate(Nanoseconds length) const {
  if (length < least || !(std::abs(slope_) <= worst_slope)) return false;
  if (length >= enough) return true;
  double above = 0;
  for (const auto& [number, point] : earliest_)
    above += seconds(Instant{point.stamp + point.delay} - at(point.stamp));
  const auto bins = static_cast<double>(earliest_.size());
  const double of_half = above / bins / (bins / 2);
  return std::abs(slope_) <= worst_quartz && 2 * of_half / (seconds(length) / 2) <= well_known;
}

void DeviceClock::take_for_equally_fast() {
  slope_ = 0;
  slower_.reset();
  delay_ = std::min_element(earliest_.begin(), earliest_.end(), [](const auto& a, const auto& b) {
             return a.second.delay < b.second.delay;
           })->second.delay;
}

Instant DeviceClock::at(Nanoseconds stamp) const {
  return Instant{stamp + delay_ + from_seconds(slope_ * seconds(stamp - origin_))};
}

}  // namespace layerwatt
