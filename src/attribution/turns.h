// SPDX-License-Identifier: Apache-2.0
// Inferences in flight at the same time, told apart in time: each has the turn that ends with it. Pure.
#pragma once
#include <cstdint>
#include <vector>

#include "core/vocabulary.h"

namespace layerwatt {

// Takes inferences in order of their ends; none of them may begin before the first of its block does.
// Gives a turn for each: from the end of the one before, or from where the first of those that run in it
// begins when nothing ran meanwhile, to its own end. It loads and unloads nothing: all of it is computing.
std::vector<Inference> turns_of(const std::vector<Inference>& by_end);

// For each turn: whether all inferences that run in it are `marked`.
std::vector<bool> wholly_marked(const std::vector<Inference>& by_end, const std::vector<Inference>& turns,
                                const std::vector<bool>& marked);

}  // namespace layerwatt
