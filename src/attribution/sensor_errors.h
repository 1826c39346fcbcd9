// SPDX-License-Identifier: Apache-2.0
// What a sensor may be off in all its readings alike, in joules: the type B part of an uncertainty budget.
// Pure.
#pragma once
#include <vector>

#include "attribution/uncertainty_component.h"

namespace layerwatt {

// Gains, tolerance and offsets, in this order; each with the reason where it is not known.
std::vector<UncertaintyComponent> sensor_errors(const RailProfile& rail, const BudgetItems& items);

}  // namespace layerwatt
