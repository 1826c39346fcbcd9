// SPDX-License-Identifier: Apache-2.0
// Exact integrals of a piecewise constant power and of its first-order low-pass filter: with f' = (p - f) / T
// the integral of f is the integral of p minus T times the change of f.
#include "simulation/true_power.h"

#include <algorithm>
#include <cassert>

#include "simulation/portable_math.h"

namespace layerwatt::simulation {

TruePower::TruePower(std::span<const Watts> at_start, Moment supply_tail)
    : rails_{at_start.size()},
      supply_tail_{supply_tail},
      at_start_(at_start.begin(), at_start.end()),
      begins_{Moment{}} {
  for (const Watts power : at_start) states_.push_back({power, Joules{}, power});
}

void TruePower::change(Moment at, std::span<const Watts> power) {
  assert(power.size() == rails_ && at >= begins_.back());
  const std::size_t last = begins_.size() - 1;
  if (at == begins_.back()) {  // nothing was drawn at what held for no time
    for (std::size_t rail = 0; rail < rails_; ++rail) states_[last * rails_ + rail].load = power[rail];
    return;
  }
  const Moment length = at - begins_.back();
  const double kept = supply_tail_.count() > 0 ? portable_exp(-std::min(length / supply_tail_, 600.0)) : 0;
  for (std::size_t rail = 0; rail < rails_; ++rail) {
    const State before = state(last, rail);
    states_.push_back({power[rail], before.drawn + simulation::energy(before.load, length),
                       before.load + kept * (before.at_shunt - before.load)});
  }
  begins_.push_back(at);
  extend(at);
}

void TruePower::forget_before(Moment at) {
  std::size_t old = 0;
  while (old + 1 < begins_.size() && begins_[old + 1] <= at) ++old;
  if (old < begins_.size() / 2) return;  // moving the rest down costs less than what was added since
  begins_.erase(begins_.begin(), begins_.begin() + static_cast<std::ptrdiff_t>(old));
  states_.erase(states_.begin(), states_.begin() + static_cast<std::ptrdiff_t>(old * rails_));
  forgotten_ += old;
}

Joules TruePower::drawn(std::size_t rail) const {
  const State& last = state(begins_.size() - 1, rail);
  return last.drawn + simulation::energy(last.load, known_until_ - begins_.back());
}

Joules ShuntReader::energy(const TruePower& power, std::size_t rail, Moment at) {
  const auto& begins = power.begins_;
  std::size_t piece = piece_ > power.forgotten_ ? piece_ - power.forgotten_ : 0;
  while (piece > 0 && begins[piece] > at) --piece;
  while (piece + 1 < begins.size() && begins[piece + 1] <= at) ++piece;
  piece_ = piece + power.forgotten_;
  assert(at >= begins[piece] && at <= power.known_until());

  const TruePower::State& state = power.state(piece, rail);
  const Moment into = at - begins[piece];
  const Joules drawn = state.drawn + simulation::energy(state.load, into);
  if (power.supply_tail_.count() <= 0) return drawn;
  // At a piece's very begin the answer may not depend on the piece, which might still be replaced.
  Watts at_shunt = state.at_shunt;
  if (into.count() > 0) {
    const double kept = portable_exp(-std::min(into / power.supply_tail_, 600.0));
    at_shunt = state.load + kept * (state.at_shunt - state.load);
  }
  return drawn - simulation::energy(at_shunt - power.at_start_[rail], power.supply_tail_);
}

}  // namespace layerwatt::simulation
