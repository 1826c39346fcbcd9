// SPDX-License-Identifier: Apache-2.0
// How Caffe slides a window over a picture: how many positions, and how far the last reaches beyond the end.
// Its pools round up where ONNX rounds down, and engines disagree about rounding up; so what ONNX is told are
// pads at the end that make both the same. Formulas: pooling_layer.cpp and conv_layer.cpp of BVLC Caffe 1.0.
#pragma once
#include <cstdint>
#include <optional>

#include "core/vocabulary.h"
#include "networks/caffe_graph.h"

namespace layerwatt {

// One spatial dimension of a pool. `clip`: the last window may not start behind the picture; Caffe looks at
// that only where either dimension is padded.
struct CaffePool {
  std::int64_t input = 0, kernel = 1, stride = 1, pad = 0;
  bool round_up = true, clip = false;
};

struct CaffePooled {
  std::int64_t output = 0;
  std::int64_t pad_end = 0;  // at which rounding down gives `output`; `pad` itself where it does
  bool overhangs = false;    // the last window reaches beyond input and pad
};

// Nothing when the window does not fit, or one would lie outside of the picture.
std::optional<CaffePooled> pooled(const CaffePool& pool);

// Height and width, from "kernel_size" or "kernel_h" and "kernel_w" and the like. Nothing when neither is
// given.
Result<std::optional<Shape>> height_and_width(CaffeStep& step, const char* both, const char* height,
                                              const char* width);

}  // namespace layerwatt
