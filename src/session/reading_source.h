// SPDX-License-Identifier: Apache-2.0
// Where a session's readings come from: the sampler of this machine's sensors, or the virtual instrument that
// computes them from what ran. The session treats both alike.
#pragma once
#include <optional>
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
  // From now on reads this one alone, by its place in rails(); all of them without one. What the others miss
  // becomes a gap of theirs.
  virtual void read_only(std::optional<std::size_t> rail) = 0;
  struct Taken {
    std::vector<Reading> readings;
    std::vector<Gap> gaps;
  };
  // All that was read since the last call, one entry a rail. `spans` are the layers that ran since then
  // (a simulation makes its power from them) and `until` the moment up to which they are complete.
  virtual std::vector<Taken> take(std::span<const LayerSpan> spans, Instant until) = 0;
  // What happened to the rails since the last call, to be put into the run file.
  virtual std::vector<Event> take_events() { return {}; }
  virtual SamplerRecord finish() = 0;
};

}  // namespace layerwatt
