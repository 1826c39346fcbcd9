// SPDX-License-Identifier: Apache-2.0
// Finding one's way in Profile::circumstances.
#pragma once
#include <string>

#include "attribution/profile.h"

namespace layerwatt {

// Empty when it is not known.
std::string circumstance(const Profile& profile, const std::string& key);
// The network's name; failing that, the file's name without its folder.
std::string model_name(const Profile& profile);

}  // namespace layerwatt
