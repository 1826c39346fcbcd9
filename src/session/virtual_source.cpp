// SPDX-License-Identifier: Apache-2.0
// The virtual instrument as a reading source; see virtual_source.h.
#include "session/virtual_source.h"

#include <algorithm>

namespace layerwatt {

std::vector<ReadingSource::Taken> VirtualSource::take(std::span<const LayerSpan> spans, Instant until) {
  instrument_.advance(spans, until);
  std::vector<Taken> taken;
  std::uint64_t ticks = 0;
  for (std::vector<Reading>& readings : instrument_.take_readings()) {
    ticks = std::max<std::uint64_t>(ticks, readings.size());
    taken.push_back({std::move(readings), {}});
  }
  sampler_.ticks += ticks;
  return taken;
}

std::string virtual_board_id(const std::string& text) {
  constexpr std::string_view prefix = "virtual:";
  return text.rfind(prefix, 0) == 0 ? text.substr(prefix.size()) : std::string{};
}

}  // namespace layerwatt
