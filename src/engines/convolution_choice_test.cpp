// SPDX-License-Identifier: Apache-2.0
#include "engines/convolution_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/temporary_tree.h"

namespace layerwatt {
namespace {

using ::testing::HasSubstr;
using Chosen = std::map<std::string, ConvolutionAlgorithm>;

TEST(ConvolutionChoice, NamesComeBack) {
  for (const char* name : {"auto", "direct", "gemm", "winograd"})
    EXPECT_STREQ(name_of(*convolution_algorithm(name)), name);
  EXPECT_THAT(convolution_algorithm("fft").error().detail, HasSubstr("winograd"));
}

TEST(ConvolutionChoice, LayersOfTheirOwnGoBeforeTheUsual) {
  const ConvolutionChoice choice{ConvolutionAlgorithm::gemm, {{"conv1", ConvolutionAlgorithm::winograd}}};
  EXPECT_EQ(choice.of("conv1"), ConvolutionAlgorithm::winograd);
  EXPECT_EQ(choice.of("conv2"), ConvolutionAlgorithm::gemm);
  EXPECT_FALSE(ConvolutionChoice{}.asks_for_something());
}

TEST(ConvolutionChoice, AFileNamesLayersWithSpacesToo) {
  const TemporaryTree tree;
  tree.put("/layers", "# for the paper\n\nlayer1.0.conv1 winograd\r\n  my conv\t gemm  # why not\n");
  const auto read = read_layer_algorithms(tree.at("/layers"));
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(*read, (Chosen{{"layer1.0.conv1", ConvolutionAlgorithm::winograd},
                           {"my conv", ConvolutionAlgorithm::gemm}}));
}

TEST(ConvolutionChoice, ABadLineIsNamedByItsNumber) {
  const TemporaryTree tree;
  for (const std::string text : {"conv1\n", "conv1 fft\n", "conv1 gemm\nconv1 direct\n", "winograd\n"}) {
    tree.put("/layers", "# a comment\n" + text);
    const auto read = read_layer_algorithms(tree.at("/layers"));
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, Errc::malformed);
    EXPECT_THAT(read.error().where, HasSubstr(text.find('\n') + 1 < text.size() ? "layers:3" : "layers:2"));
  }
  EXPECT_EQ(read_layer_algorithms(tree.root()).error().code, Errc::not_found);
}

}  // namespace
}  // namespace layerwatt
