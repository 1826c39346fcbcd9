// SPDX-License-Identifier: Apache-2.0
// Writes what a context reports into the ring of its thread, under the names of runner/protocol.h. Made at
// the first marked run: an unmarked one touches no shared memory.
#pragma once
#include <cstdint>
#include <vector>

#include "engines/engine.h"

namespace layerwatt {

class RunnerMarks final : public SpanSink {
 public:
  explicit RunnerMarks(std::size_t layers);
  // Takes the ring of this thread, which will compute, so that the first inference does not pay for it.
  static void prepare();
  void begin_inference(std::uint32_t number, Instant at);
  void end_inference(Instant at);
  void layer(std::uint32_t layer, Instant begin, Instant end) override;

 private:
  std::vector<std::uint32_t> layers_;  // names
  std::uint32_t inference_ = 0;        // name
  std::uint32_t number_ = 0;
};

}  // namespace layerwatt
