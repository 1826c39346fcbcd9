// SPDX-License-Identifier: Apache-2.0
// What a calibrated rail may still be off in all its readings alike, in joules: takes the place of
// sensor_errors.h in the budget of such a rail. Pure.
#pragma once
#include <vector>

#include "attribution/uncertainty_component.h"

namespace layerwatt {

// Gain and level of the calibration, and of the meter, in this order; those of the meter with the reason
// where they are not known. Precondition: the rail has a calibration.
std::vector<UncertaintyComponent> calibration_errors(const RailProfile& rail, const BudgetItems& items);

}  // namespace layerwatt
