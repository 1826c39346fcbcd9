// SPDX-License-Identifier: Apache-2.0
// OpenCV beside ONNX Runtime, and what only it does: Caffe's files, durations stacked in time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engines/testing/comparison.h"
#include "engines/testing/opened_engine.h"
#include "networks/network.h"
#include "networks/testing/tiny_caffemodel.h"

namespace layerwatt {
namespace {

using ::testing::HasSubstr;

class Opencv : public testing::WithOnnxruntime {
 protected:
  Result<std::unique_ptr<Engine>> open_net(const std::filesystem::path& model,
                                           const EngineOptions& how) const {
    const auto network = read_network(model, {});
    if (!network) return network.error();
    return testing::engine_named("opencv").open(Machine::host(), model, *network, how);
  }
};

TEST_F(Opencv, GivesTheOutputsOfOnnxruntime) {
  for (const char* name : {"lenet5", "squeezenet1.1"}) {
    const auto model = zoo_network(name);
    const auto network = read_onnx(model);
    const auto other = open(model, "disabled");
    ASSERT_TRUE(other) << other.error().detail;
    for (const bool fuse : {true, false}) {
      EngineOptions how;
      how.fuse = fuse;
      const auto ours = open_net(model, how);
      ASSERT_TRUE(ours) << ours.error().detail;
      EXPECT_LT(testing::distance(infer(**ours), infer(**other)), testing::rounding_of(*network)) << name;
      testing::expect_every_source_once(*network, **ours);
    }
  }
}

TEST_F(Opencv, StacksDurationsFromTheStartOfEachInference) {
  const auto engine = open_net(lenet(), {});
  ASSERT_TRUE(engine) << engine.error().detail;
  EXPECT_THAT((*engine)->circumstances()["engine.marks"], HasSubstr("stacked"));
  const auto context = (*engine)->make_context();
  ASSERT_TRUE(context) << context.error().detail;
  testing::Recorder recorder;
  ASSERT_TRUE((*context)->load(0));
  const Instant before = system_clock().now();
  ASSERT_TRUE((*context)->compute_marked(recorder));
  const Instant after = system_clock().now();
  ASSERT_EQ(recorder.spans.size(), (*engine)->layers().size());
  EXPECT_GE(recorder.spans.front().begin, before);
  EXPECT_LE(recorder.spans.back().end, after);
  for (std::size_t i = 1; i < recorder.spans.size(); ++i)
    EXPECT_EQ(recorder.spans[i].begin, recorder.spans[i - 1].end);
}

TEST_F(Opencv, WantsTheWeightsOfACaffeNet) {
  const auto net = models.path() / "net.prototxt";
  std::ofstream{net} << "input: 'x' input_shape { dim: 1 dim: 3 dim: 4 dim: 4 }\n"
                        "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'r' }\n";
  EXPECT_THAT(open_net(net, {}).error().detail, HasSubstr("--weights"));
  EngineOptions how;
  how.weights = models.path() / "damaged.caffemodel";
  std::ofstream{how.weights} << "\xff\xff\xff";
  EXPECT_EQ(open_net(net, how).error().where, net.string());
}

TEST_F(Opencv, KeepsInferencesInFlightApart) {
  EngineOptions how;
  how.in_flight = 3;
  const auto engine = open_net(lenet(), how);
  ASSERT_TRUE(engine) << engine.error().detail;
  expect_contexts_keep_apart(**engine, 3);
}

TEST_F(Opencv, TakesTheWeightsOfACaffeNetAsItsConversionDoes) {
  const auto net = models.path() / "net.prototxt";
  std::ofstream{net} << "input: 'data' input_shape { dim: 1 dim: 3 dim: 8 dim: 8 }\n"
                        "layer { name: 'conv' type: 'Convolution' bottom: 'data' top: 'conv'\n"
                        "        convolution_param { num_output: 4 kernel_size: 3 pad: 1 stride: 2 } }\n"
                        "layer { name: 'relu' type: 'ReLU' bottom: 'conv' top: 'conv' }\n"
                        "layer { name: 'fc' type: 'InnerProduct' bottom: 'conv' top: 'fc'\n"
                        "        inner_product_param { num_output: 5 } }\n";
  const auto blob = [](const std::vector<std::int64_t>& shape, std::size_t count, float step) {
    TinyCaffemodel::Blob made{shape, std::vector<float>(count)};
    for (std::size_t i = 0; i < count; ++i)
      made.values[i] = std::fmod(step * static_cast<float>(i + 1), 1.0F) - 0.5F;
    return made;
  };
  EngineOptions how;
  how.weights = models.path() / "net.caffemodel";
  std::ofstream{how.weights, std::ios::binary}
      << TinyCaffemodel{}
             .layer("conv", {blob({4, 3, 3, 3}, 108, 0.618F), blob({4}, 4, 0.414F)})
             .layer("fc", {blob({5, 64}, 320, 0.732F), blob({5}, 5, 0.236F)})
             .bytes();
  const auto ours = open_net(net, how);
  ASSERT_TRUE(ours) << ours.error().detail;
  const auto converted = models.path() / "net.onnx";
  const auto done = convert_caffe({.prototxt = net, .caffemodel = how.weights}, converted);
  ASSERT_TRUE(done) << done.error().detail;
  const auto other = open(converted, "disabled");
  ASSERT_TRUE(other) << other.error().detail;
  EXPECT_LT(testing::distance(infer(**ours), infer(**other)), testing::rounding_of(*read_onnx(converted)));
}

TEST_F(Opencv, RunsACaffeNetAsItIs) {
  const auto net = models.path() / "net.prototxt";
  std::ofstream{net}
      << "input: 'x' input_shape { dim: 1 dim: 3 dim: 4 dim: 4 }\n"
         "layer { name: 'half' type: 'Power' bottom: 'x' top: 'h' power_param { scale: 0.5 } }\n"
         "layer { name: 'most' type: 'Pooling' bottom: 'h' top: 'm'\n"
         "        pooling_param { pool: MAX kernel_size: 2 stride: 2 } }\n";
  EngineOptions how;
  how.weights = models.path() / "none.caffemodel";
  std::ofstream{how.weights};  // a net without weights has an empty file of them
  const auto engine = open_net(net, how);
  ASSERT_TRUE(engine) << engine.error().detail;
  const auto output = infer(**engine);
  EXPECT_EQ(output.size(), 12U);
  EXPECT_THAT(output, ::testing::Each(::testing::AllOf(::testing::Gt(0.F), ::testing::Le(0.5F))));
}

}  // namespace
}  // namespace layerwatt
