// SPDX-License-Identifier: Apache-2.0
// When the sampler wants to read. With a period: on a fixed grid, each tick moved a little at random, so that
// it cannot lock to the phase of the network. Without one: again after `shortest`, or as soon as the reads
// are done. Pure.
#pragma once
#include <cstdint>
#include <optional>

#include "core/clock.h"

namespace layerwatt {

struct TickOptions {
  Nanoseconds period{};                                // zero: as fast as the reads allow
  Nanoseconds shortest{std::chrono::milliseconds{1}};  // between ticks when the period is zero
  double dither = 0.1;                                 // uniform, plus or minus this part of the period
  std::uint64_t seed = 1;
};

class TickPlan {
 public:
  explicit TickPlan(const TickOptions& options);
  // The planned moment of the next tick. It may have passed: then the tick is late. Grid points whose
  // successor is due as well are given up and counted as missed.
  Instant next(Instant now);
  // Begins anew: what passed while nobody sampled is not missed.
  void restart() { last_.reset(); }
  [[nodiscard]] std::uint64_t missed() const { return missed_; }
  // A tick this late is counted as late: half the time between ticks.
  [[nodiscard]] Nanoseconds tolerance() const { return step_ / 2; }

 private:
  Nanoseconds dither();
  Nanoseconds step_;
  bool grid_;
  double part_;
  std::uint64_t random_;
  std::uint64_t missed_ = 0;
  std::optional<Instant> last_;  // grid point, or planned moment, of the last tick
};

}  // namespace layerwatt
