// SPDX-License-Identifier: Apache-2.0
// See run_loop.h.
#include "runner/run_loop.h"

#include <algorithm>

namespace layerwatt {

namespace {

using namespace std::chrono_literals;

// Uniform gaps, the same from one seed everywhere: splitmix64 (Steele, Lea, Flood 2014), scaled.
class Gaps {
 public:
  explicit Gaps(const RunPlan& plan)
      : state_{plan.gap_seed}, least_{plan.gap_min}, span_{plan.gap_max - plan.gap_min} {}
  Nanoseconds next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    const double part = static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;  // [0, 1)
    return least_ + Nanoseconds{static_cast<Nanoseconds::rep>(part * static_cast<double>(span_.count()))};
  }

 private:
  std::uint64_t state_;
  Nanoseconds least_, span_;
};

// In slices, so that Ctrl-C does not wait for a long gap. False when it was cut short.
bool sleep_until(Instant when, const Clock& clock, const std::function<bool()>& stop_asked) {
  for (Instant now = clock.now(); now < when; now = clock.now()) {
    if (stop_asked()) return false;
    clock.sleep_until(std::min(when, now + 20ms));
  }
  return true;
}

Result<Inference> run_one(ExecutionContext& context, std::uint32_t number, std::uint64_t input,
                          RunnerMarks* marks, const Clock& clock) {
  Inference inference;
  inference.load_begin = clock.now();
  if (auto loaded = context.load(input); !loaded) return loaded.error();
  inference.compute_begin = clock.now();
  if (marks != nullptr) {
    marks->begin_inference(number, inference.compute_begin);
    if (auto computed = context.compute_marked(*marks); !computed) return computed.error();
  } else {
    if (auto computed = context.compute(); !computed) return computed.error();
  }
  inference.compute_end = clock.now();
  if (marks != nullptr) marks->end_inference(inference.compute_end);
  if (auto unloaded = context.unload(); !unloaded) return unloaded.error();
  inference.unload_end = clock.now();
  return inference;
}

}  // namespace

Result<RunOutcome> run_inferences(ExecutionContext& context, const RunPlan& plan, RunnerMarks* marks,
                                  const Clock& clock, const std::function<bool()>& stop_asked) {
  RunOutcome outcome;
  outcome.inferences.reserve(plan.count);
  Gaps gaps{plan};
  const Instant begin = clock.now();
  while (outcome.inferences.size() < plan.count) {
    const bool first = outcome.inferences.empty();
    const Instant ready = first ? begin : outcome.inferences.back().unload_end + gaps.next();
    if (!sleep_until(ready, clock, stop_asked) || stop_asked()) {
      outcome.stopped = Stopped::request;
      return outcome;
    }
    if (plan.longest > 0ns && std::max(ready, begin) - begin >= plan.longest && !first) {
      outcome.stopped = Stopped::time;
      return outcome;
    }
    const auto number = static_cast<std::uint32_t>(outcome.inferences.size());
    auto inference = run_one(context, number, plan.first_input + number, marks, clock);
    if (!inference) return inference.error();
    outcome.inferences.push_back(*inference);
  }
  return outcome;
}

}  // namespace layerwatt
