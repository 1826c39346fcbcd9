// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <thread>

#include "engines/onnxruntime_hook.h"
#include "engines/testing/opened_engine.h"

namespace layerwatt {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int float32 = onnx::TensorProto::FLOAT;

using Onnxruntime = testing::WithOnnxruntime;

// ---- Marks ------------------------------------------------------------------------------------------------

TEST_F(Onnxruntime, MarksEveryLayerOnceInOrderWithinTheInference) {
  const auto engine = open(lenet(), "all");
  ASSERT_TRUE(engine) << engine.error().detail;
  const auto context = (*engine)->make_context();
  ASSERT_TRUE(context) << context.error().detail;
  for (int i = 0; i < 3; ++i) {
    testing::Recorder recorder;
    ASSERT_TRUE((*context)->load(0));
    const Instant before = system_clock().now();
    ASSERT_TRUE((*context)->compute_marked(recorder));
    const Instant after = system_clock().now();
    ASSERT_EQ(recorder.spans.size(), (*engine)->layers().size());
    Instant last = before;
    for (std::uint32_t l = 0; l < recorder.spans.size(); ++l) {
      EXPECT_EQ(recorder.spans[l].layer, l);
      EXPECT_GE(recorder.spans[l].begin, last);
      EXPECT_GE(recorder.spans[l].end, recorder.spans[l].begin);
      last = recorder.spans[l].end;
    }
    EXPECT_LE(last, after);
  }
}

TEST_F(Onnxruntime, ComputesTheSameMarkedAndUnmarked) {
  const auto engine = open(lenet(), "all");
  ASSERT_TRUE(engine) << engine.error().detail;
  const auto context = (*engine)->make_context();
  ASSERT_TRUE(context) << context.error().detail;
  const auto unmarked = infer(**engine);
  testing::Recorder recorder;
  ASSERT_TRUE((*context)->load(0));
  ASSERT_TRUE((*context)->compute_marked(recorder));
  ASSERT_TRUE((*context)->unload());
  EXPECT_THAT(unmarked, ::testing::ElementsAreArray((*context)->output()));
}

// ONNX Runtime and we share one copy of the plug-in; a third look at it counts the calls.
TEST_F(Onnxruntime, RunsNothingOfOursWhenUnmarked) {
  const auto engine = open(lenet(), "all");
  ASSERT_TRUE(engine) << engine.error().detail;
  const auto context = (*engine)->make_context();
  ASSERT_TRUE(context) << context.error().detail;
  void* plugin = ::dlopen((std::string{LAYERWATT_BUILD "/"} + hook_file).c_str(), RTLD_NOW | RTLD_NOLOAD);
  ASSERT_NE(plugin, nullptr);
  const auto calls = reinterpret_cast<unsigned long (*)()>(::dlsym(plugin, "layerwatt_hook_calls"));
  const unsigned long before = calls();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE((*context)->compute());
  EXPECT_EQ(calls(), before);
  testing::Recorder recorder;
  ASSERT_TRUE((*context)->compute_marked(recorder));
  EXPECT_GE(calls(), before + 2 * recorder.spans.size());
  ::dlclose(plugin);
}

TEST_F(Onnxruntime, KeepsInferencesInFlightApart) {
  auto options = testing::options_in(folder, "all");
  for (const int threads : {1, 2}) {
    options.threads = threads;
    options.in_flight = 3;
    const auto engine = open(zoo_network("squeezenet1.1"), options);
    ASSERT_TRUE(engine) << engine.error().detail;
    expect_contexts_keep_apart(**engine, 3);
  }
}

TEST_F(Onnxruntime, LeavesNoFilesBehind) {
  const auto engine = open(lenet(), "all");
  ASSERT_TRUE(engine) << engine.error().detail;
  const auto context = (*engine)->make_context();
  ASSERT_TRUE(context) << context.error().detail;
  testing::Recorder recorder;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE((*context)->compute_marked(recorder));
  ASSERT_TRUE((*engine)->end_block());
  EXPECT_TRUE(folder.is_empty());
}

TEST_F(Onnxruntime, MapsByNamesWhenTheOptimisedGraphCannotBeSaved) {
  const auto model = lenet();
  auto options = testing::options_in(folder, "all");
  options.private_folder = folder.path() / "missing";
  const auto engine = open(model, options);
  ASSERT_TRUE(engine) << engine.error().detail;
  EXPECT_THAT((*engine)->circumstances()["engine.fusion_map"], HasSubstr("names of nodes only"));
  testing::expect_every_source_once(*read_onnx(model), **engine);
}

TEST_F(Onnxruntime, IsOpenedOnceAtATimeInAProcess) {
  const auto model = lenet();
  {
    const auto first = open(model, "all");
    ASSERT_TRUE(first) << first.error().detail;
    const auto second = open(model, "all");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::busy);
  }
  EXPECT_TRUE(open(model, "all"));
}

TEST_F(Onnxruntime, MapsNodesWithoutNames) {
  testing::SmallModel small;
  small.input("x", float32, {"1", "4"});
  small.node("Tanh", "", {"x"}, {"a"});
  small.node("Sigmoid", "", {"a"}, {"b"});
  small.node("Tanh", "", {"b"}, {"y"});
  small.output("y", float32, {"1", "4"});
  const auto model = small.write(models);
  for (const char* level : {"disabled", "all"}) {
    const auto engine = open(model, level);
    ASSERT_TRUE(engine) << engine.error().detail;
    const auto network = read_onnx(model);
    ASSERT_EQ((*engine)->layers().size(), 3u);
    for (std::size_t l = 0; l < 3; ++l)
      EXPECT_THAT((*engine)->layers()[l].sources, ElementsAre(network->layers[l].name));
  }
}

// A node inside another one is no layer: the loop around it is.
TEST_F(Onnxruntime, MarksALoopAsOneLayer) {
  testing::SmallModel small;
  small.input("x", float32, {"1", "4"});
  small.output("y", float32, {"1", "4"});
  auto& graph = *small.proto().mutable_graph();
  const auto constant = [&](const std::string& name, int type) -> onnx::TensorProto& {
    auto& tensor = *graph.add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type);
    return tensor;
  };
  constant("times", onnx::TensorProto::INT64).add_int64_data(5);
  constant("go_on", onnx::TensorProto::BOOL).add_int32_data(1);
  small.node("Relu", "before", {"x"}, {"a"});
  auto& loop = small.node("Loop", "loop", {"times", "go_on", "a"}, {"b"});
  small.node("Sigmoid", "after", {"b"}, {"y"});
  auto& attribute = *loop.add_attribute();
  attribute.set_name("body");
  attribute.set_type(onnx::AttributeProto::GRAPH);
  testing::SmallModel body;
  body.input("i", onnx::TensorProto::INT64, {});
  body.input("c", onnx::TensorProto::BOOL, {});
  body.input("v", float32, {"1", "4"});
  body.node("Identity", "keep", {"c"}, {"c_out"});
  body.node("Tanh", "step", {"v"}, {"v_out"});
  body.output("c_out", onnx::TensorProto::BOOL, {});
  body.output("v_out", float32, {"1", "4"});
  *attribute.mutable_g() = body.proto().graph();
  const auto engine = open(small.write(models), "all");
  ASSERT_TRUE(engine) << engine.error().where << engine.error().detail;
  const auto context = (*engine)->make_context();
  ASSERT_TRUE(context) << context.error().detail;
  std::vector<std::string> names;
  for (const Layer& layer : (*engine)->layers()) names.push_back(layer.name);
  EXPECT_THAT(names, ElementsAre("before", "loop", "after"));
  testing::Recorder recorder;
  ASSERT_TRUE((*context)->compute_marked(recorder));
  EXPECT_EQ(recorder.spans.size(), 3u);
}

// ---- Inputs and options -----------------------------------------------------------------------------------

TEST_F(Onnxruntime, PutsTheBatchIntoADynamicFirstDimension) {
  testing::SmallModel small;
  small.input("x", float32, {"N", "4"});
  small.node("Relu", "relu", {"x"}, {"y"});
  small.output("y", float32, {"N", "4"});
  const auto model = small.write(models);
  auto options = testing::options_in(folder, "all");
  options.batch = 3;
  const auto engine = open(model, options);
  ASSERT_TRUE(engine) << engine.error().detail;
  EXPECT_EQ(infer(**engine).size(), 12u);
}

TEST_F(Onnxruntime, SaysThatABatchCannotBeChanged) {
  testing::SmallModel small;
  small.input("x", float32, {"1", "4"});
  small.node("Relu", "relu", {"x"}, {"y"});
  small.output("y", float32, {"1", "4"});
  auto options = testing::options_in(folder, "all");
  options.batch = 3;
  EXPECT_EQ(open(small.write(models), options).error().where, "batch");
}

TEST_F(Onnxruntime, NamesTheDynamicDimensionItCannotSettle) {
  testing::SmallModel small;
  small.input("tokens", float32, {"N", "length"});
  small.node("Relu", "relu", {"tokens"}, {"y"});
  small.output("y", float32, {"N", "length"});
  const auto engine = open(small.write(models), "all");
  ASSERT_FALSE(engine);
  EXPECT_EQ(engine.error().code, Errc::unsupported);
  EXPECT_EQ(engine.error().where, "tokens");
  EXPECT_THAT(engine.error().detail, HasSubstr("dimension 1 (length)"));
}

TEST_F(Onnxruntime, FeedsAndReadsEveryElementType) {
  using Tensor = onnx::TensorProto;
  for (const int type : {Tensor::FLOAT, Tensor::FLOAT16, Tensor::DOUBLE, Tensor::INT8, Tensor::UINT8,
                         Tensor::INT32, Tensor::INT64, Tensor::BOOL}) {
    SCOPED_TRACE(type);
    testing::SmallModel small;
    small.input("x", type, {"1", "16"});
    auto& cast = *small.node("Cast", "cast", {"x"}, {"y"}).add_attribute();
    cast.set_name("to");
    cast.set_type(onnx::AttributeProto::INT);
    cast.set_i(type == Tensor::FLOAT ? Tensor::DOUBLE : Tensor::FLOAT);
    small.output("y", type == Tensor::FLOAT ? Tensor::DOUBLE : Tensor::FLOAT, {"1", "16"});
    const auto engine = open(small.write(models), "all");
    ASSERT_TRUE(engine) << engine.error().where << ": " << engine.error().detail;
    const auto values = infer(**engine);
    ASSERT_EQ(values.size(), 16u);
    EXPECT_NE(*std::max_element(values.begin(), values.end()), 0);
  }
}

TEST_F(Onnxruntime, GivesTheSameInputForTheSameSeed) {
  const auto model = lenet();
  auto options = testing::options_in(folder, "all");
  std::vector<std::vector<float>> outputs;
  for (const std::uint64_t seed : {1u, 1u, 2u}) {
    options.seed = seed;
    outputs.push_back(infer(**open(model, options)));
  }
  EXPECT_EQ(outputs[0], outputs[1]);
  EXPECT_NE(outputs[0], outputs[2]);
}

TEST_F(Onnxruntime, RecordsHowItWasOpened) {
  auto options = testing::options_in(folder, "");
  options.threads = 2;
  const auto engine = open(lenet(), options);
  ASSERT_TRUE(engine) << engine.error().detail;
  auto circumstances = (*engine)->circumstances();
  EXPECT_EQ(circumstances["engine"], "onnxruntime");
  EXPECT_EQ(circumstances["engine.level"], "all");
  EXPECT_EQ(circumstances["engine.threads"], "2");
  EXPECT_THAT(circumstances["engine.spinning"], HasSubstr("on"));
  EXPECT_TRUE(is_supported_onnxruntime(circumstances["engine.version"]));
  EXPECT_TRUE(std::filesystem::exists(circumstances["engine.library"]));
  EXPECT_NE(circumstances["engine.library_found_by"], "");
}

// Between inferences, while nobody wants anything of them.
TEST_F(Onnxruntime, ThreadsThatMayNotSpinSleep) {
  const auto model = zoo_network("squeezenet1.1");
  const auto spent_waiting = [&](bool spinning) {
    auto options = testing::options_in(folder, "");
    options.threads = 2;
    options.spinning = spinning;
    const auto engine = open(model, options);
    EXPECT_TRUE(engine) << engine.error().detail;
    const auto context = (*engine)->make_context();
    EXPECT_EQ((*engine)->circumstances()["engine.spinning"], spinning ? "on" : "off");
    std::clock_t spent = 0;
    for (int i = 0; i < 20; ++i) {
      EXPECT_TRUE((*context)->compute());
      const std::clock_t before = std::clock();  // of all threads
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
      spent += std::clock() - before;
    }
    return spent;
  };
  EXPECT_LT(2 * spent_waiting(false), spent_waiting(true));
}

TEST_F(Onnxruntime, RefusesOptionsThatMakeNoSense) {
  const auto model = lenet();
  EXPECT_THAT(open(model, "fastest").error().detail, HasSubstr("extended"));
  auto options = testing::options_in(folder, "all");
  options.threads = 0;
  EXPECT_EQ(open(model, options).error().where, "threads");
}

TEST_F(Onnxruntime, SaysWhereThePluginShouldBe) {
  auto options = testing::options_in(folder, "all");
  options.hook_folder = folder.path();
  const auto engine = open(lenet(), options);
  ASSERT_FALSE(engine);
  EXPECT_THAT(engine.error().where, HasSubstr(hook_file));
}

// ---- Bad models: what ONNX Runtime says comes back
// ----------------------------------------------------------

TEST_F(Onnxruntime, ReportsModelsThatItCannotOpen) {
  const auto path = models.path() / "bad.onnx";
  const Network network;
  const auto options = testing::options_in(folder, "all");
  const auto error = [&] {
    return testing::engine_named("onnxruntime").open(Machine::host(), path, network, options).error();
  };
  EXPECT_EQ(error().code, Errc::not_found);
  std::ofstream{path} << "not a model at all";
  EXPECT_EQ(error().code, Errc::malformed);
  EXPECT_THAT(error().detail, HasSubstr("ONNX Runtime: "));
  std::ofstream{path, std::ios::trunc};
  EXPECT_EQ(error().code, Errc::malformed);
  EXPECT_TRUE(folder.is_empty());
}

TEST_F(Onnxruntime, ReportsATruncatedModel) {
  const auto path = lenet();
  const auto network = read_onnx(path);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  EXPECT_EQ(testing::engine_named("onnxruntime")
                .open(Machine::host(), path, *network, testing::options_in(folder, "all"))
                .error()
                .code,
            Errc::malformed);
}

TEST_F(Onnxruntime, ReportsAnOperatorThatItDoesNotKnow) {
  testing::SmallModel small;
  small.input("x", float32, {"1", "4"});
  small.node("Frobnicate", "strange", {"x"}, {"y"});
  small.output("y", float32, {"1", "4"});
  const auto path = small.write(models);
  const auto engine = testing::engine_named("onnxruntime")
                          .open(Machine::host(), path, Network{}, testing::options_in(folder, "all"));
  ASSERT_FALSE(engine);
  EXPECT_THAT(engine.error().detail, HasSubstr("Frobnicate"));
}

}  // namespace
}  // namespace layerwatt
