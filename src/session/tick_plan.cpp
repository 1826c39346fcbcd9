// SPDX-License-Identifier: Apache-2.0
// The sampler's grid; see tick_plan.h.
#include "session/tick_plan.h"

#include <algorithm>

namespace layerwatt {

namespace {

// Even on a bus that answers at once, a real-time thread must leave the core to others.
constexpr Nanoseconds shortest_rest = std::chrono::microseconds{50};

Instant first_grid_point(Instant now, Nanoseconds step) {
  const Nanoseconds past = now.time_since_epoch() % step;
  return past == Nanoseconds::zero() ? now : now + (step - past);
}

}  // namespace

TickPlan::TickPlan(const TickOptions& options)
    : step_{options.period > Nanoseconds::zero() ? options.period : options.shortest},
      grid_{options.period > Nanoseconds::zero()},
      part_{options.dither},
      random_{options.seed} {
  step_ = std::max(step_, Nanoseconds{std::chrono::microseconds{1}});
}

Instant TickPlan::next(Instant now) {
  if (!grid_) {
    const Instant wanted = last_ ? *last_ + step_ + dither() : now;
    last_ = std::max(wanted, now + shortest_rest);
    return *last_;
  }
  Instant point = last_ ? *last_ + step_ : first_grid_point(now + step_ / 2, step_);
  if (now >= point + step_) {
    const auto skipped = (now - point) / step_;
    missed_ += static_cast<std::uint64_t>(skipped);
    point += skipped * step_;
  }
  last_ = point;
  return point + dither();
}

// splitmix64 (Steele, Lea, Flood 2014): the same ticks for the same seed with every standard library.
Nanoseconds TickPlan::dither() {
  random_ += 0x9e3779b97f4a7c15ULL;
  std::uint64_t z = random_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  z ^= z >> 31;
  const double uniform = static_cast<double>(z >> 11) * 0x1.0p-53 * 2 - 1;
  return Nanoseconds{static_cast<Nanoseconds::rep>(uniform * part_ * static_cast<double>(step_.count()))};
}

}  // namespace layerwatt
