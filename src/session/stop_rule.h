// SPDX-License-Identifier: Apache-2.0
// When the energy pass has enough: after a time, a number of inferences, or when the fastest layer has been
// read often enough (Holly 2020: 100 readings). Pure; fed a block at a time.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/vocabulary.h"
#include "session/profile_options.h"

namespace layerwatt {

class StopRule {
 public:
  StopRule(const ProfileOptions& options, const PhaseBudget& budget, std::size_t layers)
      : wanted_{options.inferences},
        wanted_readings_{options.fastest_readings},
        budget_{budget.energy},
        readings_(layers),
        spent_(layers) {}

  // A block that ran: its spans in order of time, and the readings of one rail in order of time.
  void add_block(std::size_t inferences, std::span<const LayerSpan> spans, std::span<const Reading> readings);
  [[nodiscard]] bool enough(Nanoseconds elapsed) const;
  [[nodiscard]] double fraction(Nanoseconds elapsed) const;  // of the energy pass, 0 to 1
  // Inferences still allowed; the largest count when only time limits.
  [[nodiscard]] std::uint64_t inferences_left() const;
  // Readings that fell into the layer with the shortest mean duration so far.
  [[nodiscard]] std::uint64_t readings_of_fastest() const;

 private:
  std::optional<std::uint64_t> wanted_, wanted_readings_;
  std::optional<Nanoseconds> budget_;
  std::vector<std::uint64_t> readings_;  // by layer
  std::vector<Nanoseconds> spent_;       // by layer
  std::uint64_t inferences_ = 0;
};

}  // namespace layerwatt
