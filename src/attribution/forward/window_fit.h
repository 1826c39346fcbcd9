// SPDX-License-Identifier: Apache-2.0
// Finds when a sensor sees what: lag, and width and supply tail where they are free, as those under which the
// readings are likeliest. Rails of one sensor share one search.
#pragma once
#include <optional>
#include <span>

#include "attribution/forward/window.h"

namespace layerwatt::forward {

struct WindowSearch {
  double earliest_us = -200, latest_us = 4000;  // lags tried
  bool fit_tail = true;
};

struct FittedWindow {
  Window window;
  // Log-likelihood by which the best lag leads the best one elsewhere; below 50 the lag is ambiguous.
  double margin = 0;
  // A lag beyond those tried under which the readings are far likelier: no sensor has it, so the clocks of
  // readings and marks do not agree.
  std::optional<double> beyond_us;
};

// `layers`: how many of the first columns are layers. All series must be of one sensor and kind.
FittedWindow fit_window(const Segments& segments, std::span<const Series* const> rails, std::size_t layers,
                        const WindowSearch& search = {});

}  // namespace layerwatt::forward
