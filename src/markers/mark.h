// SPDX-License-Identifier: Apache-2.0
// One mark as it comes out of the shared memory, checked, and who wants it.
#pragma once
#include <cstdint>
#include <string_view>

#include "core/clock.h"

namespace layerwatt {

enum class MarkKind { begin, end, instant };

struct Mark {
  MarkKind kind = MarkKind::instant;
  std::uint32_t thread = 0;  // one number for each marking thread; never used again
  std::uint32_t name_id = 0;
  std::string_view name;     // printable UTF-8; "(unnamed)" when the table of names was full
  std::uint32_t number = 0;  // which repetition, as the program says
  Instant at;                // never negative, and small enough that two may be subtracted
};

// Takes marks in the order in which each thread wrote them; those of different threads come interleaved.
class MarkSink {
 public:
  virtual ~MarkSink() = default;
  virtual void mark(const Mark& mark) = 0;
  // No more marks of this thread will come.
  virtual void thread_ended(std::uint32_t /*thread*/) {}
};

struct MarkCounts {
  std::uint64_t written = 0;        // marks given to the sink
  std::uint64_t dropped = 0;        // lost because a ring was full or none was free, as the program counts
  std::uint64_t damaged = 0;        // not what marker.h writes: skipped
  std::uint64_t names_refused = 0;  // names that did not fit into the table
};

}  // namespace layerwatt
