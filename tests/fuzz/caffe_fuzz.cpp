// SPDX-License-Identifier: Apache-2.0
// Any bytes given as a prototxt and as a caffemodel: the readers may refuse them, and must not crash, hang or
// describe what breaks the promises of network.h. The first byte says which of the two the rest is; a
// caffemodel goes with a prototxt that asks for every kind of blob.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "caffe_net.h"
#include "fuzz_target.h"
#include "networks/caffe_net.h"
#include "networks/caffe_parameters.h"
#include "networks/caffe_to_onnx.h"
#include "networks/describe_model.h"

namespace {

using layerwatt::require;

void require_reason(const layerwatt::Error& error) {
  require(!error.where.empty() && !error.detail.empty(), "a refusal says what and where");
}

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

void read_binary(std::string_view bytes) {
  const int descriptor = ::memfd_create("caffemodel", 0);
  if (descriptor < 0) return;
  if (::write(descriptor, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size())) {
    auto weights = layerwatt::CaffeWeights::open("/proc/self/fd/" + std::to_string(descriptor));
    if (!weights) {
      require_reason(weights.error());
    } else {
      static const auto net = layerwatt::read_caffe_net(layerwatt::fuzz_net, "net.prototxt");
      require(net.has_value(), "the fixed prototxt is a good one");
      const auto model = layerwatt::caffe_to_onnx(*net, layerwatt::CaffeParameters::of(std::move(*weights)));
      if (!model) require_reason(model.error());
    }
  }
  ::close(descriptor);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest{reinterpret_cast<const char*>(data) + 1, size - 1};
  if (data[0] % 2 == 0)
    read_text(rest);
  else
    read_binary(rest);
  return 0;
}
