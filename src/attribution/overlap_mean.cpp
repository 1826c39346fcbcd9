// SPDX-License-Identifier: Apache-2.0
// One sweep over the edges of windows and layers: the time it takes does not depend on how many layers a
// window reaches over.
#include "attribution/overlap_mean.h"

#include <algorithm>
#include <cmath>

#include "attribution/plausible.h"

namespace layerwatt {

namespace {

// The windows that are open at a moment that only moves forward.
class OpenWindows {
 public:
  explicit OpenWindows(const std::vector<ReadingWindow>& windows) : windows_{windows} {}
  void go_to(Instant when) {
    for (; opened_ < windows_.size() && windows_[opened_].from <= when; ++opened_) add(windows_[opened_], 1);
    for (; closed_ < opened_ && windows_[closed_].to <= when; ++closed_) add(windows_[closed_], -1);
    if (closed_ == opened_) power_ = readings_ = 0;  // what rounding left
  }
  // Nothing opens or closes before; `end` when nothing does until then.
  [[nodiscard]] Instant next_edge(Instant end) const {
    if (opened_ < windows_.size()) end = std::min(end, windows_[opened_].from);
    if (closed_ < opened_) end = std::min(end, windows_[closed_].to);
    return end;
  }
  [[nodiscard]] double count() const { return static_cast<double>(opened_ - closed_); }
  [[nodiscard]] double power() const { return power_; }        // sum, W
  [[nodiscard]] double readings() const { return readings_; }  // sum of 1 / length, 1/s

 private:
  void add(const ReadingWindow& window, double sign) {
    power_ += sign * window.power.value();
    readings_ += sign / seconds(window.to - window.from);
  }
  const std::vector<ReadingWindow>& windows_;
  std::size_t opened_ = 0, closed_ = 0;
  double power_ = 0, readings_ = 0;
};

struct Shared {
  double energy = 0, time = 0, readings = 0;
  [[nodiscard]] LayerPower power() const {
    LayerPower result;
    if (time <= 0) return result;
    result.mean = Watts{energy / time};
    result.readings = static_cast<std::size_t>(std::max(1L, std::lround(readings)));
    return result;
  }
};

}  // namespace

std::optional<Nanoseconds> sensor_window(const Channel& channel) {
  if (!channel.aperture || *channel.aperture <= Nanoseconds{0} || !channel.averaging) return std::nullopt;
  const Nanoseconds aperture = bounded(*channel.aperture);
  const Nanoseconds apart = std::max(aperture, bounded(channel.refresh.value_or(aperture)));
  const double more = std::max(0, *channel.averaging - 1) * seconds(apart);
  return bounded(aperture + from_seconds(std::min(more, seconds(std::chrono::hours{1}))));
}

std::vector<ReadingWindow> sensor_windows(const RailRecord& rail, const PowerTrace& trace) {
  std::vector<ReadingWindow> windows = windows_of(trace);
  if (trace.meaning() == Meaning::energy_total) return windows;
  const auto known = sensor_window(rail.channel);
  const bool starts_it = known && read_starts_conversion(rail.channel);
  for (ReadingWindow& window : windows) {
    const Instant middle = window.from + (window.to - window.from) / 2;
    if (known) window.from = starts_it ? window.from : middle - *known;
    if (known) window.to = window.from + *known;
    window.to = std::max(window.to, window.from + Nanoseconds{1});
  }
  return windows;
}

LayerPowers mean_by_overlap(const std::vector<ReadingWindow>& windows, const Execution& execution,
                            const Segments& segments, std::size_t layers) {
  LayerPowers result;
  result.layers.resize(layers);
  if (windows.empty()) return result;
  std::vector<Shared> shared(layers + 1);
  OpenWindows open{windows};
  Pieces pieces{execution, segments, layers};
  pieces.divide(windows.front().from, windows.back().to, [&](std::size_t column, Instant at, Instant end) {
    while (at < end) {
      open.go_to(at);
      const Instant until = open.next_edge(end);
      const double time = seconds(until - at);
      shared[column].energy += open.power() * time;
      shared[column].time += open.count() * time;
      shared[column].readings += open.readings() * time;
      at = until;
    }
  });
  for (std::size_t l = 0; l < layers; ++l) result.layers[l] = shared[l].power();
  result.between = shared[layers].power();
  return result;
}

}  // namespace layerwatt
