// SPDX-License-Identifier: Apache-2.0
// A small classifier of shapes with the weights that tools/train_shapes found, in the order in which the
// builder puts parameters down. Takes pixels from 0 to 255 as they are. docs/inputs.md.
#include <cassert>

#include "networks/model_marks.h"
#include "networks/onnx_builder.h"
#include "networks/zoo_networks.h"
#include "shapes_weights.h"

namespace layerwatt {

namespace {

void put_trained_weights(onnx::ModelProto& model) {
  std::string_view left{reinterpret_cast<const char*>(shapes_weights), sizeof shapes_weights};
  for (onnx::TensorProto& parameter : *model.mutable_graph()->mutable_initializer()) {
    const std::size_t bytes = parameter.raw_data().size();
    assert(bytes <= left.size());
    parameter.set_raw_data(left.data(), bytes);
    left.remove_prefix(bytes);
  }
  assert(left.empty());
  mark(model, weights_key, "trained, by tools/train_shapes");
}

}  // namespace

onnx::ModelProto shapes(std::uint64_t) {
  OnnxBuilder build{"shapes", 0};
  const ConvolutionSettings same{3, 1, 1, 1, true};
  Activation x = build.input("input", 3, 32);
  int number = 0;
  for (const std::int64_t channels : {8, 16, 32}) {
    const std::string suffix = std::to_string(++number);
    x = build.relu("relu" + suffix, build.convolution("conv" + suffix, x, channels, same));
    x = build.max_pool("pool" + suffix, x, {2, 2, 0});
  }
  x = build.flatten("flatten", x);
  x.channels *= 4 * 4;
  x = build.linear("scores", x, 10);
  onnx::ModelProto model = std::move(build).finish(x);
  put_trained_weights(model);
  return model;
}

}  // namespace layerwatt
