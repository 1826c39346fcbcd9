// SPDX-License-Identifier: Apache-2.0
// Engines that run networks layer by layer, those that are built in, beside ONNX Runtime: the oracle for
// every operator and every network of the zoo, as they are for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/temporary_tree.h"
#include "engines/testing/comparison.h"
#include "engines/testing/one_operator.h"
#include "engines/testing/winograd_rounding.h"

namespace layerwatt {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using testing::SmallModel;

std::vector<std::string> layer_by_layer_engines() {
  std::vector<std::string> all;
  for (const EngineDriver* driver : engine_drivers())
    if (driver->name == "onednn" || driver->name == "acl") all.emplace_back(driver->name);
  return all;
}

// A processor or a library that has none of them leaves nothing to test.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LayerByLayer);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LayerByLayerZoo);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LayerByLayerOperator);

std::string name_for_test(std::string name) {
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

class BesideOnnxruntime : public testing::WithOnnxruntime {
 protected:
  [[nodiscard]] virtual std::string engine_name() const = 0;
  static EngineOptions options(ConvolutionAlgorithm algorithm = ConvolutionAlgorithm::automatic) {
    EngineOptions options;
    options.convolutions.usual = algorithm;
    return options;
  }
  Result<std::unique_ptr<Engine>> open(const std::filesystem::path& model, const EngineOptions& how) const {
    return WithOnnxruntime::open(model, how, engine_name());
  }
  // As libraries call them.
  [[nodiscard]] std::string by_gemm() const { return engine_name() == "acl" ? "GEMM" : "gemm"; }
  [[nodiscard]] std::string by_winograd() const { return engine_name() == "acl" ? "Winograd" : "wino"; }
  // Of the engine's output from that of ONNX Runtime.
  double distance_from_onnxruntime(const std::filesystem::path& model, const EngineOptions& options) const {
    const auto other = WithOnnxruntime::open(model, "disabled");
    const auto ours = open(model, options);
    EXPECT_TRUE(other) << other.error().detail;
    EXPECT_TRUE(ours) << ours.error().where << ": " << ours.error().detail;
    if (!other || !ours) return 1;
    const auto expected = infer(**other), got = infer(**ours);
    EXPECT_EQ(got.size(), expected.size());
    EXPECT_FALSE(expected.empty());
    return got.size() == expected.size() ? testing::distance(got, expected) : 1;
  }
  static std::vector<std::string> implementations(const Engine& engine) {
    std::vector<std::string> all;
    for (const Layer& layer : engine.layers())
      if (layer.type == "Conv") all.push_back(layer.implementation);
    return all;
  }
};

std::vector<std::string> zoo_names() {
  std::vector<std::string> names;
  for (const ZooEntry& entry : zoo()) names.push_back(entry.name);
  return names;
}

using EngineAndNetwork = std::tuple<std::string, std::string>;
class LayerByLayerZoo : public BesideOnnxruntime, public ::testing::WithParamInterface<EngineAndNetwork> {
 protected:
  [[nodiscard]] std::string engine_name() const override { return std::get<0>(GetParam()); }
  [[nodiscard]] std::filesystem::path model() const { return zoo_network(std::get<1>(GetParam())); }
};

class LayerByLayer : public BesideOnnxruntime, public ::testing::WithParamInterface<std::string> {
 protected:
  [[nodiscard]] std::string engine_name() const override { return GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(Engines, LayerByLayer, ::testing::ValuesIn(layer_by_layer_engines()));

TEST_P(LayerByLayerZoo, GivesTheOutputsOfOnnxruntimeByEveryAlgorithm) {
  const auto model = this->model();
  const auto network = read_onnx(model);
  const double rounding = testing::rounding_of(*network);
  const auto distance = [&](EngineOptions how, bool fuse) {
    how.fuse = fuse;
    return distance_from_onnxruntime(model, how);
  };
  for (const bool fuse : {true, false}) {
    EXPECT_LT(distance(options(ConvolutionAlgorithm::automatic), fuse), rounding);
    EXPECT_LT(distance(options(ConvolutionAlgorithm::gemm), fuse), rounding);
    EXPECT_LT(distance(options(ConvolutionAlgorithm::direct), fuse), rounding);
    EXPECT_LT(distance(options(ConvolutionAlgorithm::winograd), fuse),
              rounding * testing::winograd_rounding());
  }
  // And it would be noticed: another input is further away than any of these.
  EngineOptions other = options();
  other.seed = 2;
  EXPECT_GT(distance(other, true), rounding * testing::winograd_rounding());
}

TEST_P(LayerByLayerZoo, AccountsForEverySourceLayer) {
  const auto model = this->model();
  const auto network = read_onnx(model);
  for (const bool fuse : {true, false}) {
    EngineOptions how = options();
    how.fuse = fuse;
    const auto engine = open(model, how);
    ASSERT_TRUE(engine) << engine.error().detail;
    testing::expect_every_source_once(*network, **engine);
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, LayerByLayerZoo,
                         ::testing::Combine(::testing::ValuesIn(layer_by_layer_engines()),
                                            ::testing::ValuesIn(zoo_names())),
                         [](const auto& parameter) {
                           return name_for_test(std::get<0>(parameter.param) + "_" +
                                                std::get<1>(parameter.param));
                         });

TEST_P(LayerByLayer, SaysByWhichImplementationEachConvolutionRan) {
  const auto engine = open(zoo_network("squeezenet1.1"), options(ConvolutionAlgorithm::gemm));
  ASSERT_TRUE(engine) << engine.error().detail;
  EXPECT_THAT(implementations(**engine), Each(HasSubstr(by_gemm())));
  EXPECT_EQ((*engine)->circumstances().count("engine.convolutions_not_as_asked"), 0U);
}

TEST_P(LayerByLayer, CountsWhatWinogradCannotCompute) {
  const auto engine = open(zoo_network("squeezenet1.1"), options(ConvolutionAlgorithm::winograd));
  ASSERT_TRUE(engine) << engine.error().detail;
  const auto all = implementations(**engine);
  const auto others = std::count_if(all.begin(), all.end(), [](const std::string& one) {
    return one.find("(not winograd)") != std::string::npos;
  });
  // Kernels of 1x1 have none.
  EXPECT_THAT((*engine)->circumstances()["engine.convolutions_not_as_asked"],
              AllOf(HasSubstr(std::to_string(others) + " of 26"), HasSubstr("fire2/squeeze1x1")));
  if (others == 26) GTEST_SKIP() << "SKIPPED: nothing is computed by Winograd on this processor";
  EXPECT_THAT(all, ::testing::Contains(HasSubstr(by_winograd())));
}

TEST_P(LayerByLayer, RefusesWhatCannotBeComputedAsAskedWhenItIsStrict) {
  EngineOptions how = options(ConvolutionAlgorithm::winograd);
  how.convolutions.strict = true;
  const auto refused = open(zoo_network("squeezenet1.1"), how);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unsupported);
  EXPECT_THAT(refused.error().detail, HasSubstr("winograd"));
}

TEST_P(LayerByLayer, TakesAnAlgorithmForASingleLayer) {
  EngineOptions how = options(ConvolutionAlgorithm::direct);
  how.convolutions.of_layer = {{"fire2/squeeze1x1", ConvolutionAlgorithm::gemm}};
  const auto engine = open(zoo_network("squeezenet1.1"), how);
  ASSERT_TRUE(engine) << engine.error().detail;
  for (const Layer& layer : (*engine)->layers()) {
    if (layer.type != "Conv") continue;
    EXPECT_EQ(layer.implementation.find(by_gemm()) != std::string::npos,
              layer.sources.front() == "fire2/squeeze1x1")
        << layer.name << ": " << layer.implementation;
  }
  how.convolutions.of_layer = {{"pool1", ConvolutionAlgorithm::gemm}};
  EXPECT_EQ(open(zoo_network("squeezenet1.1"), how).error().where, "pool1");
}

TEST_P(LayerByLayer, MarksEveryPrimitiveOneAfterTheOther) {
  const auto engine = open(zoo_network("lenet5"), options());
  ASSERT_TRUE(engine) << engine.error().detail;
  const auto context = (*engine)->make_context();
  ASSERT_TRUE(context) << context.error().detail;
  testing::Recorder recorder;
  const Instant before = system_clock().now();
  ASSERT_TRUE((*context)->load(0));
  ASSERT_TRUE((*context)->compute_marked(recorder));
  const Instant after = system_clock().now();
  ASSERT_EQ(recorder.spans.size(), (*engine)->layers().size());
  Instant last = before;
  for (std::size_t i = 0; i < recorder.spans.size(); ++i) {
    EXPECT_EQ(recorder.spans[i].layer, i);
    EXPECT_GE(recorder.spans[i].begin, last);
    EXPECT_GE(recorder.spans[i].end, recorder.spans[i].begin);
    last = recorder.spans[i].end;
  }
  EXPECT_LE(last, after);
}

TEST_P(LayerByLayer, KeepsInferencesInFlightApart) {
  // Convolutions by gemm and by Winograd want scratch space; a layer of lenet5 has its values under two
  // shapes.
  for (const char* network : {"squeezenet1.1", "lenet5"})
    for (const auto algorithm : {ConvolutionAlgorithm::gemm, ConvolutionAlgorithm::winograd}) {
      const bool small = network == std::string_view{"lenet5"};
      if (!small && engine_name() == "acl") continue;  // minutes in an emulator
      EngineOptions how = options(algorithm);
      how.threads = small ? 2 : 1;
      const auto engine = open(zoo_network(network), how);
      ASSERT_TRUE(engine) << engine.error().detail;
      expect_contexts_keep_apart(**engine, 3);
    }
}

// ---- Operators, each in a network of its own ----------------------------------------------------------

using EngineAndOperator = std::tuple<std::string, testing::OneOperator>;
class LayerByLayerOperator : public BesideOnnxruntime,
                             public ::testing::WithParamInterface<EngineAndOperator> {
 protected:
  [[nodiscard]] std::string engine_name() const override { return std::get<0>(GetParam()); }
};

TEST_P(LayerByLayerOperator, GivesTheOutputOfOnnxruntime) {
  SmallModel small;
  small.input("x", testing::float32_values, {"2", "6", "9", "11"});
  std::get<1>(GetParam()).add(small);
  small.output("y", testing::float32_values, {"a", "b", "c", "d"});
  small.proto().mutable_graph()->mutable_output(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  const auto model = small.write(folder);
  // A sum has at most 594 terms, and curves are approximated to some 10 units of the last digit.
  const double rounding = (2 * std::sqrt(594.0) + 10) * std::ldexp(1.0, -24);
  for (const bool fuse : {true, false}) {
    EngineOptions how = options();
    how.fuse = fuse;
    EXPECT_LT(distance_from_onnxruntime(model, how), rounding) << (fuse ? "fused" : "apart");
  }
}

INSTANTIATE_TEST_SUITE_P(All, LayerByLayerOperator,
                         ::testing::Combine(::testing::ValuesIn(layer_by_layer_engines()),
                                            ::testing::ValuesIn(testing::operators)),
                         [](const auto& parameter) {
                           return std::get<0>(parameter.param) + "_" + std::get<1>(parameter.param).name;
                         });

TEST_P(LayerByLayer, NamesTheLayerThatItCannotCompute) {
  SmallModel small;
  small.input("x", testing::float32_values, {"1", "4"});
  small.node("Relu", "fine", {"x"}, {"r"});
  small.node("Erf", "the odd one", {"r"}, {"y"});
  small.output("y", testing::float32_values, {"1", "4"});
  const auto refused = open(small.write(folder), options());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().where, "the odd one");
  EXPECT_THAT(refused.error().detail, AllOf(HasSubstr("Erf"), HasSubstr("onnxruntime")));
}

TEST_P(LayerByLayer, RefusesShapesThatDoNotFit) {
  const auto refusal = [&](const char* type, std::vector<std::string> input,
                           std::vector<std::int64_t> weights, std::vector<std::string> output) {
    SmallModel small;
    small.input("x", testing::float32_values, input);
    small.varied_weight("w", weights);
    small.node(type, "odd", {"x", "w"}, {"y"});
    small.output("y", testing::float32_values, output);
    const auto refused = open(small.write(folder), options());
    EXPECT_FALSE(refused);
    if (refused) return std::string{};
    EXPECT_EQ(refused.error().code, Errc::malformed);
    EXPECT_EQ(refused.error().where, "odd");
    return refused.error().detail;
  };
  EXPECT_THAT(refusal("Conv", {"1", "3", "8", "8"}, {4, 5, 3, 3}, {"1", "4", "6", "6"}),
              HasSubstr("4x5x3x3"));
  EXPECT_THAT(refusal("Conv", {"1", "3", "8", "8"}, {4, 1, 3, 3}, {"1", "4", "6", "6"}),
              HasSubstr("4x1x3x3"));
  EXPECT_THAT(refusal("Add", {"1", "4"}, {3}, {"1", "4"}), HasSubstr("operand of 3"));
  EXPECT_THAT(refusal("Mul", {"1", "4"}, {2, 3}, {"1", "4"}), HasSubstr("operand of 2x3"));
  EXPECT_THAT(refusal("MatMul", {"1", "4"}, {5, 2}, {"1", "2"}), HasSubstr("weights for 5 values"));
}

TEST_P(LayerByLayer, RefusesOtherNumbersAndLevels) {
  SmallModel small;
  small.input("x", onnx::TensorProto::INT64, {"1", "4"});
  small.node("Identity", "same", {"x"}, {"y"});
  small.output("y", onnx::TensorProto::INT64, {"1", "4"});
  EXPECT_THAT(open(small.write(folder), options()).error().detail, HasSubstr("float32"));
  EngineOptions how = options();
  how.level = "all";
  EXPECT_THAT(open(lenet(), how).error().detail, HasSubstr("--conv"));
}

TEST_P(LayerByLayer, LeavesTheChoiceOfAlgorithmsToOnnxruntimeThere) {
  EXPECT_THAT(WithOnnxruntime::open(lenet(), options(ConvolutionAlgorithm::gemm)).error().detail,
              HasSubstr("onednn"));
}

}  // namespace
}  // namespace layerwatt
