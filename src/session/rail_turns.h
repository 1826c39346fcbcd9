// SPDX-License-Identifier: Apache-2.0
// Whether the energy pass reads all rails in every block, or one a block in turns: a sensor that converts
// faster than all its rails can be read tells when it converted only if fewer are read. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/vocabulary.h"
#include "session/profile_options.h"

namespace layerwatt {

class RailTurns {
 public:
  // Nobody takes turns.
  RailTurns() = default;
  // `channels` are those of the source, `wanted` the places among them of those that are recorded, and
  // `readings` what was read of one while all were. Turns are taken where reads of all are slower than every
  // rail is renewed, but reads of one are not; unless options ask for a pace of their own.
  RailTurns(const ProfileOptions& options, std::span<const Channel> channels, std::vector<std::size_t> wanted,
            std::span<const Reading> readings);

  [[nodiscard]] bool taken() const { return !rails_.empty(); }
  // Inferences of a block, of those that would be in it without turns: fewer, so that all rails have several
  // turns even in a short run. `wanted`: of the whole energy pass, when a number was asked for.
  [[nodiscard]] std::uint64_t block_of(std::uint64_t usual, std::optional<std::uint64_t> wanted) const;
  // The one to be read in this block; empty: all.
  [[nodiscard]] std::optional<std::size_t> of_block(std::uint32_t block) const;

 private:
  std::vector<std::size_t> rails_;
};

}  // namespace layerwatt
