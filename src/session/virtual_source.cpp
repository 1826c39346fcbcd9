// SPDX-License-Identifier: Apache-2.0
// The virtual instrument as a reading source; see virtual_source.h.
#include "session/virtual_source.h"

#include <algorithm>
#include <utility>

namespace layerwatt {

std::vector<ReadingSource::Taken> VirtualSource::take(std::span<const LayerSpan> spans, Instant until) {
  instrument_.advance(spans, until);
  known_until_ = until;
  std::vector<Taken> taken;
  std::uint64_t ticks = 0;
  for (std::vector<Reading>& readings : instrument_.take_readings()) {
    ticks = std::max<std::uint64_t>(ticks, readings.size());
    taken.push_back({std::move(readings), std::exchange(gaps_[taken.size()], {})});
  }
  sampler_.ticks += ticks;
  return taken;
}

void VirtualSource::read_only(std::optional<std::size_t> rail) {
  instrument_.read_only(rail);
  for (std::size_t i = 0; i < gaps_.size(); ++i) {
    const bool waits = rail && *rail != i;
    if (waits == waits_since_[i].has_value()) continue;
    if (!waits) gaps_[i].push_back({*waits_since_[i], known_until_, turn_of_others});
    waits_since_[i] = waits ? std::optional{known_until_} : std::nullopt;
  }
}

std::string virtual_board_id(const std::string& text) {
  constexpr std::string_view prefix = "virtual:";
  return text.rfind(prefix, 0) == 0 ? text.substr(prefix.size()) : std::string{};
}

}  // namespace layerwatt
