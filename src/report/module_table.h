// SPDX-License-Identifier: Apache-2.0
// Layers added up by module ("fire3", "layer2.0"): what one looks at when a network has a hundred layers.
#pragma once
#include <string>

#include "report/report.h"

namespace layerwatt {

// Empty when the network's names tell no modules, or every layer would be one.
std::string module_table(const Profile& profile, const Style& style);

}  // namespace layerwatt
