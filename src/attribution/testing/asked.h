// SPDX-License-Identifier: Apache-2.0
// For tests: options and figures that several of them ask for.
#pragma once
#include "attribution/profile.h"

namespace layerwatt {

// What all methods share is tried with the simplest of them.
inline AttributionOptions chronological_only() {
  AttributionOptions options;
  options.method = "chronological";
  return options;
}

inline double half_width(const Estimate<Joules>& energy) {
  return (energy.interval->high - energy.interval->low).value() / 2;
}

}  // namespace layerwatt
