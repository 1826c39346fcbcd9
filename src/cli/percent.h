// SPDX-License-Identifier: Apache-2.0
// Percentages as people type them: "5%", "0.5%".
#pragma once
#include <string>

#include "core/result.h"

namespace layerwatt {

// As a share: 0.05 for "5%". malformed without the sign, below zero, or above 100 %.
Result<double> parse_percent(const std::string& text);

}  // namespace layerwatt
