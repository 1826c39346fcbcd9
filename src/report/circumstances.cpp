// SPDX-License-Identifier: Apache-2.0
// Keys are those of docs/run-file.md.
#include "report/circumstances.h"

namespace layerwatt {

std::string circumstance(const Profile& profile, const std::string& key) {
  const auto found = profile.circumstances.find(key);
  return found == profile.circumstances.end() ? std::string{} : found->second;
}

std::string model_name(const Profile& profile) {
  if (std::string name = circumstance(profile, "model.name"); !name.empty()) return name;
  const std::string model = circumstance(profile, "model");
  return model.substr(model.find_last_of('/') + 1);
}

}  // namespace layerwatt
