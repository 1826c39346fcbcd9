// SPDX-License-Identifier: Apache-2.0
// The trained network's right answers, by every engine there is, and those of one whose weights are gone.
#include "runner/evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>

#include "engines/testing/opened_engine.h"
#include "inputs/shapes.h"

namespace layerwatt {
namespace {

// tools/train_shapes printed these; no two best answers are closer than 0.0049 there, which rounding in
// another order of sums does not reach.
constexpr std::uint64_t known_top1 = 465, known_top5 = 495;

class Evaluation : public testing::WithOnnxruntime {
 protected:
  void SetUp() override {
    WithOnnxruntime::SetUp();
    ASSERT_TRUE(write_labelled_shapes(pictures_.path()));
  }
  AnswerCounts counted(const std::filesystem::path& model, std::string_view engine_name,
                       std::int64_t batch = 1) {
    const auto network = read_onnx(model, {batch});
    EXPECT_TRUE(network);
    InputRequest request;
    request.input = "";
    request.labels = pictures_.path();
    auto inputs = PreparedInputs::prepare(request, *network);
    EXPECT_TRUE(inputs) << inputs.error().detail;
    EngineOptions options = testing::options_in(folder, "");
    options.batch = batch;
    options.inputs = inputs->set();
    const auto engine = open(model, options, engine_name);
    EXPECT_TRUE(engine) << engine.error().detail;
    const auto context = (*engine)->make_context();
    EXPECT_TRUE(context);
    const auto counts =
        evaluate(**context, *inputs, 0, std::chrono::hours{1}, system_clock(), [] { return false; });
    EXPECT_TRUE(counts) << counts.error().detail;
    return *counts;
  }
  // All weights replaced by what `change` makes of their bytes.
  template <class Change>
  std::filesystem::path destroyed(Change change) {
    onnx::ModelProto model;
    std::ifstream in{zoo_network("shapes"), std::ios::binary};
    EXPECT_TRUE(model.ParseFromIstream(&in));
    for (onnx::TensorProto& weights : *model.mutable_graph()->mutable_initializer())
      change(*weights.mutable_raw_data());
    const auto path = models.path() / "destroyed.onnx";
    std::ofstream out{path, std::ios::binary};
    EXPECT_TRUE(model.SerializeToOstream(&out));
    return path;
  }
  const testing::PrivateFolder pictures_;
};

TEST_F(Evaluation, EveryEngineGetsWhatTrainingPrinted) {
  for (const std::string_view name : {"onnxruntime", "onednn"}) {
    const bool is_built = std::any_of(engine_drivers().begin(), engine_drivers().end(),
                                      [&](const EngineDriver* driver) { return driver->name == name; });
    if (!is_built) continue;
    const AnswerCounts counts = counted(zoo_network("shapes"), name);
    EXPECT_EQ(counts.pictures, 500U) << name;
    EXPECT_EQ(counts.top1, known_top1) << name;
    EXPECT_EQ(counts.top5, known_top5) << name;
    EXPECT_EQ(counts.classes, 10U) << name;
    EXPECT_EQ(counts.not_finite, 0U) << name;
  }
}

// 500 is no multiple of 7: the last batch is not full.
TEST_F(Evaluation, BatchesDoNotChangeAnswers) {
  const AnswerCounts counts = counted(zoo_network("shapes"), "onnxruntime", 7);
  EXPECT_EQ(counts.pictures, 500U);
  EXPECT_EQ(counts.top1, known_top1);
}

TEST_F(Evaluation, WithoutWeightsOneClassIsRight) {
  const AnswerCounts counts = counted(
      destroyed([](std::string& bytes) { std::fill(bytes.begin(), bytes.end(), '\0'); }), "onnxruntime");
  EXPECT_EQ(counts.top1, 50U);
  EXPECT_EQ(counts.top5, 250U);
}

// Guessing would be right 50 times with a deviation of 6.7; six of them above that.
TEST_F(Evaluation, MixedUpWeightsOnlyGuess) {
  const AnswerCounts counts = counted(destroyed([](std::string& bytes) {
                                        std::vector<float> values(bytes.size() / sizeof(float));
                                        std::memcpy(values.data(), bytes.data(), bytes.size());
                                        std::mt19937 random{1};
                                        std::shuffle(values.begin(), values.end(), random);
                                        std::memcpy(bytes.data(), values.data(), bytes.size());
                                      }),
                                      "onnxruntime");
  EXPECT_LT(counts.top1, 91U);
}

TEST_F(Evaluation, WeightsThatAreNoNumbersAreNeverRight) {
  const AnswerCounts counts = counted(destroyed([](std::string& bytes) {
                                        const float none = std::numeric_limits<float>::quiet_NaN();
                                        for (std::size_t at = 0; at < bytes.size(); at += sizeof none)
                                          std::memcpy(&bytes[at], &none, sizeof none);
                                      }),
                                      "onnxruntime");
  EXPECT_EQ(counts.not_finite, 500U);
  EXPECT_EQ(counts.top1, 0U);
}

TEST(InputRequestFromJson, TakesAllFieldsAndRefusesOthersTypes) {
  using nlohmann::json;
  EXPECT_EQ(input_request_from_json(json{})->input, "random");
  const auto request = input_request_from_json({{"input", "a"},
                                                {"labels", "b"},
                                                {"preprocess", "caffe"},
                                                {"mean", {1, 2.5}},
                                                {"scale", 2},
                                                {"copies", 3}});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->preprocessing.mean, (std::vector<double>{1, 2.5}));
  EXPECT_EQ(request->copies, 3);
  for (const json& wrong : {json{{"mean", "1"}}, json{{"mean", {"1"}}}, json{{"scale", "2"}},
                            json{{"copies", 0}}, json{{"layout", "chwn"}}, json{3}})
    EXPECT_FALSE(input_request_from_json(wrong)) << wrong;
}

}  // namespace
}  // namespace layerwatt
