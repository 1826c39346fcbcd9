// SPDX-License-Identifier: Apache-2.0
// Readings of the virtual board in place of a real sensor's: SIMULATED from the layers that ran.
#pragma once
#include "boards/virtual_board.h"
#include "session/reading_source.h"

namespace layerwatt {

class VirtualSource final : public ReadingSource {
 public:
  explicit VirtualSource(VirtualInstrument instrument)
      : instrument_{std::move(instrument)}, gaps_(instrument_.rails().size()), waits_since_(gaps_.size()) {}
  [[nodiscard]] std::vector<RailRecord> rails() const override { return instrument_.rails(); }
  void resume() override {}
  void pause() override {}
  void read_only(std::optional<std::size_t> rail) override;
  std::vector<Taken> take(std::span<const LayerSpan> spans, Instant until) override;
  SamplerRecord finish() override { return sampler_; }
  // Forgets what ran so far: the truth is of the inferences after this.
  void restart_truth() { instrument_.restart_truth(); }
  // Mean energy of each layer in one inference, [rail][layer].
  [[nodiscard]] std::vector<std::vector<Joules>> truth() const { return instrument_.truth(); }

 private:
  VirtualInstrument instrument_;
  SamplerRecord sampler_;
  std::vector<std::vector<Gap>> gaps_;               // since the last take()
  std::vector<std::optional<Instant>> waits_since_;  // of each rail; empty = it is read
  Instant known_until_{};
};

// "virtual:jetson-nano" -> "jetson-nano"; empty when it does not begin so.
std::string virtual_board_id(const std::string& text);

}  // namespace layerwatt
