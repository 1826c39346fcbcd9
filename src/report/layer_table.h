// SPDX-License-Identifier: Apache-2.0
// The table of the terminal report: one line a layer, a bar for its energy, and the sum.
#pragma once
#include <string>

#include "report/report.h"

namespace layerwatt {

std::string layer_table(const Profile& profile, const Style& style);

}  // namespace layerwatt
