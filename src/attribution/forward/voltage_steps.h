// SPDX-License-Identifier: Apache-2.0
// Readings of power that are a current's register times a voltage's: when the voltage's rounding flips by one
// step, power jumps by a fraction of the current's step. Taking an average apart makes half a watt of it.
#pragma once
#include <vector>

namespace layerwatt::forward {

// Replaces flips of the voltage's rounding by their mean over `smooth` readings to each side, so that energy
// stays. `quantum`: one step of the current, as power, to within 20 %. Leaves values alone that do not lie on
// such a grid; returns how many flips there were.
std::size_t smooth_voltage_steps(std::vector<double>& values, double quantum, std::size_t smooth);

}  // namespace layerwatt::forward
