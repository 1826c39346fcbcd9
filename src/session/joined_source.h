// SPDX-License-Identifier: Apache-2.0
// Several reading sources as one: sensors of several drivers in one session, each at a rate of its own and
// with its own stamps.
#pragma once
#include <memory>
#include <vector>

#include "session/reading_source.h"

namespace layerwatt {

class JoinedSource final : public ReadingSource {
 public:
  // `parts`: one at least. Their rails follow each other in this order.
  explicit JoinedSource(std::vector<std::unique_ptr<ReadingSource>> parts);
  [[nodiscard]] std::vector<RailRecord> rails() const override;
  void resume() override;
  void pause() override;
  // Of the part that has it; the other parts read all of theirs all the time.
  void read_only(std::optional<std::size_t> rail) override;
  std::vector<Taken> take(std::span<const LayerSpan> spans, Instant until) override;
  std::vector<Event> take_events() override;
  // Ticks, delays and processor time of all parts together; real time and core only where all agree.
  SamplerRecord finish() override;

 private:
  std::vector<std::unique_ptr<ReadingSource>> parts_;
  std::vector<std::size_t> first_;  // rail of each part
};

}  // namespace layerwatt
