// SPDX-License-Identifier: Apache-2.0
// Caffe nets converted to ONNX and run by ONNX Runtime, against OpenCV, which reads the same two files by
// itself with code that shares nothing with ours. Where OpenCV departs from Caffe, the expected numbers are
// worked out by hand. Skipped, loudly, in a build without OpenCV's DNN module.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>

#include "engines/onnxruntime_tensor.h"
#include "engines/testing/opened_engine.h"
#include "networks/testing/tiny_caffemodel.h"
#include "networks/weights.h"
#ifdef LAYERWATT_HAS_OPENCV_DNN
#include <opencv2/dnn.hpp>
#endif

namespace layerwatt {
namespace {

std::string layer(const std::string& type, const std::string& name, const std::string& bottoms,
                  const std::string& top, const std::string& more = "") {
  std::string text = fmt::format("layer {{ name: '{}' type: '{}' top: '{}' ", name, type, top);
  for (std::size_t from = 0; from < bottoms.size();) {
    const std::size_t end = std::min(bottoms.find(' ', from), bottoms.size());
    text += fmt::format("bottom: '{}' ", bottoms.substr(from, end - from));
    from = end + 1;
  }
  return text + more + " }\n";
}

class CaffeOracle : public testing::WithOnnxruntime {
 protected:
  static constexpr std::int64_t batch = 2;

  std::filesystem::path put(const char* name, const std::string& bytes) const {
    const auto path = models.path() / name;
    std::ofstream{path, std::ios::binary} << bytes;
    return path;
  }
  // The converted net's first output on the engine's random input.
  std::vector<float> converted(const CaffeFiles& files, const std::string& level) const {
    const auto onnx = models.path() / "net.onnx";
    const auto done = convert_caffe(files, onnx);
    EXPECT_TRUE(done) << done.error().detail;
    auto options = testing::options_in(folder, level);
    options.batch = batch;
    const auto engine = open(onnx, options);
    EXPECT_TRUE(engine) << engine.error().where << ": " << engine.error().detail;
    return done && engine ? infer(**engine) : std::vector<float>{};
  }
};

#ifdef LAYERWATT_HAS_OPENCV_DNN

// Numbers for blobs: around 0, or near 1 and positive where they are variances.
struct RandomBlobs {
  RandomWeights weights{5};
  TinyCaffemodel::Blob around_zero(const std::vector<std::int64_t>& shape, double deviation = 0.3) {
    std::int64_t count = 1;
    for (const std::int64_t dimension : shape) count *= dimension;
    const std::string bytes = weights.normal(count, deviation);
    TinyCaffemodel::Blob blob{shape, std::vector<float>(static_cast<std::size_t>(count))};
    std::memcpy(blob.values.data(), bytes.data(), bytes.size());
    return blob;
  }
  TinyCaffemodel::Blob near_one(const std::vector<std::int64_t>& shape) {
    auto blob = around_zero(shape, 0.2);
    for (float& value : blob.values) value = 1 + std::abs(value);
    return blob;
  }
};

struct OracleCase {
  const char* name;
  std::string prototxt;
  std::function<void(TinyCaffemodel&, RandomBlobs&)> fill;
};

const std::string input = "input: 'data' input_dim: 2 input_dim: 6 input_dim: 15 input_dim: 14\n";
const auto nothing = [](TinyCaffemodel&, RandomBlobs&) {};

OracleCase pool(const char* name, const char* settings) {
  return {name, input + layer("Pooling", "p", "data", "p", fmt::format("pooling_param {{ {} }}", settings)),
          nothing};
}

std::vector<OracleCase> oracle_cases() {
  const auto convolved = [](const char* name, const char* type, const char* settings,
                            std::vector<std::int64_t> shape, std::int64_t outputs) {
    return OracleCase{
        name, input + layer(type, "c", "data", "c", fmt::format("convolution_param {{ {} }}", settings)),
        [=](TinyCaffemodel& model, RandomBlobs& random) {
          model.layer("c", {random.around_zero(shape), random.around_zero({outputs})});
        }};
  };
  return {
      convolved("convolution", "Convolution", "num_output: 8 kernel_size: 3 stride: 2 pad: 1", {8, 6, 3, 3},
                8),
      convolved("grouped", "Convolution", "num_output: 8 kernel_size: 3 group: 2", {8, 3, 3, 3}, 8),
      convolved("depthwise", "Convolution", "num_output: 6 kernel_size: 3 group: 6", {6, 1, 3, 3}, 6),
      convolved("dilated", "Convolution", "num_output: 4 kernel_size: 3 dilation: 2 pad: 2", {4, 6, 3, 3}, 4),
      convolved("oblong", "Convolution",
                "num_output: 4 kernel_h: 1 kernel_w: 5 stride_h: 2 stride_w: 1 pad_h: 0 pad_w: 2",
                {4, 6, 1, 5}, 4),
      convolved("deconvolution", "Deconvolution", "num_output: 4 kernel_size: 4 stride: 2 pad: 1",
                {6, 4, 4, 4}, 4),
      pool("max_up", "pool: MAX kernel_size: 3 stride: 2"),
      pool("max_padded", "pool: MAX kernel_size: 3 stride: 2 pad: 1"),
      pool("max_oblong", "kernel_h: 3 kernel_w: 2 stride_h: 2 stride_w: 3"),
      pool("average", "pool: AVE kernel_size: 5 stride: 3"),
      pool("average_same", "pool: AVE kernel_size: 3 stride: 1 pad: 1"),
      pool("average_global", "pool: AVE global_pooling: true"),
      pool("max_global", "pool: MAX global_pooling: true"),
      {"normalised",
       input + layer("BatchNorm", "bn", "data", "bn", "batch_norm_param { eps: 1e-4 }") +
           layer("Scale", "sc", "bn", "bn", "scale_param { bias_term: true }") +
           layer("ReLU", "r", "bn", "bn"),
       [](TinyCaffemodel& model, RandomBlobs& random) {
         model.layer("bn", {random.around_zero({6}), random.near_one({6}), {{1}, {2.5F}}});
         model.layer("sc", {random.near_one({6}), random.around_zero({6})});
       }},
      {"normalised_alone", input + layer("BatchNorm", "bn", "data", "bn"),
       [](TinyCaffemodel& model, RandomBlobs& random) {
         model.layer("bn", {random.around_zero({6}), random.near_one({6}), {{1}, {1}}});
       }},
      {"scaled", input + layer("Scale", "sc", "data", "sc", "scale_param { bias_term: true }"),
       [](TinyCaffemodel& model, RandomBlobs& random) {
         model.layer("sc", {random.near_one({6}), random.around_zero({6})});
       }},
      {"scaled_by_input",
       input + layer("Pooling", "g", "data", "g", "pooling_param { pool: AVE global_pooling: true }") +
           layer("Flatten", "flat", "g", "flat") +
           layer("Scale", "sc", "data flat", "sc", "scale_param { axis: 0 }"),
       nothing},
      {"reshaped",
       input +
           layer("Reshape", "re", "data", "re", "reshape_param { shape { dim: 0 dim: 3 dim: -1 dim: 14 } }") +
           layer("Flatten", "flat", "re", "flat", "flatten_param { axis: 2 end_axis: 3 }") +
           layer("Softmax", "soft", "flat", "soft", "softmax_param { axis: 2 }"),
       nothing},
      {"copied",
       input + "layer { name: 'split' type: 'Split' bottom: 'data' top: 'a' top: 'b' }\n" +
           layer("BNLL", "soft", "a", "soft") + layer("ReLU6", "clip", "b", "clip") +
           layer("Concat", "cat", "soft clip", "cat"),
       nothing},
      {"lrn", input + layer("LRN", "n", "data", "n", "lrn_param { local_size: 5 alpha: 0.5 beta: 0.75 }"),
       nothing},
      {"lrn_within",
       input +
           layer("LRN", "n", "data", "n", "lrn_param { local_size: 3 alpha: 2 norm_region: WITHIN_CHANNEL }"),
       nothing},
      {"activations",
       input + layer("Power", "pw", "data", "pw", "power_param { power: 2 scale: -1.5 shift: 0.25 }") +
           layer("Power", "sh", "pw", "sh", "power_param { scale: 2 shift: -1 }") +
           layer("PReLU", "pr", "sh", "pr") + layer("ELU", "e", "pr", "e", "elu_param { alpha: 0.5 }") +
           layer("ReLU", "lr", "e", "lr", "relu_param { negative_slope: 0.1 }") +
           layer("TanH", "t", "lr", "t") + layer("AbsVal", "a", "t", "a") + layer("Sigmoid", "s", "a", "s"),
       [](TinyCaffemodel& model, RandomBlobs& random) { model.layer("pr", {random.around_zero({6})}); }},
      {"joined",
       input + layer("TanH", "a", "data", "a") + layer("Sigmoid", "b", "data", "b") +
           layer("Eltwise", "sum", "a b", "sum", "eltwise_param { operation: SUM coeff: 1 coeff: -0.5 }") +
           layer("Eltwise", "product", "a b", "product", "eltwise_param { operation: PROD }") +
           layer("Eltwise", "larger", "a b", "larger", "eltwise_param { operation: MAX }") +
           layer("Concat", "cat", "sum product larger", "cat") +
           "layer { name: 'cut' type: 'Slice' bottom: 'cat' top: 'x' top: 'y' slice_param { slice_point: 5 } "
           "}\n" +
           layer("Concat", "again", "y x", "again", "concat_param { axis: 1 }"),
       nothing},
      {"classifier",
       input +
           layer("Convolution", "conv", "data", "conv",
                 "convolution_param { num_output: 4 kernel_size: 3 }") +
           layer("ReLU", "relu", "conv", "conv") + layer("Flatten", "flat", "conv", "flat") +
           layer("InnerProduct", "fc6", "flat", "fc6", "inner_product_param { num_output: 20 }") +
           layer("ReLU", "relu6", "fc6", "fc6") + layer("Dropout", "drop6", "fc6", "fc6") +
           layer("InnerProduct", "fc7", "fc6", "fc7",
                 "inner_product_param { num_output: 10 bias_term: false }") +
           layer("Softmax", "prob", "fc7", "prob"),
       [](TinyCaffemodel& model, RandomBlobs& random) {
         model.layer("conv", {random.around_zero({4, 6, 3, 3}), random.around_zero({4})}, true);
         model.layer("fc6", {random.around_zero({20, 624}, 0.05), random.around_zero({20})}, true);
         model.layer("fc7", {random.around_zero({10, 20})}, true);
       }},
  };
}

// The input that the engine makes from its seed.
TensorMemory engine_input() {
  auto tensor = TensorMemory::allocate("data", static_cast<int>(ElementType::float32), {2, 6, 15, 14});
  std::mt19937_64 generator{1};
  fill_random(*tensor, generator);
  return std::move(*tensor);
}

std::vector<float> by_opencv(const CaffeFiles& files) {
  TensorMemory numbers = engine_input();
  const int sizes[] = {2, 6, 15, 14};
  const cv::Mat data{4, sizes, CV_32F, numbers.bytes().data()};
  cv::dnn::Net net = cv::dnn::readNetFromCaffe(files.prototxt.string(), files.caffemodel.string());
  net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
  net.enableFusion(false);
  net.setInput(data);
  const cv::Mat made = net.forward().clone();
  return {made.ptr<float>(), made.ptr<float>() + made.total()};
}

TEST_F(CaffeOracle, EveryKindOfLayerComputesWhatOpencvDoes) {
  for (const OracleCase& one : oracle_cases()) {
    SCOPED_TRACE(one.name);
    TinyCaffemodel model;
    RandomBlobs random;
    one.fill(model, random);
    if (model.bytes().empty()) model.layer("unused", {{{1}, {0}}});
    const CaffeFiles files{put("net.prototxt", one.prototxt), put("net.caffemodel", model.bytes()), 1};
    const auto network = read_network(files.prototxt, {batch});
    ASSERT_TRUE(network) << network.error().detail;
    const std::vector<float> theirs = by_opencv(files);
    for (const char* level : {"disabled", "all"}) {
      const std::vector<float> ours = converted(files, level);
      ASSERT_EQ(ours.size(), theirs.size());
      // Each output is a sum of at most n products per layer, in float32 with unit roundoff u: two orders of
      // summing differ by at most 2 n u of the sum of the magnitudes. Inputs and weights are of the order of
      // 1 and so are the outputs; exponentials and powers are right to a few units in the last place of
      // either library, 8 u allowed.
      double allowed = 0;
      for (const Layer& each : network->layers) {
        double outputs = 1;
        for (const std::int64_t extent : each.outputs.at(0)) outputs *= static_cast<double>(extent);
        allowed += 2 * static_cast<double>(*each.macs) / outputs + 8;
      }
      allowed *= std::ldexp(1.0, -24);
      double largest = 0, furthest = 0;
      for (std::size_t i = 0; i < ours.size(); ++i) {
        largest = std::max(largest, std::abs(double{theirs[i]}));
        furthest = std::max(furthest, std::abs(double{ours[i]} - double{theirs[i]}));
      }
      EXPECT_GT(largest, 0);
      EXPECT_LE(furthest, allowed * std::max(1.0, largest)) << level;
    }
  }
}

#else

TEST_F(CaffeOracle, EveryKindOfLayerComputesWhatOpencvDoes) {
  GTEST_SKIP() << "built without OpenCV's DNN module: install libopencv-dnn-dev and configure again";
}

#endif

// A padded average whose last window overhangs: Caffe divides by what of the window lies in the padded
// picture. With every input 1, position i of one dimension holds (real elements) / (elements up to the pad's
// end): input 8, kernel 3, stride 2, pad 1: windows start at -1, 1, 3, 5, 7, with 2/3, 1, 1, 1, and at the
// end 1 real of 2 (7 and the pad 8).
TEST_F(CaffeOracle, APaddedAverageThatOverhangsDividesByThePartInsideThePads) {
  const std::string ones =
      "input: 'data' input_dim: 2 input_dim: 1 input_dim: 8 input_dim: 8\n"
      "layer { name: 'z' type: 'Power' bottom: 'data' top: 'z' power_param { scale: 0 shift: 1 } }\n";
  const CaffeFiles files{
      put("net.prototxt", ones + layer("Pooling", "p", "z", "p",
                                       "pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 }")),
      {},
      1};
  const std::vector<float> made = converted(files, "all");
  ASSERT_EQ(made.size(), 2U * 25);
  const double share[] = {2.0 / 3, 1, 1, 1, 1.0 / 2};
  for (std::size_t i = 0; i < 25; ++i)  // one division and two roundings
    EXPECT_NEAR(double{made[i]}, share[i / 5] * share[i % 5], 2e-7) << i;
}

// OpenCV 4.6 knows no Bias. Zeros and a bias for each of two channels.
TEST_F(CaffeOracle, ABiasIsAddedToEachChannel) {
  TinyCaffemodel model;
  model.layer("b", {{{2}, {0.5F, -3}}});
  const CaffeFiles files{
      put("net.prototxt", "input: 'data' input_dim: 2 input_dim: 2 input_dim: 1 input_dim: 3\n" +
                              layer("Power", "z", "data", "z", "power_param { scale: 0 }") +
                              layer("Bias", "b", "z", "b")),
      put("net.caffemodel", model.bytes()), 1};
  const std::vector<float> picture{0.5F, 0.5F, 0.5F, -3, -3, -3};
  std::vector<float> both = picture;
  both.insert(both.end(), picture.begin(), picture.end());
  EXPECT_EQ(converted(files, "disabled"), both);
}

// OpenCV 4.6 takes k for 1. One channel of ones: 1 / (k + alpha / 5)^beta.
TEST_F(CaffeOracle, LrnAddsKToTheMeanOfSquares) {
  const CaffeFiles files{
      put("net.prototxt",
          "input: 'data' input_dim: 2 input_dim: 1 input_dim: 1 input_dim: 1\n" +
              layer("Power", "z", "data", "z", "power_param { scale: 0 shift: 1 }") +
              layer("LRN", "n", "z", "n", "lrn_param { local_size: 5 alpha: 2.5 beta: 0.75 k: 2 }")),
      {},
      1};
  for (const float value : converted(files, "disabled"))
    EXPECT_NEAR(double{value}, std::pow(2.5, -0.75), 4 * std::ldexp(1.0, -24));
}

}  // namespace
}  // namespace layerwatt
