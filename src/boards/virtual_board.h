// SPDX-License-Identifier: Apache-2.0
// A board that exists only as its TOML file: layers become power, power becomes the readings that the board's
// INA3221 would have given. Pure and deterministic by seed; no clock, no thread, no file. Everything that
// comes from here is SIMULATED; durations are UNCALIBRATED until a board file carries calibrated figures.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "boards/board.h"
#include "core/result.h"
#include "core/vocabulary.h"
#include "timeline/timeline.h"

namespace layerwatt {

// ---- Execution ----------------------------------------------------------------------------------------

struct VirtualRun {
  std::uint32_t inferences = 0;
  Nanoseconds shortest_gap{}, longest_gap{};  // uniform between inferences
  std::uint32_t first_inference = 0;          // index given to the first one
  Phase phase = Phase::energy;
  std::uint32_t block = 0;
  Instant start{};
  std::uint64_t seed = 1;
};

struct VirtualExecution {
  std::vector<Inference> inferences;
  std::vector<LayerSpan> spans;
  Instant end;
};

// Runs layers back to back: each takes max(MACs / peak, bytes / bandwidth) + launch, with jitter; unknown
// MACs or bytes count nothing. In Phase::energy marks cost a microsecond between layers; in others nothing.
// unsupported: the board has no model, or one inference would take more than an hour.
Result<VirtualExecution> execute_virtually(const Board& board, std::span<const Layer> layers,
                                           const VirtualRun& run);

// ---- Readings -----------------------------------------------------------------------------------------

// What the seed made of this instrument's chip. For documentation and tests; attribution may not know it.
struct VirtualTiming {
  Nanoseconds cycle;          // between two updates of one register, mean
  Nanoseconds time_constant;  // of the exponential average; zero without averaging
  // From the moment that a reading's power is centred on to the reading's `before` stamp, mean.
  Nanoseconds lag;
};

// The board's sensor as an instrument that is fed spans as they end and gives readings up to that moment:
// round-robin conversions, exponential average, quantum, lag, noise, read latency and the sampler's period.
class VirtualInstrument {
 public:
  // unsupported: the board has no model or no INA3221. `period` zero: as fast as the reads allow. Only `read`
  // are read, the others have no readings; all of them when none of the names is a rail.
  static Result<VirtualInstrument> create(const Board& board, std::span<const Layer> layers,
                                          Nanoseconds period, std::uint64_t seed, Instant start,
                                          std::span<const std::string> read = {});
  VirtualInstrument(VirtualInstrument&&) noexcept;
  VirtualInstrument& operator=(VirtualInstrument&&) noexcept;
  ~VirtualInstrument();

  // The rails as records without readings, in the order that take_readings() uses.
  [[nodiscard]] std::vector<RailRecord> rails() const;
  // Extends the power to `until`: spans (in order of time, none before the last `until`) are layers at
  // their power, all else is idle. Produces every reading whose read ends before `until`.
  void advance(std::span<const LayerSpan> spans, Instant until);
  // From here on only this one of rails() is read; without it all that create() was told to.
  void read_only(std::optional<std::size_t> rail);
  // Readings made since the last call, one vector a rail.
  [[nodiscard]] std::vector<std::vector<Reading>> take_readings();
  // Mean energy of each layer in one inference, [rail][layer]: what really happened to the power, and not
  // only near the sensor. Zero for a layer that has not run.
  [[nodiscard]] std::vector<std::vector<Joules>> truth() const;
  // Forgets the truth so far: call where the energy pass begins, so that it is the truth of that pass.
  void restart_truth();
  // The whole energy of each rail since the last restart: {layers, everything else}. Their sum is the
  // integral of the true power.
  struct Account {
    Joules layers, outside;
  };
  [[nodiscard]] std::vector<Account> account() const;
  [[nodiscard]] VirtualTiming timing() const;

 private:
  class State;
  explicit VirtualInstrument(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace layerwatt
