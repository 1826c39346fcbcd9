// SPDX-License-Identifier: Apache-2.0
// Drawing of the progress bar; see progress.h.
#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

namespace layerwatt {

ProgressBar::~ProgressBar() { clear(); }

void ProgressBar::clear() {
  if (!drawn_) return;
  err_ << "\r\x1b[K" << std::flush;
  drawn_ = false;
}

void ProgressBar::show(const std::string& doing, double fraction, Nanoseconds left) {
  if (!visible_) return;
  constexpr int width = 30;
  const double part = std::clamp(fraction, 0.0, 1.0);
  const int filled = static_cast<int>(part * width);
  err_ << fmt::format("\r\x1b[K[{}{}] {:3.0f} %  {}, {:.0f} s left",
                      std::string(static_cast<std::size_t>(filled), '#'),
                      std::string(static_cast<std::size_t>(width - filled), '.'), 100 * part, doing,
                      std::max(0.0, seconds(left)))
       << std::flush;
  drawn_ = true;
}

void ProgressBar::say(const std::string& message) {
  clear();
  err_ << "layerwatt: " << message << "\n";
}

}  // namespace layerwatt
