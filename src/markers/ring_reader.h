// SPDX-License-Identifier: Apache-2.0
// Takes marks out of shared memory that other programs write. Nothing read there is believed: every count,
// slot and stamp is checked, and a program that scribbles over it costs its own marks, never this process.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "layerwatt/marker_ring.h"
#include "markers/mark.h"

namespace layerwatt {

// Lays empty rings out in zeroed memory of lw_memory_size_(geometry) bytes.
void lay_out_rings(lw_shared_memory_* memory, const lw_geometry_& geometry);

// One thread at a time. Borrows the memory.
class RingReader {
 public:
  RingReader(lw_shared_memory_* memory, const lw_geometry_& geometry);
  // Gives what is there to the sink, at most one full ring for each thread, and never waits.
  void drain(MarkSink& sink);
  [[nodiscard]] MarkCounts counts() const;

 private:
  // What this side knows of a ring; the shared copies are only written for the other side to read.
  struct Side {
    std::uint64_t taken = 0;    // records
    std::uint64_t dropped = 0;  // as last seen
    std::uint32_t thread = 0;
    bool used = false;  // a thread marked since the ring was last free
  };
  void drain_ring(std::uint32_t index, MarkSink& sink);
  void take(const lw_record_& record, std::uint32_t thread, MarkSink& sink);
  void release_if_left(std::uint32_t index, MarkSink& sink);
  void release_dead(MarkSink& sink);
  void release(std::uint32_t index, MarkSink& sink);
  const std::string* name(std::uint32_t slot);

  lw_shared_memory_* memory_;
  lw_geometry_ geometry_;
  std::vector<Side> sides_;
  std::vector<std::string> names_;  // by slot; empty = not read yet
  std::uint64_t pid_namespace_ = 0;
  std::uint32_t next_thread_ = 0;
  MarkCounts counts_;
};

}  // namespace layerwatt
