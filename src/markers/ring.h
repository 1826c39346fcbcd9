// SPDX-License-Identifier: Apache-2.0
// The marks that reach layerwatt: shared memory without a name (memfd) whose descriptor a child inherits.
// When both sides have gone, so has the memory, however they ended.
#pragma once
#include <memory>

#include "core/result.h"
#include "markers/mark.h"
#include "markers/ring_reader.h"

namespace layerwatt {

// Memory is used as it is touched: 1 MiB for the names and, by default, 1 MiB for each marking thread.
struct MarkRingOptions {
  std::uint32_t threads = 64;                // that mark at one time
  std::uint32_t marks_per_thread = 1 << 16;  // room until the next drain; a power of two
  std::uint32_t names = 4096;
};

// Environment variable that tells a child the descriptor.
inline constexpr const char* mark_ring_variable = "LAYERWATT_RING_FD";

class MarkRing {
 public:
  static Result<MarkRing> create(const MarkRingOptions& options = {});
  MarkRing(MarkRing&& other) noexcept;
  MarkRing& operator=(MarkRing&& other) noexcept;
  MarkRing(const MarkRing&) = delete;
  MarkRing& operator=(const MarkRing&) = delete;
  ~MarkRing();

  // Closed on exec; give a child a copy.
  [[nodiscard]] int descriptor() const { return descriptor_; }
  // Gives what has come since the last call to the sink. One thread at a time.
  void drain(MarkSink& sink) { reader_->drain(sink); }
  [[nodiscard]] MarkCounts counts() const { return reader_->counts(); }
  [[nodiscard]] std::uint64_t written() const { return counts().written; }
  [[nodiscard]] std::uint64_t dropped() const { return counts().dropped; }

 private:
  MarkRing(int descriptor, lw_shared_memory_* memory, const lw_geometry_& geometry);
  int descriptor_ = -1;
  lw_shared_memory_* memory_ = nullptr;
  std::size_t size_ = 0;
  std::unique_ptr<RingReader> reader_;
};

}  // namespace layerwatt
