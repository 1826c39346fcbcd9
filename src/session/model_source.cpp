// SPDX-License-Identifier: Apache-2.0
// Finding or writing the model; see model_source.h.
#include "session/model_source.h"

#include <nlohmann/json.hpp>

namespace layerwatt {

using nlohmann::json;

Result<std::filesystem::path> provide_model(RunnerProcess& runner, const std::string& model,
                                            std::uint64_t seed, const std::filesystem::path& folder) {
  std::error_code ignored;
  // A folder may have the name of a network, as that of its pictures.
  const bool is_folder = std::filesystem::is_directory(model, ignored);
  if (!is_folder && std::filesystem::exists(model, ignored)) return std::filesystem::absolute(model);
  const auto zoo = runner.ask({{"do", "zoo"}});
  if (!zoo) return zoo.error();
  std::string names;
  for (const json& network : zoo->value("networks", json::array())) {
    const std::string name = network.value("name", "");
    names += (names.empty() ? "" : ", ") + name;
    if (name != model) continue;
    const std::filesystem::path path = folder / (name + ".onnx");
    const auto written = runner.ask({{"do", "new"}, {"name", name}, {"seed", seed}, {"out", path.string()}});
    if (!written) return written.error();
    return path;
  }
  if (is_folder) return std::filesystem::absolute(model);  // whoever opens it says what is wrong with it
  return Error{Errc::not_found, model, "neither a file nor a network of the zoo (" + names + ")"};
}

void add_network_circumstances(const json& network, std::map<std::string, std::string>& all) {
  if (!network.is_object()) return;
  if (const auto name = network.find("name"); name != network.end() && name->is_string())
    all["model.name"] = *name;
  if (const auto opset = network.find("opset"); opset != network.end() && opset->is_number_integer())
    all["model.opset"] = std::to_string(opset->get<std::int64_t>());
  if (network.value("random_weights", false)) all["model.weights"] = "random";
  if (const auto part = network.find("part");
      part != network.end() && part->is_string() && !part->get_ref<const std::string&>().empty())
    all["model.part"] = *part;
  for (const char* name : {"substitutions", "not_inferred"}) {
    std::string joined;
    for (const json& sentence : network.value(name, json::array()))
      if (sentence.is_string()) joined += (joined.empty() ? "" : "; ") + sentence.get<std::string>();
    if (!joined.empty()) all[std::string{"model."} + name] = joined;
  }
}

}  // namespace layerwatt
