// SPDX-License-Identifier: Apache-2.0
// Any bytes given as a prototxt: the reader may refuse them, and must not crash, hang or describe what breaks
// the promises of network.h.
#include <string_view>

#include "caffe_net.h"
#include "fuzz_target.h"
#include "networks/caffe_net.h"
#include "networks/caffe_parameters.h"
#include "networks/caffe_to_onnx.h"
#include "networks/describe_model.h"

namespace {

using layerwatt::require;
using layerwatt::require_reason;

void read_text(std::string_view text) {
  const auto net = layerwatt::read_caffe_net(text, "net.prototxt");
  if (!net) return require_reason(net.error());
  auto model = layerwatt::caffe_to_onnx(*net, layerwatt::CaffeParameters::none());
  if (!model) return require_reason(model.error());
  const auto outputs = static_cast<std::size_t>(model->graph().output_size());
  const auto network =
      layerwatt::describe_model(std::make_unique<onnx::ModelProto>(std::move(*model)), "net.prototxt", {});
  // What was converted can be described: only a net without layers, or of absurd size, is refused this late.
  if (!network) return require_reason(network.error());
  require(network->outputs.size() == outputs, "every output is described");
  require(network->produced.size() == network->layers.size(), "one list of outputs a layer");
  for (const layerwatt::Layer& layer : network->layers)
    for (const auto* list : {&layer.inputs, &layer.outputs})
      for (const layerwatt::Shape& shape : *list)
        for (const std::int64_t dimension : shape) require(dimension >= -1, "a dimension is at least -1");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  read_text({reinterpret_cast<const char*>(data), size});
  return 0;
}
