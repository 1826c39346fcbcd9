// SPDX-License-Identifier: Apache-2.0
// What share of a classifier's answers is right, what an answer costs and what a right one costs, each with a
// 95 % interval. Pure; from the counts that a run file holds.
#pragma once
#include <cstdint>
#include <optional>

#include "attribution/profile.h"

namespace layerwatt {

// Wilson's score interval (Wilson 1927; Brown, Cai and DasGupta 2001 recommend it): near 95 % also for few
// pictures, and never outside 0 to 1. Precondition: right <= of, of > 0.
Share binomial_share(std::uint64_t right, std::uint64_t of);

// `cost` / `share`, with the interval of two independent errors (MOVER; Zou and Donner 2008, on logarithms);
// from the outermost
// end where the cost may be nothing; without one when the cost has none. Empty where nothing is right.
std::optional<Estimate<Joules>> cost_of_right(const Estimate<Joules>& cost, const Share& share);

// Puts Profile::answers there when the circumstances tell of an accuracy pass. Call when rails are complete.
void assess_answers(Profile& profile);

}  // namespace layerwatt
