// SPDX-License-Identifier: Apache-2.0
// The vocabulary as JSON, for the talk between layerwatt and layerwatt-runner (runner/protocol.h). Reading is
// strict: the runner has opened files that strangers made, so types and ranges are checked here, once.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/vocabulary.h"
#include "networks/network.h"

namespace layerwatt {

nlohmann::json to_json(const Error& error);  // {"code","where","detail"}
// An answer with "ok": false. What is missing or unknown is filled with io and "".
Error error_from_json(const nlohmann::json& json);

nlohmann::json to_json(const Layer& layer);
nlohmann::json to_json(std::span<const Layer> layers);
nlohmann::json to_json(const Network& network);
nlohmann::json to_json(std::span<const Inference> inferences);  // only the four stamps

// malformed, with the path of what is wrong ("layers[3].macs"). Keys we do not know are ignored.
Result<Layer> layer_from_json(const nlohmann::json& json);
Result<std::vector<Layer>> layers_from_json(const nlohmann::json& json);
Result<Network> network_from_json(const nlohmann::json& json);
// Stamps must be non-negative and in order within each inference and from one to the next.
Result<std::vector<Inference>> inferences_from_json(const nlohmann::json& json);

// One line without its end; bytes that are not UTF-8 are replaced, since names come from files.
std::string line_of(const nlohmann::json& json);

}  // namespace layerwatt
