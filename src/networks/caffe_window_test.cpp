// SPDX-License-Identifier: Apache-2.0
// Caffe's pools against its own rule, position by position, and against what ONNX makes of the pads.
#include "networks/caffe_window.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace layerwatt {
namespace {

TEST(CaffePools, HaveThePublishedSizesOfAlexnetAndGooglenet) {
  EXPECT_EQ(pooled({55, 3, 2})->output, 27);   // pool1 of AlexNet: rounded either way
  EXPECT_EQ(pooled({112, 3, 2})->output, 56);  // pool1 of GoogLeNet: 54.5 steps, rounded up
  EXPECT_EQ(pooled({112, 3, 2})->pad_end, 1);
  EXPECT_EQ(pooled({14, 3, 1, 1, true, true})->output, 14);  // inception_4a/pool
}

TEST(CaffePools, RoundDownWhereAsked) { EXPECT_EQ(pooled({112, 3, 2, 0, false})->output, 55); }

TEST(CaffePools, AWindowThatWouldLieOutsideIsNone) {
  EXPECT_FALSE(pooled({5, 1, 3}));  // two strides to 6, behind the last element
  EXPECT_FALSE(pooled({2, 3, 1}));  // larger than its input
  // With pads Caffe clips it: ceil(4 / 3) + 1 = 3 positions, the third at 6 >= 4 + 1, so two.
  EXPECT_EQ(pooled({4, 2, 3, 1, true, true})->output, 2);
}

// What ONNX says of MaxPool and AveragePool without ceil_mode: floor((input + pads - kernel) / stride) + 1.
std::int64_t onnx_output(const CaffePool& pool, std::int64_t pad_end) {
  return (pool.input + pool.pad + pad_end - pool.kernel) / pool.stride + 1;
}

// Every small pool that is possible: rounding down over our pads gives Caffe's number of positions, a pad at
// the end is smaller than the kernel (ONNX Runtime insists), and "overhangs" says whether any window does.
TEST(CaffePools, PadsAtTheEndGiveOnnxTheSameNumberOfPositions) {
  int tried = 0;
  for (std::int64_t input = 1; input <= 12; ++input)
    for (std::int64_t kernel = 1; kernel <= 6; ++kernel)
      for (std::int64_t stride = 1; stride <= 5; ++stride)
        for (std::int64_t pad = 0; pad < kernel; ++pad)
          for (const bool up : {true, false}) {
            const CaffePool pool{input, kernel, stride, pad, up, pad > 0};
            const auto made = pooled(pool);
            if (!made) continue;
            ++tried;
            EXPECT_EQ(onnx_output(pool, made->pad_end), made->output)
                << input << " " << kernel << " " << stride << " " << pad << " " << up;
            EXPECT_LT(made->pad_end, kernel);
            std::int64_t furthest = 0;
            for (std::int64_t i = 0; i < made->output; ++i) {
              const std::int64_t start = i * stride - pad;
              EXPECT_LT(start, input);       // each window meets the picture,
              EXPECT_GT(start + kernel, 0);  // at both ends
              furthest = std::max(furthest, start + kernel);
            }
            EXPECT_EQ(made->overhangs, furthest > input + pad);
          }
  EXPECT_GT(tried, 1000);
}

}  // namespace
}  // namespace layerwatt
