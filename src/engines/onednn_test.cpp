// SPDX-License-Identifier: Apache-2.0
// oneDNN beside ONNX Runtime, which is the oracle for every operator and every network of the zoo, as oneDNN
// is for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/temporary_tree.h"
#include "engines/testing/comparison.h"
#include "engines/testing/opened_engine.h"
#include "engines/testing/winograd_rounding.h"

namespace layerwatt {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using testing::SmallModel;

class Onednn : public testing::WithOnnxruntime {
 protected:
  static EngineOptions options(ConvolutionAlgorithm algorithm = ConvolutionAlgorithm::automatic) {
    EngineOptions options;
    options.convolutions.usual = algorithm;
    return options;
  }
  // The output of the model by oneDNN; that of ONNX Runtime is its distance from.
  double distance_from_onnxruntime(const std::filesystem::path& model, const EngineOptions& options) const {
    const auto other = WithOnnxruntime::open(model, "disabled");
    const auto ours = WithOnnxruntime::open(model, options, "onednn");
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

class OnednnZoo : public Onednn, public ::testing::WithParamInterface<const char*> {};

TEST_P(OnednnZoo, GivesTheOutputsOfOnnxruntimeByEveryAlgorithm) {
  const auto model = zoo_network(GetParam());
  const auto network = read_onnx(model);
  const double rounding = testing::rounding_of(*network);
  const auto distance = [&](EngineOptions how, bool fuse) {
    how.fuse = fuse;
    return distance_from_onnxruntime(model, how);
  };
  for (const bool fuse : {true, false}) {
    EXPECT_LT(distance(options(ConvolutionAlgorithm::automatic), fuse), rounding);
    EXPECT_LT(distance(options(ConvolutionAlgorithm::gemm), fuse), rounding);
    EXPECT_LT(distance(options(ConvolutionAlgorithm::winograd), fuse),
              rounding * testing::winograd_rounding());
  }
  // And it would be noticed: another input is further away than any of these.
  EngineOptions other = options();
  other.seed = 2;
  EXPECT_GT(distance(other, true), rounding * testing::winograd_rounding());
}

TEST_P(OnednnZoo, AccountsForEverySourceLayer) {
  const auto model = zoo_network(GetParam());
  const auto network = read_onnx(model);
  for (const bool fuse : {true, false}) {
    EngineOptions how = options();
    how.fuse = fuse;
    const auto engine = open(model, how, "onednn");
    ASSERT_TRUE(engine) << engine.error().detail;
    testing::expect_every_source_once(*network, **engine);
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, OnednnZoo,
                         ::testing::Values("squeezenet1.1", "mobilenet_v2", "resnet18", "lenet5"),
                         [](const auto& parameter) {
                           std::string name = parameter.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST_F(Onednn, SaysByWhichImplementationEachConvolutionRan) {
  const auto engine = open(zoo_network("squeezenet1.1"), options(ConvolutionAlgorithm::gemm), "onednn");
  ASSERT_TRUE(engine) << engine.error().detail;
  EXPECT_THAT(implementations(**engine), Each(HasSubstr("gemm")));
  EXPECT_EQ((*engine)->circumstances().count("engine.convolutions_not_as_asked"), 0U);
}

TEST_F(Onednn, CountsWhatWinogradCannotCompute) {
  const auto engine = open(zoo_network("squeezenet1.1"), options(ConvolutionAlgorithm::winograd), "onednn");
  ASSERT_TRUE(engine) << engine.error().detail;
  const auto all = implementations(**engine);
  const auto others = std::count_if(all.begin(), all.end(), [](const std::string& one) {
    return one.find("(not winograd)") != std::string::npos;
  });
  // Kernels of 1x1 have none.
  EXPECT_THAT((*engine)->circumstances()["engine.convolutions_not_as_asked"],
              AllOf(HasSubstr(std::to_string(others) + " of 26"), HasSubstr("fire2/squeeze1x1")));
  if (others == 26) GTEST_SKIP() << "SKIPPED: oneDNN computes nothing by Winograd on this processor";
  EXPECT_THAT(all, ::testing::Contains(HasSubstr("wino")));
}

TEST_F(Onednn, RefusesWhatCannotBeComputedAsAskedWhenItIsStrict) {
  EngineOptions how = options(ConvolutionAlgorithm::winograd);
  how.convolutions.strict = true;
  const auto refused = open(zoo_network("squeezenet1.1"), how, "onednn");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unsupported);
  EXPECT_THAT(refused.error().detail, HasSubstr("winograd"));
}

TEST_F(Onednn, TakesAnAlgorithmForASingleLayer) {
  EngineOptions how = options(ConvolutionAlgorithm::direct);
  how.convolutions.of_layer = {{"fire2/squeeze1x1", ConvolutionAlgorithm::gemm}};
  const auto engine = open(zoo_network("squeezenet1.1"), how, "onednn");
  ASSERT_TRUE(engine) << engine.error().detail;
  for (const Layer& layer : (*engine)->layers()) {
    if (layer.type != "Conv") continue;
    EXPECT_EQ(layer.implementation.find("gemm") != std::string::npos,
              layer.sources.front() == "fire2/squeeze1x1")
        << layer.name << ": " << layer.implementation;
  }
  how.convolutions.of_layer = {{"pool1", ConvolutionAlgorithm::gemm}};
  EXPECT_EQ(open(zoo_network("squeezenet1.1"), how, "onednn").error().where, "pool1");
}

TEST_F(Onednn, MarksEveryPrimitiveOneAfterTheOther) {
  const auto engine = open(zoo_network("lenet5"), options(), "onednn");
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

TEST_F(Onednn, KeepsInferencesInFlightApart) {
  // Convolutions by gemm and by Winograd want scratch space; a layer of lenet5 has its values under two
  // shapes.
  for (const char* network : {"squeezenet1.1", "lenet5"})
    for (const auto algorithm : {ConvolutionAlgorithm::gemm, ConvolutionAlgorithm::winograd}) {
      EngineOptions how = options(algorithm);
      how.threads = network == std::string_view{"lenet5"} ? 2 : 1;
      const auto engine = open(zoo_network(network), how, "onednn");
      ASSERT_TRUE(engine) << engine.error().detail;
      expect_contexts_keep_apart(**engine, 3);
    }
}

// ---- Operators, each in a network of its own ----------------------------------------------------------

constexpr int float32_values = onnx::TensorProto::FLOAT;

struct OneOperator {
  const char* name;
  void (*add)(SmallModel&);  // makes "y" of "x", 2x6x9x11
};

void set_integers(onnx::NodeProto& node, const char* name, const std::vector<std::int64_t>& values) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INTS);
  for (const std::int64_t value : values) attribute.add_ints(value);
}
void set_integer(onnx::NodeProto& node, const char* name, std::int64_t value) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INT);
  attribute.set_i(value);
}
void set_text(onnx::NodeProto& node, const char* name, const std::string& value) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::STRING);
  attribute.set_s(value);
}

const OneOperator operators[] = {
    {"UnevenPadsAndStrides",
     [](SmallModel& model) {
       model.varied_weight("w", {4, 6, 3, 2});
       model.varied_weight("b", {4});
       auto& node = model.node("Conv", "one", {"x", "w", "b"}, {"y"});
       set_integers(node, "pads", {1, 0, 2, 1});
       set_integers(node, "strides", {2, 1});
     }},
    {"GroupsAndDilation",
     [](SmallModel& model) {
       model.varied_weight("w", {6, 2, 3, 3});
       auto& node = model.node("Conv", "one", {"x", "w"}, {"y"});
       set_integer(node, "group", 3);
       set_integers(node, "dilations", {2, 2});
     }},
    {"SameUpper",
     [](SmallModel& model) {
       model.varied_weight("w", {4, 6, 2, 4});
       auto& node = model.node("Conv", "one", {"x", "w"}, {"y"});
       set_text(node, "auto_pad", "SAME_UPPER");
       set_integers(node, "strides", {2, 2});
     }},
    {"SameLower",
     [](SmallModel& model) {
       model.varied_weight("w", {4, 6, 2, 4});
       auto& node = model.node("Conv", "one", {"x", "w"}, {"y"});
       set_text(node, "auto_pad", "SAME_LOWER");
     }},
    {"NormalisedConvolution",
     [](SmallModel& model) {
       model.varied_weight("w", {4, 6, 3, 3});
       model.varied_weight("b", {4});
       model.node("Conv", "conv", {"x", "w", "b"}, {"c"});
       model.varied_weight("scale", {4}, 0.5F);
       model.varied_weight("shift", {4});
       model.varied_weight("mean", {4});
       model.varied_weight("variance", {4}, 0.5F);
       model.node("BatchNormalization", "norm", {"c", "scale", "shift", "mean", "variance"}, {"n"});
       model.node("Relu", "relu", {"n"}, {"y"});
     }},
    {"NormalisedInput",
     [](SmallModel& model) {
       model.varied_weight("scale", {6}, 0.5F);
       model.varied_weight("shift", {6});
       model.varied_weight("mean", {6});
       model.varied_weight("variance", {6}, 0.5F);
       model.node("BatchNormalization", "norm", {"x", "scale", "shift", "mean", "variance"}, {"y"});
     }},
    {"MaxPoolRoundedUp",
     [](SmallModel& model) {
       auto& node = model.node("MaxPool", "one", {"x"}, {"y"});
       set_integers(node, "kernel_shape", {3, 3});
       set_integers(node, "strides", {2, 2});
       set_integer(node, "ceil_mode", 1);
     }},
    {"AveragePoolWithoutPads",
     [](SmallModel& model) {
       auto& node = model.node("AveragePool", "one", {"x"}, {"y"});
       set_integers(node, "kernel_shape", {3, 3});
       set_integers(node, "pads", {1, 1, 1, 1});
     }},
    {"AveragePoolWithPads",
     [](SmallModel& model) {
       auto& node = model.node("AveragePool", "one", {"x"}, {"y"});
       set_integers(node, "kernel_shape", {3, 3});
       set_integers(node, "pads", {1, 1, 1, 1});
       set_integer(node, "count_include_pad", 1);
     }},
    {"GlobalPools",
     [](SmallModel& model) {
       model.node("GlobalAveragePool", "mean", {"x"}, {"m"});
       model.node("GlobalMaxPool", "most", {"x"}, {"n"});
       model.node("Add", "sum", {"m", "n"}, {"y"});
     }},
    {"AddsAConstantToEachChannel",
     [](SmallModel& model) {
       model.varied_weight("c", {6, 1, 1});
       model.node("Mul", "mul", {"x", "c"}, {"m"});
       model.node("Add", "add", {"m", "c"}, {"a"});
       model.node("Relu", "relu", {"a"}, {"y"});
     }},
    {"ClipsBetweenInputs",
     [](SmallModel& model) {
       model.weight("least", {}, 0.2F);
       model.weight("most", {}, 0.7F);
       model.node("Clip", "clip", {"x", "least", "most"}, {"y"});
     }},
    {"CurvesOfEachValue",
     [](SmallModel& model) {
       model.node("Sigmoid", "sigmoid", {"x"}, {"s"});
       model.node("Tanh", "tanh", {"s"}, {"t"});
       model.weight("minus", {1}, -1);
       model.node("Mul", "negative", {"t", "minus"}, {"m"});
       model.node("Elu", "elu", {"m"}, {"e"});
       model.node("LeakyRelu", "leaky", {"e"}, {"y"});
     }},
    {"Concat",
     [](SmallModel& model) {
       model.node("Relu", "relu", {"x"}, {"r"});
       set_integer(model.node("Concat", "one", {"x", "r", "x"}, {"y"}), "axis", 1);
     }},
    {"LocalResponse",
     [](SmallModel& model) { set_integer(model.node("LRN", "one", {"x"}, {"y"}), "size", 5); }},
    {"ProductsOfRows",
     [](SmallModel& model) {
       model.node("Dropout", "dropout", {"x"}, {"d"});
       model.node("Flatten", "flatten", {"d"}, {"f"});
       model.varied_weight("w", {594, 7});
       model.varied_weight("b", {7});
       model.node("Gemm", "gemm", {"f", "w", "b"}, {"g"});
       model.varied_weight("v", {7, 5});
       model.node("MatMul", "matmul", {"g", "v"}, {"p"});
       set_integer(model.node("Softmax", "softmax", {"p"}, {"y"}), "axis", 1);
     }},
};

class OnednnOperator : public Onednn, public ::testing::WithParamInterface<OneOperator> {};

TEST_P(OnednnOperator, GivesTheOutputOfOnnxruntime) {
  SmallModel small;
  small.input("x", float32_values, {"2", "6", "9", "11"});
  GetParam().add(small);
  small.output("y", float32_values, {"a", "b", "c", "d"});
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

INSTANTIATE_TEST_SUITE_P(All, OnednnOperator, ::testing::ValuesIn(operators),
                         [](const auto& parameter) { return std::string{parameter.param.name}; });

TEST_F(Onednn, NamesTheLayerThatItCannotCompute) {
  SmallModel small;
  small.input("x", float32_values, {"1", "4"});
  small.node("Relu", "fine", {"x"}, {"r"});
  small.node("Erf", "the odd one", {"r"}, {"y"});
  small.output("y", float32_values, {"1", "4"});
  const auto refused = open(small.write(folder), options(), "onednn");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().where, "the odd one");
  EXPECT_THAT(refused.error().detail, AllOf(HasSubstr("Erf"), HasSubstr("onnxruntime")));
}

TEST_F(Onednn, RefusesOtherNumbersAndLevels) {
  SmallModel small;
  small.input("x", onnx::TensorProto::INT64, {"1", "4"});
  small.node("Identity", "same", {"x"}, {"y"});
  small.output("y", onnx::TensorProto::INT64, {"1", "4"});
  EXPECT_THAT(open(small.write(folder), options(), "onednn").error().detail, HasSubstr("float32"));
  EngineOptions how = options();
  how.level = "all";
  EXPECT_THAT(open(lenet(), how, "onednn").error().detail, HasSubstr("--conv"));
}

TEST_F(Onednn, LeavesTheChoiceOfAlgorithmsToOnnxruntimeThere) {
  EXPECT_THAT(open(lenet(), options(ConvolutionAlgorithm::gemm)).error().detail, HasSubstr("onednn"));
}

}  // namespace
}  // namespace layerwatt
