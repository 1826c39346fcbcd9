// SPDX-License-Identifier: Apache-2.0
// Blocks of the energy pass, gathered or cut into batches that can pass as independent, and what is in them.
#include "attribution/inference_energy.h"

#include <algorithm>
#include <chrono>

#include "attribution/statistics.h"

namespace layerwatt {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t few_blocks = 5, most_batches = 20;
constexpr Nanoseconds shortest_piece = 100ms;

// Few blocks say little about how much blocks differ: they are cut at inferences into pieces, long against
// the sensor's average.
std::vector<Block> pieces_of(const Execution& execution, const PowerTrace& trace) {
  if (execution.blocks.size() >= few_blocks) return execution.blocks;
  const Nanoseconds shortest = std::max(shortest_piece, 5 * trace.time_constant().value_or(0ns));
  std::vector<Block> pieces;
  for (const Block& block : execution.blocks) {
    const Nanoseconds length =
        execution.energy[block.last - 1].unload_end - execution.energy[block.first].load_begin;
    const auto count =
        std::clamp<std::size_t>(static_cast<std::size_t>(length / shortest), 1,
                                std::min(most_batches / few_blocks * 2, block.last - block.first));
    for (std::size_t i = 0; i < count; ++i)
      pieces.push_back({block.first + (block.last - block.first) * i / count,
                        block.first + (block.last - block.first) * (i + 1) / count});
  }
  return pieces;
}

struct Measured {
  Joules energy{};  // of the inferences alone
  double inferences = 0;
  Nanoseconds pause{}, busy{};
};

// A sensor whose average is not known still shows what ran before for a while: up to a tenth of the block is
// left out.
std::optional<Measured> measure(const PowerTrace& trace, const Execution& execution, Block block,
                                const std::optional<IdlePower>& idle) {
  const auto& all = execution.energy;
  const Instant to = all[block.last - 1].unload_end;
  Instant from = all[block.first].load_begin;
  if (!trace.average_is_known()) {
    const Instant settled = from + std::min(trace.settling(), (to - from) / 10);
    while (block.first + 1 < block.last && all[block.first].load_begin < settled) ++block.first;
    from = all[block.first].load_begin;
  }
  const auto power = trace.mean(from, to);
  if (!power) return std::nullopt;
  Measured result;
  for (std::size_t i = block.first; i < block.last; ++i) result.busy += whole(all[i]);
  result.pause = to - from - result.busy;
  result.inferences = static_cast<double>(block.last - block.first);
  result.energy = *power * (to - from) - (idle ? idle->mean : *power) * result.pause;
  return result;
}

}  // namespace

std::optional<InferenceEnergy> inference_energy(const PowerTrace& trace, const Execution& execution,
                                                const std::optional<IdlePower>& idle) {
  std::vector<Measured> measured;
  for (const Block& piece : pieces_of(execution, trace))
    if (const auto one = measure(trace, execution, piece, idle)) measured.push_back(*one);
  if (measured.empty()) return std::nullopt;
  const std::size_t count = std::min(most_batches, measured.size());
  std::vector<Batch<Joules>> batches(count);
  Measured total;
  for (std::size_t i = 0; i < measured.size(); ++i) {
    Batch<Joules>& batch = batches[i * count / measured.size()];
    batch.mean += measured[i].energy;  // a sum until all are in
    batch.weight += measured[i].inferences;
    total.pause += measured[i].pause;
    total.busy += measured[i].busy;
    total.inferences += measured[i].inferences;
  }
  for (Batch<Joules>& batch : batches) batch.mean = batch.mean / batch.weight;
  const auto mean = mean_of(batches);
  const auto per_inference = [&](Nanoseconds t) { return from_seconds(seconds(t) / total.inferences); };
  return InferenceEnergy{mean.mean, mean.half_width, per_inference(total.pause), per_inference(total.busy)};
}

}  // namespace layerwatt
