// SPDX-License-Identifier: Apache-2.0
// Execution in virtual time: layers back to back, each a little longer or shorter than its work says.
// UNCALIBRATED: the rates come from data sheets, not from a board.
#include <algorithm>
#include <string>

#include "boards/virtual_board.h"
#include "boards/virtual_power.h"
#include "simulation/random.h"

namespace layerwatt {

namespace {

constexpr double layer_jitter = 0.015, inference_jitter = 0.005;  // standard deviations, relative
constexpr double largest_jitter = 6;                              // of them
constexpr Nanoseconds marking{1'000};                             // between two layers when both are marked
constexpr Nanoseconds longest_inference = std::chrono::hours{1};

double factor(simulation::Random& random, double deviation) {
  return 1 + deviation * std::clamp(random.normal(), -largest_jitter, largest_jitter);
}

Nanoseconds scaled(Nanoseconds time, double by) { return from_seconds(seconds(time) * by); }

class Execution {
 public:
  Execution(const BoardModel& model, std::vector<Nanoseconds> times, const VirtualRun& run)
      : model_{model}, times_{std::move(times)}, run_{run}, random_{run.seed, "execution"}, now_{run.start} {}

  VirtualExecution all() {
    done_.inferences.reserve(run_.inferences);
    done_.spans.reserve(run_.inferences * times_.size());
    for (std::uint32_t i = 0; i < run_.inferences; ++i) {
      one(run_.first_inference + i);
      const double gap = random_.uniform(seconds(run_.shortest_gap), seconds(run_.longest_gap));
      now_ += from_seconds(std::max(gap, 0.0));
    }
    done_.end = now_;
    return std::move(done_);
  }

 private:
  void one(std::uint32_t index) {
    const double common = factor(random_, inference_jitter);
    const bool marked = run_.phase == Phase::energy;
    Inference inference;
    inference.phase = run_.phase;
    inference.block = run_.block;
    inference.load_begin = now_;
    inference.compute_begin = now_ += scaled(model_.load, common);
    for (std::uint32_t layer = 0; layer < times_.size(); ++layer) {
      if (marked && layer > 0) now_ += marking;
      const Instant begin = now_;
      now_ += scaled(times_[layer], common * factor(random_, layer_jitter));
      done_.spans.push_back({layer, index, begin, now_});
    }
    inference.compute_end = now_;
    inference.unload_end = now_ += scaled(model_.unload, common);
    done_.inferences.push_back(inference);
  }

  const BoardModel& model_;
  std::vector<Nanoseconds> times_;
  const VirtualRun& run_;
  simulation::Random random_;
  Instant now_;
  VirtualExecution done_;
};

}  // namespace

Result<VirtualExecution> execute_virtually(const Board& board, std::span<const Layer> layers,
                                           const VirtualRun& run) {
  if (const auto power = power_of(board, {}); !power) return power.error();
  std::vector<Nanoseconds> times;
  double whole = 0;
  for (const Layer& layer : layers) {
    times.push_back(work_of(*board.model, layer).time);
    whole += seconds(times.back());
  }
  if (whole > seconds(longest_inference))
    return Error{Errc::unsupported, board.id,
                 "one inference would take " + std::to_string(static_cast<std::int64_t>(whole)) +
                     " s here; at most an hour is simulated"};
  return Execution{*board.model, std::move(times), run}.all();
}

}  // namespace layerwatt
