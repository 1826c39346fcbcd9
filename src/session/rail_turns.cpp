// SPDX-License-Identifier: Apache-2.0
// Turns from the pace of reads; see rail_turns.h.
#include "session/rail_turns.h"

#include <algorithm>

#include "session/sensor_pace.h"

namespace layerwatt {

namespace {

constexpr std::size_t fewest_readings = 16;

}  // namespace

RailTurns::RailTurns(const ProfileOptions& options, std::span<const Channel> channels,
                     std::vector<std::size_t> wanted, std::span<const Reading> readings) {
  if (options.together || options.period > Nanoseconds{0}) return;
  if (wanted.size() < 2 || readings.size() < fewest_readings) return;
  const ReadPace pace = read_pace(readings);
  const bool all_gain = std::all_of(wanted.begin(), wanted.end(), [&](std::size_t rail) {
    const auto& refresh = channels[rail].refresh;
    return refresh && pace.between > keeps_up * *refresh && pace.read <= keeps_up * *refresh;
  });
  if (all_gain) rails_ = std::move(wanted);
}

std::uint64_t RailTurns::block_of(std::uint64_t usual, std::optional<std::uint64_t> wanted) const {
  if (rails_.empty()) return usual;
  constexpr std::uint64_t fewest_turns = 4;  // of each rail
  usual /= rails_.size();
  if (wanted) usual = std::min(usual, *wanted / (fewest_turns * rails_.size()));
  return std::max<std::uint64_t>(usual, 1);
}

std::optional<std::size_t> RailTurns::of_block(std::uint32_t block) const {
  if (rails_.empty()) return std::nullopt;
  return rails_[block % rails_.size()];
}

}  // namespace layerwatt
