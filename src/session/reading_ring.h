// SPDX-License-Identifier: Apache-2.0
// Readings on their way from the sampling thread to the session: one writer, one reader, no lock, all memory
// taken and touched beforehand.
#pragma once
#include <atomic>
#include <bit>
#include <cstddef>
#include <vector>

#include "core/vocabulary.h"

namespace layerwatt {

class ReadingRing {
 public:
  explicit ReadingRing(std::size_t at_least) : slots_(std::bit_ceil(at_least)) {}

  // False when the reader fell so far behind that the ring is full; the reading is not kept.
  bool push(const Reading& reading) {
    const std::size_t written = written_.load(std::memory_order_relaxed);
    if (written - taken_.load(std::memory_order_acquire) == slots_.size()) return false;
    slots_[written & (slots_.size() - 1)] = reading;
    written_.store(written + 1, std::memory_order_release);
    return true;
  }

  // Appends all that was pushed so far.
  void take(std::vector<Reading>& into) {
    const std::size_t written = written_.load(std::memory_order_acquire);
    std::size_t taken = taken_.load(std::memory_order_relaxed);
    into.reserve(into.size() + (written - taken));
    for (; taken != written; ++taken) into.push_back(slots_[taken & (slots_.size() - 1)]);
    taken_.store(taken, std::memory_order_release);
  }

 private:
  std::vector<Reading> slots_;
  alignas(64) std::atomic<std::size_t> written_{0};  // apart, so that the two threads share no cache line
  alignas(64) std::atomic<std::size_t> taken_{0};
};

}  // namespace layerwatt
