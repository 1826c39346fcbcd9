// SPDX-License-Identifier: Apache-2.0
// Where a session's readings come from: the sampler of this machine's sensors, or the virtual instrument that
// computes them from what ran. The session treats both alike.
#pragma once
#include <span>
#include <vector>

#include "core/result.h"
#include "core/vocabulary.h"
#include "timeline/timeline.h"

namespace layerwatt {

class ReadingSource {
 public:
  virtual ~ReadingSource() = default;
  // The rails without readings, in the order of take().
  [[nodiscard]] virtual std::vector<RailRecord> rails() const = 0;
  virtual void resume() = 0;
  virtual void pause() = 0;  // after it returns nothing is read until resume()
  struct Taken {
    std::vector<Reading> readings;
    std::vector<Gap> gaps;
  };
  // All that was read since the last call, one entry a rail. `spans` are the layers that ran since then
  // (a simulation makes its power from them) and `until` the moment up to which they are complete.
  virtual std::vector<Taken> take(std::span<const LayerSpan> spans, Instant until) = 0;
  virtual SamplerRecord finish() = 0;
};

}  // namespace layerwatt
