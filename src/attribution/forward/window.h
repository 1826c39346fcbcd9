// SPDX-License-Identifier: Apache-2.0
// A series' readings as rows of the regression, for given lag, width and tail of the sensor's window.
#pragma once
#include <cmath>
#include <map>

#include "attribution/forward/segments.h"
#include "attribution/forward/series.h"

namespace layerwatt::forward {

// What is fitted. Lag: age of the newest edge of the window at the stamp.
struct Window {
  double lag_us = 0;
  double width_us = 0;
  double tail_us = 0;  // of the supply's capacitors; 0 = none
};

// Shorter tails are not told from none, and have no derivative worth a column.
inline constexpr double smallest_tail_us = 4;

// Streams rows; ask for readings in ascending order.
class Observations {
 public:
  Observations(const Segments& segments, const Series& series, const Window& window)
      : series_{series},
        window_{window},
        rows_{segments},
        blur_us_{std::sqrt(3) * std::hypot(segments.deviation_us, series.deviation_us)} {}
  // The row of reading k: shares of columns in its window. False when that leaves the segments.
  bool row(std::size_t k, Row& row);
  // Oldest and newest moment that reading k can see.
  [[nodiscard]] std::pair<double, double> reach(std::size_t k);

 private:
  const Kernel& kernel(std::uint32_t updates);
  const Series& series_;
  Window window_;
  RowMaker rows_;
  // Random errors of stamps and marks see to it that, on average, edges are not sharp; uniform within this.
  double blur_us_;
  std::map<std::uint32_t, Kernel> kernels_;  // by conversions in the window
};

}  // namespace layerwatt::forward
