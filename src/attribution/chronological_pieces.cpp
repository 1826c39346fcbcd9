// SPDX-License-Identifier: Apache-2.0
// Nothing is searched for: both lists are in order of time, and each walk goes forward only.
#include "attribution/chronological_pieces.h"

namespace layerwatt {

void Pieces::go_to(std::size_t inference) {
  const auto& energy = execution_.energy;
  while (inference < energy.size() && !execution_.marked[inference]) ++inference;
  inference_ = inference;
  begin_ = inference < energy.size() ? energy[inference].load_begin : Instant::max();
  end_ = inference < energy.size() ? energy[inference].unload_end : Instant::max();
}

bool CountWindows::next(ReadingWindow& window) {
  while (stretch_ + 1 < trace_.size()) {
    const std::size_t k = stretch_++;
    const auto power = trace_.stretch_power(k);
    if (!power) continue;
    const Instant from = trace_.moment(k), to = trace_.moment(k + 1);
    window = {from, to, *power, seconds(to - from)};
    return true;
  }
  return false;
}

bool read_starts_conversion(const Channel& channel) { return channel.aperture && !channel.refresh; }

std::vector<ReadingWindow> windows_of(const PowerTrace& trace) {
  std::vector<ReadingWindow> windows;
  windows.reserve(trace.size());
  each_window(trace, [&](const ReadingWindow& window) { windows.push_back(window); });
  return windows;
}

}  // namespace layerwatt
