// SPDX-License-Identifier: Apache-2.0
// Writes what an engine reports into the ring, under the names of runner/protocol.h. Made at the first marked
// run: an unmarked one touches no shared memory.
#pragma once
#include <cstdint>
#include <vector>

#include "engines/engine.h"

namespace layerwatt {

class RunnerMarks final : public SpanSink {
 public:
  // Asks for the names and takes this thread's ring, so that the first inference pays for neither.
  explicit RunnerMarks(std::size_t layers);
  void begin_inference(std::uint32_t number, Instant at);
  void end_inference(Instant at);
  void layer(std::uint32_t layer, Instant begin, Instant end) override;

 private:
  std::vector<std::uint32_t> layers_;  // names
  std::uint32_t inference_ = 0;        // name
  std::uint32_t number_ = 0;
};

}  // namespace layerwatt
