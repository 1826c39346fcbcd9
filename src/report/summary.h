// SPDX-License-Identifier: Apache-2.0
// The head of the terminal report: what was run, how long it takes, what it costs, and how that was measured.
#pragma once
#include <string>

#include "report/report.h"

namespace layerwatt {

std::string summary_of(const Profile& profile, const Style& style);

}  // namespace layerwatt
