// SPDX-License-Identifier: Apache-2.0
// Readings of all rails on their way from the sampling thread to the session: one writer, one reader, no
// lock, all memory taken and touched beforehand. One ring for all rails, because after a millisecond of sleep
// each cache line the sampling thread touches has to be fetched anew.
#pragma once
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/vocabulary.h"

namespace layerwatt {

class ReadingRing {
 public:
  explicit ReadingRing(std::size_t at_least) : slots_(std::bit_ceil(at_least)) {}

  // False when the reader fell so far behind that the ring is full; the reading is not kept.
  bool push(std::uint32_t rail, const Reading& reading) {
    const std::size_t written = written_.load(std::memory_order_relaxed);
    if (written - seen_taken_ == slots_.size()) {
      seen_taken_ = taken_.load(std::memory_order_acquire);
      if (written - seen_taken_ == slots_.size()) return false;
    }
    slots_[written & (slots_.size() - 1)] = {reading, rail};
    written_.store(written + 1, std::memory_order_release);
    return true;
  }

  // Appends all that was pushed so far to the vector of its rail.
  void take(std::vector<std::vector<Reading>>& into) {
    const std::size_t written = written_.load(std::memory_order_acquire);
    std::size_t taken = taken_.load(std::memory_order_relaxed);
    for (; taken != written; ++taken) {
      const Slot& slot = slots_[taken & (slots_.size() - 1)];
      into.at(slot.rail).push_back(slot.reading);
    }
    taken_.store(taken, std::memory_order_release);
  }

 private:
  struct Slot {
    Reading reading;
    std::uint32_t rail = 0;
  };
  std::vector<Slot> slots_;
  std::atomic<std::size_t> written_{0};
  std::size_t seen_taken_ = 0;                     // the writer's last look at taken_
  alignas(64) std::atomic<std::size_t> taken_{0};  // apart, so that the reader's writes do not disturb
};

}  // namespace layerwatt
