// SPDX-License-Identifier: Apache-2.0
// What a first-order average shows of power that repeats, worked out on paper: the check on what the
// simulated register gives, and the reason for it.
#pragma once
#include <span>
#include <vector>

#include "simulation/true_power.h"

namespace layerwatt::reanalysis {

using simulation::energy;
using simulation::mean_power;
using simulation::Moment;
using simulation::seconds;

constexpr Moment milliseconds(double ms) { return Moment{ms * 1e6}; }

struct Piece {
  Moment length{};
  Watts power{};
};

// Time constant of `register += (conversion - register) / averaging`, once a cycle: TI SBOS576.
Moment time_constant(Moment cycle, int averaging);

// `pieces` follow each other for ever, first after last. The mean over each piece, in time, of an exponential
// average with time constant `tau` that is read `delay` late.
std::vector<Watts> averaged_powers(std::span<const Piece> pieces, Moment tau, Moment delay);

}  // namespace layerwatt::reanalysis
