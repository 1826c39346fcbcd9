// SPDX-License-Identifier: Apache-2.0
// Whole Caffe nets, described as ONNX is: shapes, counts, names, and what cannot be read. What they compute
// is compared with another implementation in engines/caffe_oracle_test.cpp.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "networks/network.h"
#include "networks/testing/scratch_folder.h"
#include "networks/testing/tiny_caffemodel.h"
#include "networks/testing/totals.h"

namespace layerwatt {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Caffe : public testing::Test {
 protected:
  Network described(const std::string& text, std::int64_t batch = 1) {
    auto network = read_network(folder_.write("net.prototxt", text), {batch});
    EXPECT_TRUE(network) << network.error().where << ": " << network.error().detail;
    return network ? std::move(*network) : Network{};
  }
  std::string refusal(const std::string& text, Errc code = Errc::malformed) {
    const auto network = read_network(folder_.write("net.prototxt", text));
    if (network) {
      ADD_FAILURE() << "was not refused: " << text;
      return "";
    }
    EXPECT_EQ(network.error().code, code) << network.error().detail;
    EXPECT_THAT(network.error().where, HasSubstr("net.prototxt"));
    return network.error().detail;
  }
  // Whoever only checks says the same.
  Result<std::vector<std::string>> converted(const std::string& text, const std::string& caffemodel) {
    const CaffeFiles files{folder_.write("net.prototxt", text), folder_.write("net.caffemodel", caffemodel),
                           1};
    auto done = convert_caffe(files, folder_.path() / "net.onnx");
    const auto checked = check_caffe(files);
    EXPECT_EQ(checked ? "" : checked.error().detail, done ? "" : done.error().detail);
    return done;
  }
  static std::vector<std::string> names(const Network& network) {
    std::vector<std::string> all;
    for (const Layer& layer : network.layers) all.push_back(layer.name);
    return all;
  }

  ScratchFolder folder_;
};

const std::string input = "input: 'data' input_dim: 10 input_dim: 4 input_dim: 8 input_dim: 8\n";

std::string layer(const std::string& type, const std::string& name, const std::string& bottom,
                  const std::string& top, const std::string& more = "") {
  return fmt::format("layer {{ name: '{}' type: '{}' bottom: '{}' top: '{}' {} }}\n", name, type, bottom, top,
                     more);
}

// Krizhevsky et al. 2012 as BVLC published it: https://github.com/BVLC/caffe/tree/master/models/bvlc_alexnet.
std::string alexnet(bool older) {
  std::string text =
      "name: 'AlexNet' input: 'data' input_dim: 10 input_dim: 3 input_dim: 227 input_dim: 227\n";
  std::string from = "data";
  const auto add = [&](const char* type, const char* older_type, const std::string& name,
                       const std::string& more, bool in_place) {
    const std::string top = in_place ? from : name;
    text +=
        older
            ? fmt::format(
                  "layers {{ name: '{}' type: {} bottom: '{}' top: '{}' blobs_lr: 1 weight_decay: 1 {} }}\n",
                  name, older_type, from, top, more)
            : layer(type, name, from, top, "param { lr_mult: 1 decay_mult: 1 } " + more);
    from = top;
  };
  const auto convolution = [&](const char* name, const char* settings) {
    add("Convolution", "CONVOLUTION", name,
        fmt::format("convolution_param {{ {} weight_filler {{ type: 'gaussian' "
                    "std: 0.01 }} }}",
                    settings),
        false);
    add("ReLU", "RELU", "relu" + std::string{name}.substr(4), "", true);
  };
  const auto norm = [&](const char* name) {
    add("LRN", "LRN", name, "lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 }", false);
  };
  const auto pool = [&](const char* name) {
    add("Pooling", "POOLING", name, "pooling_param { pool: MAX kernel_size: 3 stride: 2 }", false);
  };
  const auto inner = [&](const char* name, int outputs) {
    add("InnerProduct", "INNER_PRODUCT", name,
        fmt::format("inner_product_param {{ num_output: {} }}", outputs), false);
  };
  convolution("conv1", "num_output: 96 kernel_size: 11 stride: 4");
  norm("norm1");
  pool("pool1");
  convolution("conv2", "num_output: 256 pad: 2 kernel_size: 5 group: 2");
  norm("norm2");
  pool("pool2");
  convolution("conv3", "num_output: 384 pad: 1 kernel_size: 3");
  convolution("conv4", "num_output: 384 pad: 1 kernel_size: 3 group: 2");
  convolution("conv5", "num_output: 256 pad: 1 kernel_size: 3 group: 2");
  pool("pool5");
  for (const char* number : {"6", "7"}) {
    inner(("fc" + std::string{number}).c_str(), 4096);
    add("ReLU", "RELU", "relu" + std::string{number}, "", true);
    add("Dropout", "DROPOUT", "drop" + std::string{number}, "dropout_param { dropout_ratio: 0.5 }", true);
  }
  inner("fc8", 1000);
  add("Softmax", "SOFTMAX", "prob", "", false);
  return text;
}

// 60,965,224 parameters: the models' table of github.com/HewlettPackard/dlcookbook-dlbs, from netscope. Its
// layers' extents give 724,406,816 products.
TEST_F(Caffe, AlexnetHasThePublishedParametersAndMacsInBothFormats) {
  for (const bool older : {false, true}) {
    const Network network = described(alexnet(older));
    EXPECT_EQ(network.name, "AlexNet");
    EXPECT_EQ(parameters(network), 60'965'224);
    EXPECT_EQ(macs(network), 724'406'816);
    EXPECT_THAT(network.not_inferred, IsEmpty());
    EXPECT_EQ(network.outputs.at(0).name, "prob");
    EXPECT_EQ(network.outputs.at(0).shape, (Shape{1, 1000}));
    EXPECT_EQ(network.layers.size(), 22U);  // 8 with weights, 7 ReLU, 2 LRN, 3 pools, Flatten, Softmax
  }
}

TEST_F(Caffe, TheBatchOfThePrototxtIsLeftOpen) {
  const Network one = described(alexnet(false)), four = described(alexnet(false), 4);
  EXPECT_EQ(macs(four), 4 * macs(one));
  EXPECT_EQ(four.inputs.at(0).shape, (Shape{4, 3, 227, 227}));
}

TEST_F(Caffe, WhatDoesNothingIsLeftOutAndThatIsSaid) {
  EXPECT_THAT(described(alexnet(false)).substitutions,
              Contains(HasSubstr("left out (2 layers, the first is \"drop6\")")));
}

// Each layer in-place makes a tensor of its own; who reads the blob in between reads what was there then.
TEST_F(Caffe, InPlaceLayersGetNamesOfTheirOwnAndReadersTheVersionBeforeThem) {
  const Network network =
      described(input + layer("Pooling", "a", "data", "a", "pooling_param { kernel_size: 2 stride: 2 }") +
                layer("TanH", "before", "a", "before") + layer("ReLU", "r", "a", "a") +
                layer("ReLU", "s", "a", "a") + layer("Sigmoid", "after", "a", "after"));
  EXPECT_THAT(names(network), ElementsAre("a", "before", "r", "s", "after"));
  EXPECT_THAT(network.consumed.at(1), ElementsAre("a"));
  EXPECT_THAT(network.consumed.at(3), ElementsAre("r"));
  EXPECT_THAT(network.consumed.at(4), ElementsAre("s"));
  EXPECT_EQ(network.outputs.size(), 2U);
}

TEST_F(Caffe, InputsAreReadInAllFourWays) {
  const std::string relu = layer("ReLU", "r", "data", "r");
  const Shape shape{2, 3, 5, 6};
  for (const char* way :
       {"input: 'data' input_dim: 9 input_dim: 3 input_dim: 5 input_dim: 6 ",
        "input: 'data' input_shape { dim: 9 dim: 3 dim: 5 dim: 6 } ",
        "layer { name: 'i' type: 'Input' top: 'data' input_param { shape { dim: [9, 3, 5, 6] } } } ",
        "layers { name: 'i' type: MEMORY_DATA top: 'data' top: 'label' memory_data_param { batch_size: "
        "9 channels: 3 height: 5 width: 6 } } "})
    EXPECT_EQ(described(way + relu, 2).inputs.at(0).shape, shape) << way;
}

TEST_F(Caffe, TrainingNetsAreReadAsForTesting) {
  const std::string data =
      "layer { name: 'd' type: 'Data' top: 'data' top: 'label' include { phase: TRAIN } data_param { "
      "batch_size: 2 } }\n"
      "layer { name: 'd' type: 'Data' top: 'data' top: 'label' include { phase: TEST } data_param { "
      "batch_size: 50 }\n"
      "  transform_param { crop_size: 7 mean_value: 104 mean_value: 117 mean_value: 123 } }\n";
  const Network network = described(
      data + layer("ReLU", "r", "data", "r") + layer("TanH", "t", "r", "t", "exclude { phase: TEST }") +
      "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'r' bottom: 'label' top: 'loss' }");
  EXPECT_THAT(names(network), ElementsAre("r"));
  EXPECT_EQ(network.inputs.at(0).shape, (Shape{1, 3, 7, 7}));
  EXPECT_EQ(network.outputs.at(0).name, "r");
  EXPECT_THAT(network.substitutions, Contains(HasSubstr("loss (SoftmaxWithLoss)")));
}

TEST_F(Caffe, ABatchNormTakesTheScaleBehindItIn) {
  const Network network = described(input + layer("BatchNorm", "bn", "data", "bn") +
                                    layer("Scale", "sc", "bn", "bn", "scale_param { bias_term: true }") +
                                    layer("ReLU", "r", "bn", "bn"));
  EXPECT_THAT(names(network), ElementsAre("bn", "r"));
  EXPECT_EQ(network.layers.at(0).type, "BatchNormalization");
  EXPECT_EQ(network.layers.at(0).parameters, 8);
  EXPECT_THAT(network.substitutions, ElementsAre(HasSubstr("one BatchNormalization (layer \"bn\")")));
}

TEST_F(Caffe, ABatchNormWhoseValueIsNeededStaysByItself) {
  const Network network = described(input + layer("BatchNorm", "bn", "data", "bn") +
                                    layer("Scale", "sc", "bn", "sc") + layer("ReLU", "r", "bn", "r"));
  EXPECT_THAT(names(network), ElementsAre("bn", "sc", "r"));
}

TEST_F(Caffe, PoolsRoundUpAndAPaddedAverageThatOverhangsGetsAPad) {
  const auto pool = [](const char* settings) { return layer("Pooling", "p", "data", "p", settings); };
  EXPECT_EQ(described(input + pool("pooling_param { kernel_size: 3 stride: 2 }")).outputs.at(0).shape,
            (Shape{1, 4, 4, 4}));  // ceil(5 / 2) + 1
  const Network padded =
      described(input + pool("pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 }"));
  EXPECT_THAT(names(padded), ElementsAre("p_pad", "p"));
  EXPECT_EQ(padded.outputs.at(0).shape, (Shape{1, 4, 5, 5}));  // ceil(7 / 2) + 1 = 5, the last at 8 < 8 + 1
  EXPECT_THAT(padded.substitutions, Contains(HasSubstr("Pad")));
  EXPECT_THAT(names(described(input + pool("pooling_param { pool: AVE kernel_size: 3 stride: 1 pad: 1 }"))),
              ElementsAre("p"));
}

TEST_F(Caffe, UnknownLayersAreNamedWithWhatWouldRunThem) {
  EXPECT_THAT(refusal(input + layer("DetectionOutput", "detect", "data", "d"), Errc::unsupported),
              testing::AllOf(HasSubstr("\"detect\""), HasSubstr("\"DetectionOutput\""), HasSubstr("line 2"),
                             HasSubstr("the fork that this net is for"), HasSubstr("Converted are: ")));
}

TEST_F(Caffe, ADepthwiseConvolutionMustSayItsGroup) {
  const auto depthwise = [](const char* group) {
    return layer("DepthwiseConvolution", "d", "data", "d",
                 fmt::format("convolution_param {{ num_output: 4 kernel_size: 3 {} }}", group));
  };
  EXPECT_EQ(described(input + depthwise("group: 4")).layers.at(0).groups, 4);
  EXPECT_THAT(refusal(input + depthwise(""), Errc::unsupported), HasSubstr("does not say its group"));
}

TEST_F(Caffe, AFieldThatIsNotKnownIsNotIgnored) {
  EXPECT_THAT(
      refusal(input + layer("Pooling", "p", "data", "p", "pooling_param { kernel_size: 2 ceil_mode: false }"),
              Errc::unsupported),
      HasSubstr("\"ceil_mode\""));
}

TEST_F(Caffe, NetsThatDoNotHoldTogetherAreRefused) {
  EXPECT_THAT(refusal(input + layer("ReLU", "r", "b", "r") + layer("ReLU", "s", "r", "b")),
              HasSubstr("not cyclic"));
  EXPECT_THAT(refusal(input + layer("ReLU", "r", "nowhere", "r")), HasSubstr("which nothing makes"));
  EXPECT_THAT(refusal(input + layer("ReLU", "r", "data", "r") + layer("TanH", "t", "data", "r")),
              HasSubstr("another makes already"));
  EXPECT_THAT(refusal(input), HasSubstr("no layers"));
  EXPECT_THAT(refusal(layer("ReLU", "r", "data", "r")), HasSubstr("which nothing makes"));
  EXPECT_THAT(refusal("input: 'data'" + layer("ReLU", "r", "data", "r")), HasSubstr("0 input_dim"));
  EXPECT_THAT(refusal("layers { layer { name: 'a' type: 'conv' } }", Errc::unsupported),
              HasSubstr("first format"));
  EXPECT_THAT(refusal("layer { name: 'd' type: 'Data' top: 'data' data_param { source: 'x' } }" +
                          layer("ReLU", "r", "data", "r"),
                      Errc::unsupported),
              HasSubstr("write an Input layer"));
}

TEST_F(Caffe, SettingsThatDoNotFitAreRefused) {
  const auto convolution = [&](const char* settings) {
    return refusal(
        input + layer("Convolution", "c", "data", "c", fmt::format("convolution_param {{ {} }}", settings)));
  };
  EXPECT_THAT(convolution("num_output: 8 kernel_size: 9"), HasSubstr("does not fit into 8x8"));
  EXPECT_THAT(convolution("num_output: 8 kernel_size: 3 group: 3"), HasSubstr("do not divide"));
  EXPECT_THAT(convolution("kernel_size: 3"), HasSubstr("num_output"));
  EXPECT_THAT(convolution("num_output: 8 kernel_size: 3 stride: 0"), HasSubstr("at least 1"));
  EXPECT_THAT(convolution("num_output: 8 kernel_size: 3 kernel_h: 2 kernel_w: 2"), HasSubstr("both"));
  EXPECT_THAT(convolution("num_output: 99999999999 kernel_size: 1"), HasSubstr("no size of 32 bits"));
  EXPECT_THAT(refusal("input: 'data' input_shape { dim: 2147483647 dim: 2147483647 dim: 2147483647 }" +
                      layer("ReLU", "r", "data", "r")),
              HasSubstr("elements"));
}

const std::string small =
    input + layer("Convolution", "c", "data", "c", "convolution_param { num_output: 2 kernel_size: 1 }");

TEST_F(Caffe, WeightsThatAreMissingOrOfAnotherShapeAreSaid) {
  const std::vector<float> eight(8, 1);
  const auto missing = converted(small, TinyCaffemodel{}.layer("other", {{{8}, eight}}).bytes());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::not_found);
  EXPECT_THAT(missing.error().detail, HasSubstr("no weights for layer \"c\""));
  const auto half = converted(small, TinyCaffemodel{}.layer("c", {{{2, 4, 1, 1}, eight}}).bytes());
  ASSERT_FALSE(half);
  EXPECT_THAT(half.error().detail, HasSubstr("needs number 2"));
  const auto other =
      converted(small, TinyCaffemodel{}.layer("c", {{{4, 2, 1, 1}, eight}, {{2}, {0, 0}}}).bytes());
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().detail, HasSubstr("is 4x2x1x1 here, but the prototxt asks for 2x4x1x1"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "net.onnx"));
}

TEST_F(Caffe, TheConvertedFileIsDescribedAsThePrototxtIs) {
  const auto done =
      converted(small, TinyCaffemodel{}
                           .layer("c", {{{2, 4, 1, 1}, std::vector<float>(8, 1)}, {{1, 1, 1, 2}, {0, 0}}})
                           .bytes());
  ASSERT_TRUE(done) << done.error().detail;
  const auto network = read_network(folder_.path() / "net.onnx");
  ASSERT_TRUE(network) << network.error().detail;
  EXPECT_EQ(network->layers, described(small).layers);
  EXPECT_FALSE(network->random_weights);
}

TEST_F(Caffe, RandomWeightsAreDecidedByTheirSeedAndSaid) {
  const auto prototxt = folder_.write("net.prototxt", small);
  std::vector<std::string> bytes;
  for (const std::uint64_t seed : {1U, 1U, 2U}) {
    ASSERT_TRUE(convert_caffe({prototxt, {}, seed}, folder_.path() / "net.onnx"));
    bytes.push_back(ScratchFolder::read(folder_.path() / "net.onnx"));
  }
  EXPECT_EQ(bytes[0], bytes[1]);
  EXPECT_NE(bytes[0], bytes[2]);
  EXPECT_TRUE(read_network(folder_.path() / "net.onnx")->random_weights);
}

TEST_F(Caffe, TenThousandLayersAreDescribedAndSoAreUnnamedOnes) {
  std::string text = input;
  for (int i = 0; i < 10'000; ++i) text += "layer { type: 'ReLU' bottom: 'data' top: 'data' }\n";
  EXPECT_EQ(described(text).layers.size(), 10'000U);
}

TEST_F(Caffe, AnEnormousNetIsDescribedWithoutItsWeightsAndNotWritten) {
  const std::string text =
      input + layer("InnerProduct", "i", "data", "i", "inner_product_param { num_output: 3000000 }");
  EXPECT_EQ(described(text).layers.back().macs, 256 * 3'000'000);
  const auto done = convert_caffe({folder_.write("net.prototxt", text), {}, 1}, folder_.path() / "net.onnx");
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().detail, HasSubstr("2 GiB"));
}

}  // namespace
}  // namespace layerwatt
