// SPDX-License-Identifier: Apache-2.0
// Batch means over the idle phases. Neighbouring readings are correlated, most of all when the sensor
// averages, so batches are long against that and readings are never counted as if independent.
#include "attribution/idle_power.h"

#include <algorithm>
#include <cmath>

#include "attribution/plausible.h"
#include "attribution/statistics.h"

namespace layerwatt {

namespace {

using namespace std::chrono_literals;

constexpr Nanoseconds shortest_batch = 200ms;
constexpr int most_idle_batches = 20;  // of one phase

struct PhaseIdle {
  std::vector<Batch<Watts>> batches;
  bool settled = true;
};

PhaseIdle idle_in(const PowerTrace& trace, const PhaseSpan& phase) {
  PhaseIdle idle;
  const Nanoseconds settling = std::min(trace.settling(), (phase.to - phase.from) / 2);
  idle.settled = settling == trace.settling();
  const Instant from = phase.from + settling;
  const Nanoseconds batch = std::max(shortest_batch, 10 * trace.time_constant().value_or(Nanoseconds{0}));
  const auto count = std::clamp<Nanoseconds::rep>((phase.to - from) / batch, 1, most_idle_batches);
  for (Nanoseconds::rep i = 0; i < count; ++i) {
    const Instant begin = from + (phase.to - from) * i / count,
                  end = from + (phase.to - from) * (i + 1) / count;
    if (const auto mean = trace.mean(begin, end)) idle.batches.push_back({*mean, seconds(end - begin)});
  }
  return idle;
}

}  // namespace

std::optional<IdlePower> idle_power(const PowerTrace& trace, const Timeline& timeline,
                                    std::optional<Watts> quantum) {
  IdlePower idle;
  std::vector<Batch<Watts>> batches;
  for (const PhaseSpan& phase : timeline.phases) {
    const bool before = phase.phase == Phase::idle_before;
    if (!before && phase.phase != Phase::idle_after) continue;
    if (!plausible(phase.from) || !plausible(phase.to) || phase.to <= phase.from) continue;
    const PhaseIdle found = idle_in(trace, phase);
    if (found.batches.empty()) continue;
    (before ? idle.before : idle.after) = mean_of(found.batches).mean;
    idle.settled = idle.settled && found.settled;
    batches.insert(batches.end(), found.batches.begin(), found.batches.end());
  }
  if (batches.empty()) return std::nullopt;
  const auto pooled = mean_of(batches);
  idle.mean = pooled.mean;
  idle.half_width = pooled.half_width;
  if (!idle.half_width) return idle;
  // Idle during the energy pass lay somewhere between before and after, and the true value somewhere within
  // the step that the sensor rounds to: both uniform, so their standard deviation is width / sqrt(12).
  const double uniform = normal_975 / std::sqrt(12.0);
  if (idle.before && idle.after)
    idle.half_width = combined(*idle.half_width, (*idle.after - *idle.before) * uniform);
  if (quantum) idle.half_width = combined(*idle.half_width, *quantum * uniform);
  return idle;
}

}  // namespace layerwatt
