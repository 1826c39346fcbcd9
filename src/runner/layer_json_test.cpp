// SPDX-License-Identifier: Apache-2.0
#include "runner/layer_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace layerwatt {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

Layer full_layer() {
  Layer layer;
  layer.name = "conv1 + relu1";
  layer.type = "Conv";
  layer.module = "fire3";
  layer.sources = {"conv1", "relu1"};
  layer.source_macs = {std::numeric_limits<std::int64_t>::max(), -1};
  layer.implementation = "Conv (nchwc)";
  layer.kernel = {3, 3};
  layer.stride = {2, 2};
  layer.groups = 1;
  layer.inputs = {{1, 3, 224, 224}, {64, 3, 3, 3}};
  layer.outputs = {{1, 64, -1, -1}};
  layer.macs = std::numeric_limits<std::int64_t>::max();
  layer.parameters = 1792;
  layer.bytes = 0;
  return layer;
}

void expect_equal(const Layer& a, const Layer& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.type, b.type);
  EXPECT_EQ(a.module, b.module);
  EXPECT_EQ(a.sources, b.sources);
  EXPECT_EQ(a.source_macs, b.source_macs);
  EXPECT_EQ(a.implementation, b.implementation);
  EXPECT_EQ(a.kernel, b.kernel);
  EXPECT_EQ(a.stride, b.stride);
  EXPECT_EQ(a.groups, b.groups);
  EXPECT_EQ(a.inputs, b.inputs);
  EXPECT_EQ(a.outputs, b.outputs);
  EXPECT_EQ(a.macs, b.macs);
  EXPECT_EQ(a.parameters, b.parameters);
  EXPECT_EQ(a.bytes, b.bytes);
}

// As it travels: through text.
json sent(const json& value) { return json::parse(line_of(value)); }

TEST(LayerJson, CarriesALayerUnchanged) {
  const auto back = layer_from_json(sent(to_json(full_layer())));
  ASSERT_TRUE(back) << back.error().detail;
  expect_equal(*back, full_layer());
}

TEST(LayerJson, KeepsWhatIsNotKnownUnknown) {
  Layer layer;
  layer.name = "n";
  layer.type = "Mystery";
  const auto back = layer_from_json(sent(to_json(layer)));
  ASSERT_TRUE(back) << back.error().detail;
  expect_equal(*back, layer);
  EXPECT_FALSE(back->macs.has_value());
}

TEST(LayerJson, CarriesANetworkUnchanged) {
  Network network;
  network.name = "squeezenet1.1";
  network.inputs = {{"data", "float32", {1, 3, 224, 224}}};
  network.outputs = {{"prob", "float32", {-1, 1000}}};
  network.layers = {full_layer(), full_layer()};
  network.produced = {{"a", "b"}, {}};
  network.opset = 13;
  network.random_weights = true;
  network.not_inferred = {"shape of x"};
  network.part = "conv1 to pool2";
  network.substitutions = {"a Power is two layers"};
  network.element_types = {"float16"};
  const auto back = network_from_json(sent(to_json(network)));
  ASSERT_TRUE(back) << back.error().detail;
  EXPECT_EQ(back->name, network.name);
  ASSERT_EQ(back->inputs.size(), 1U);
  EXPECT_EQ(back->inputs[0].shape, network.inputs[0].shape);
  EXPECT_EQ(back->inputs[0].element_type, "float32");
  EXPECT_EQ(back->outputs[0].name, "prob");
  ASSERT_EQ(back->layers.size(), 2U);
  expect_equal(back->layers[1], full_layer());
  EXPECT_EQ(back->produced, network.produced);
  EXPECT_EQ(back->opset, 13);
  EXPECT_TRUE(back->random_weights);
  EXPECT_EQ(back->not_inferred, network.not_inferred);
  EXPECT_EQ(back->part, network.part);
  EXPECT_EQ(back->substitutions, network.substitutions);
  EXPECT_EQ(back->element_types, network.element_types);
}

TEST(LayerJson, NamesTheFieldThatIsWrong) {
  const json good = to_json(full_layer());
  const std::pair<const char*, json> wrong[] = {
      {"name", 3},
      {"name", nullptr},
      {"type", json::array()},
      {"macs", -1},
      {"macs", 1.5},
      {"macs", "1"},
      {"macs", 1e30},
      {"macs", 18446744073709551615U},
      {"groups", 0},
      {"kernel", {3, "3"}},
      {"kernel", {-1}},
      {"kernel", 3},
      {"inputs", {1, 2}},
      {"inputs", {{-2}}},
      {"outputs", json::object()},
      {"sources", {1}},
      {"sources", "conv1"},
      {"parameters", {1, 2, 3}},
  };
  for (const auto& [name, value] : wrong) {
    json layers = json::array({good, good});
    layers[1][name] = value;
    const auto read = layers_from_json(layers);
    ASSERT_FALSE(read) << name << " = " << value;
    EXPECT_EQ(read.error().code, Errc::malformed);
    EXPECT_EQ(read.error().where, std::string{"layers[1]."} + name);
  }
}

TEST(LayerJson, RefusesWhatIsNotEvenTheRightKind) {
  for (const json& value : {json(nullptr), json(3), json("x"), json::array()}) {
    EXPECT_FALSE(layer_from_json(value));
    EXPECT_FALSE(network_from_json(value));
  }
  EXPECT_FALSE(layers_from_json(json::object()));
  EXPECT_FALSE(inferences_from_json(nullptr));
  EXPECT_FALSE(network_from_json({{"name", "n"}}));
  EXPECT_FALSE(network_from_json({{"name", "n"}, {"layers", 3}}));
  EXPECT_FALSE(network_from_json({{"name", "n"}, {"layers", json::array()}, {"inputs", {1}}}));
  EXPECT_FALSE(network_from_json({{"name", "n"}, {"layers", json::array()}, {"produced", {1}}}));
  EXPECT_TRUE(network_from_json({{"name", "n"}, {"layers", json::array()}})) << "control";
}

TEST(LayerJson, CarriesStampsToTheNanosecond) {
  Inference one;
  one.load_begin = Instant{Nanoseconds{9'007'199'254'740'993}};  // 2^53 + 1: a double would round it
  one.compute_begin = one.load_begin + Nanoseconds{1};
  one.compute_end = one.load_begin + Nanoseconds{2};
  one.unload_end = one.load_begin + Nanoseconds{3};
  const auto back = inferences_from_json(sent(to_json(std::span<const Inference>{&one, 1})));
  ASSERT_TRUE(back) << back.error().detail;
  ASSERT_EQ(back->size(), 1U);
  EXPECT_EQ((*back)[0].load_begin, one.load_begin);
  EXPECT_EQ((*back)[0].compute_begin, one.compute_begin);
  EXPECT_EQ((*back)[0].compute_end, one.compute_end);
  EXPECT_EQ((*back)[0].unload_end, one.unload_end);
}

TEST(LayerJson, RefusesStampsThatRunBackwardsOrCouldOverflow) {
  EXPECT_TRUE(inferences_from_json({{0, 1, 2, 3}, {3, 3, 3, 3}})) << "control";
  EXPECT_FALSE(inferences_from_json({{0, 2, 1, 3}}));
  EXPECT_FALSE(inferences_from_json({{0, 1, 2, 3}, {2, 4, 5, 6}}));
  EXPECT_FALSE(inferences_from_json({{-1, 1, 2, 3}}));
  EXPECT_FALSE(inferences_from_json({{0, 1, 2}}));
  EXPECT_FALSE(inferences_from_json({{0, 1, 2, 3.5}}));
  EXPECT_FALSE(inferences_from_json({{0, 1, 2, 9223372036854775807}}));
}

TEST(LayerJson, CarriesErrorsWithTheirCode) {
  for (int code = 0; code <= static_cast<int>(Errc::crashed); ++code) {
    const Error error{static_cast<Errc>(code), "model.onnx", "why"};
    const Error back = error_from_json(sent(to_json(error)));
    EXPECT_EQ(back.code, error.code);
    EXPECT_EQ(back.where, "model.onnx");
    EXPECT_EQ(back.detail, "why");
  }
  EXPECT_EQ(error_from_json(json("nonsense")).code, Errc::io);
  EXPECT_EQ(error_from_json({{"code", "unheard of"}, {"where", 3}}).code, Errc::io);
}

TEST(LayerJson, WritesNamesThatAreNotUtf8) {
  Layer layer;
  layer.name = "conv\xff\n";
  layer.type = "Conv";
  const std::string line = line_of(to_json(layer));
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto back = layer_from_json(json::parse(line));
  ASSERT_TRUE(back) << back.error().detail;
  EXPECT_THAT(back->name, HasSubstr("conv"));
}

}  // namespace
}  // namespace layerwatt
