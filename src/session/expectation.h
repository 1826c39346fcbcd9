// SPDX-License-Identifier: Apache-2.0
// How long a sensor has to be read until layers are known, from simulated runs of the like of it. Pure.
#pragma once
#include <optional>
#include <string>

#include "core/vocabulary.h"

namespace layerwatt {

struct Expectation {
  std::string simulated_case;  // row of the table in docs/forward.md that it is taken from
  // Inferences of a network of 65 layers and 17 ms after which 95 % of its layers are known to 5 %; empty
  // when such layers cannot be told apart.
  std::optional<double> inferences;
};

// Empty when nothing like this sensor was simulated, or how it converts is not known.
std::optional<Expectation> expectation_for(const Channel& channel);

// "95 % of layers to 5 %: about 33 000 inferences, 9 min, of a network of 65 layers and 17 ms (SIMULATED)"
std::string describe(const Expectation& expectation);

}  // namespace layerwatt
