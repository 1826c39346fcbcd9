// SPDX-License-Identifier: Apache-2.0
// Vocabulary to JSON and, strictly, back; see layer_json.h.
#include "runner/layer_json.h"

#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "runner/json_object.h"

namespace layerwatt {

using nlohmann::json;

namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
// Two stamps below this can be subtracted in 64 bits.
constexpr std::int64_t latest_stamp = std::int64_t{1} << 62;

struct CodeName {
  Errc code;
  const char* name;
};
constexpr std::array code_names{
    CodeName{Errc::not_found, "not_found"},
    CodeName{Errc::permission, "permission"},
    CodeName{Errc::unsupported, "unsupported"},
    CodeName{Errc::io, "io"},
    CodeName{Errc::malformed, "malformed"},
    CodeName{Errc::busy, "busy"},
    CodeName{Errc::timeout, "timeout"},
    CodeName{Errc::gone, "gone"},
    CodeName{Errc::full, "full"},
    CodeName{Errc::exists, "exists"},
    CodeName{Errc::crashed, "crashed"},
};

template <class T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

// Reads every element of a list with `element`(json, path) -> Result<T>.
template <class T, class Element>
Result<std::vector<T>> each(const json& list, const std::string& where, Element element) {
  if (!list.is_array())
    return Error{Errc::malformed, where, "expected a list, found " + std::string{list.type_name()}};
  std::vector<T> all;
  all.reserve(list.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    Result<T> one = element(list[i], where + "[" + std::to_string(i) + "]");
    if (!one) return one.error();
    all.push_back(std::move(*one));
  }
  return all;
}

void read_shapes(JsonObject& object, const char* name, std::vector<Shape>& shapes) {
  const json* list = object.list(name);
  if (list == nullptr) return;
  for (const json& element : *list) {
    auto shape = integers_in(element, -1, most);
    if (!shape) return object.fail(name, "lists of dimensions, each -1 or more");
    shapes.push_back(std::move(*shape));
  }
}

Result<Layer> layer_at(const json& value, const std::string& where) {
  JsonObject object{value, where};
  Layer layer;
  object.required();
  object.read("name", layer.name);
  object.read("type", layer.type);
  object.optional();
  object.read("module", layer.module);
  object.read("sources", layer.sources);
  object.read("source_macs", layer.source_macs, -1, most);
  object.read("implementation", layer.implementation);
  object.read("kernel", layer.kernel, 0, most);
  object.read("stride", layer.stride, 0, most);
  object.read("groups", layer.groups, 1, most);
  read_shapes(object, "inputs", layer.inputs);
  read_shapes(object, "outputs", layer.outputs);
  object.read("macs", layer.macs, 0, most);
  object.read("parameters", layer.parameters, 0, most);
  object.read("bytes", layer.bytes, 0, most);
  if (object.failure()) return *object.failure();
  return layer;
}

json to_json(const TensorDescription& tensor) {
  return {{"name", tensor.name}, {"element_type", tensor.element_type}, {"shape", tensor.shape}};
}

Result<TensorDescription> tensor_at(const json& value, const std::string& where) {
  JsonObject object{value, where};
  TensorDescription tensor;
  object.required();
  object.read("name", tensor.name);
  object.optional();
  object.read("element_type", tensor.element_type);
  object.read("shape", tensor.shape, -1, most);
  if (object.failure()) return *object.failure();
  return tensor;
}

Result<Inference> inference_at(const json& value, const std::string& where) {
  if (!value.is_array() || value.size() != 4) return Error{Errc::malformed, where, "expected four stamps"};
  std::array<Instant, 4> stamps;
  for (std::size_t i = 0; i < stamps.size(); ++i) {
    const auto stamp = integer_in(value[i], 0, latest_stamp);
    if (!stamp || (i > 0 && Instant{Nanoseconds{*stamp}} < stamps[i - 1]))
      return Error{Errc::malformed, where, "expected stamps in order of time"};
    stamps[i] = Instant{Nanoseconds{*stamp}};
  }
  Inference inference;
  inference.load_begin = stamps[0];
  inference.compute_begin = stamps[1];
  inference.compute_end = stamps[2];
  inference.unload_end = stamps[3];
  return inference;
}

}  // namespace

json to_json(const Error& error) {
  const char* name = "io";
  for (const CodeName& entry : code_names)
    if (entry.code == error.code) name = entry.name;
  return {{"code", name}, {"where", error.where}, {"detail", error.detail}};
}

Error error_from_json(const json& value) {
  JsonObject object{value, ""};
  std::string code;
  Error error{Errc::io, "", ""};
  object.read("code", code);
  object.read("where", error.where);
  object.read("detail", error.detail);
  for (const CodeName& entry : code_names)
    if (code == entry.name) error.code = entry.code;
  return error;
}

json to_json(const Layer& layer) {
  return {{"name", layer.name},
          {"type", layer.type},
          {"module", layer.module},
          {"sources", layer.sources},
          {"source_macs", layer.source_macs},
          {"implementation", layer.implementation},
          {"kernel", layer.kernel},
          {"stride", layer.stride},
          {"groups", or_null(layer.groups)},
          {"inputs", layer.inputs},
          {"outputs", layer.outputs},
          {"macs", or_null(layer.macs)},
          {"parameters", or_null(layer.parameters)},
          {"bytes", or_null(layer.bytes)}};
}

json to_json(std::span<const Layer> layers) {
  json all = json::array();
  for (const Layer& layer : layers) all.push_back(to_json(layer));
  return all;
}

json to_json(const Network& network) {
  json inputs = json::array(), outputs = json::array();
  for (const auto& tensor : network.inputs) inputs.push_back(to_json(tensor));
  for (const auto& tensor : network.outputs) outputs.push_back(to_json(tensor));
  return {{"name", network.name},
          {"inputs", std::move(inputs)},
          {"outputs", std::move(outputs)},
          {"layers", to_json(std::span<const Layer>{network.layers})},
          {"produced", network.produced},
          {"element_types", network.element_types},
          {"opset", network.opset},
          {"random_weights", network.random_weights},
          {"part", network.part},
          {"substitutions", network.substitutions},
          {"not_inferred", network.not_inferred}};
}

json to_json(std::span<const Inference> inferences) {
  json all = json::array();
  for (const Inference& i : inferences)
    all.push_back({i.load_begin.time_since_epoch().count(), i.compute_begin.time_since_epoch().count(),
                   i.compute_end.time_since_epoch().count(), i.unload_end.time_since_epoch().count()});
  return all;
}

Result<Layer> layer_from_json(const json& value) { return layer_at(value, "layer"); }

Result<std::vector<Layer>> layers_from_json(const json& value) {
  return each<Layer>(value, "layers", layer_at);
}

Result<Network> network_from_json(const json& value) {
  JsonObject object{value, "network"};
  Network network;
  object.required();
  object.read("name", network.name);
  const json* layers = object.list("layers");
  object.optional();
  object.read("element_types", network.element_types);
  object.read("opset", network.opset, 0, most);
  object.read("random_weights", network.random_weights);
  object.read("part", network.part);
  object.read("substitutions", network.substitutions);
  object.read("not_inferred", network.not_inferred);
  const json* inputs = object.list("inputs");
  const json* outputs = object.list("outputs");
  const json* produced = object.list("produced");
  if (object.failure()) return *object.failure();

  auto read_layers = each<Layer>(*layers, "network.layers", layer_at);
  if (!read_layers) return read_layers.error();
  network.layers = std::move(*read_layers);
  for (const auto& [list, tensors, name] : {std::tuple{inputs, &network.inputs, "network.inputs"},
                                            std::tuple{outputs, &network.outputs, "network.outputs"}}) {
    if (list == nullptr) continue;
    auto read = each<TensorDescription>(*list, name, tensor_at);
    if (!read) return read.error();
    *tensors = std::move(*read);
  }
  if (produced == nullptr) return network;
  for (const json& element : *produced) {
    auto names = strings_in(element);
    if (!names) return Error{Errc::malformed, "network.produced", "expected lists of names"};
    network.produced.push_back(std::move(*names));
  }
  return network;
}

Result<std::vector<Inference>> inferences_from_json(const json& value) {
  auto all = each<Inference>(value, "inferences", inference_at);
  if (!all) return all;
  for (std::size_t i = 1; i < all->size(); ++i)
    if ((*all)[i].load_begin < (*all)[i - 1].unload_end)
      return Error{Errc::malformed, "inferences[" + std::to_string(i) + "]",
                   "begins before the last one ended"};
  return all;
}

std::string line_of(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace layerwatt
