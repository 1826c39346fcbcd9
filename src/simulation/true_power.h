// SPDX-License-Identifier: Apache-2.0
// The power that really flows, before any sensor: constant between moments at which something changes, for
// each rail. A sliding window over it; sensors integrate what they see and the past is forgotten.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "core/units.h"

namespace layerwatt::simulation {

// Time since the simulation began, finer than a nanosecond.
using Moment = std::chrono::duration<double, std::nano>;

constexpr double seconds(Moment t) { return t.count() * 1e-9; }
constexpr Joules energy(Watts p, Moment t) { return Joules{p.value() * seconds(t)}; }
constexpr Watts mean_power(Joules e, Moment t) { return Watts{e.value() / seconds(t)}; }

class TruePower {
 public:
  // `supply_tail`: time constant of the capacitors between the shunt and the load; zero for none. The shunt
  // then sees the load's power through a first-order low-pass filter.
  TruePower(std::span<const Watts> at_start, Moment supply_tail);

  // From `at` on the load draws `power`, one value a rail. `at` does not go back, nor behind known_until().
  void change(Moment at, std::span<const Watts> power);
  // The last power holds at least until then.
  void extend(Moment until) { known_until_ = until > known_until_ ? until : known_until_; }
  // Readers that look back behind `at` may no longer be used.
  void forget_before(Moment at);

  [[nodiscard]] Moment known_until() const { return known_until_; }
  [[nodiscard]] std::size_t rails() const { return rails_; }
  // Energy that the load has drawn until known_until().
  [[nodiscard]] Joules drawn(std::size_t rail) const;

 private:
  friend class ShuntReader;
  struct State {
    Watts load;      // from this piece's begin on
    Joules drawn;    // until its begin, by the load
    Watts at_shunt;  // at its begin, behind the filter
  };
  [[nodiscard]] const State& state(std::size_t piece, std::size_t rail) const {
    return states_[piece * rails_ + rail];
  }

  std::size_t rails_;
  Moment supply_tail_;
  std::vector<Watts> at_start_;
  Moment known_until_{};
  std::vector<Moment> begins_;  // of each piece
  std::vector<State> states_;   // piece by piece, one a rail
  std::size_t forgotten_ = 0;   // pieces that stood before begins_[0]
};

// Integrates what a shunt sees. Each sensor has its own; moments may go back by little only, for speed.
class ShuntReader {
 public:
  // Energy through the shunt of `rail` from the simulation's beginning to `at`.
  Joules energy(const TruePower& power, std::size_t rail, Moment at);

 private:
  std::size_t piece_ = 0;  // counted from the first that ever was
};

}  // namespace layerwatt::simulation
