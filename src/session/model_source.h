// SPDX-License-Identifier: Apache-2.0
// From what the user called the model to a file the engine can open, and to the words the run file keeps.
#pragma once
#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/result.h"
#include "session/runner_process.h"

namespace layerwatt {

// `model` is a path, or a name of the zoo, which is then written into `folder` with weights from `seed`.
Result<std::filesystem::path> provide_model(RunnerProcess& runner, const std::string& model,
                                            std::uint64_t seed, const std::filesystem::path& folder);

// model.name, .opset, .weights, .part, .substitutions, .not_inferred: from the description of the network by
// the runner.
void add_network_circumstances(const nlohmann::json& network, std::map<std::string, std::string>& all);

}  // namespace layerwatt
