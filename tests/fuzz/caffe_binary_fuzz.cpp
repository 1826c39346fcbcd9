// SPDX-License-Identifier: Apache-2.0
// Any bytes given as a caffemodel, for a prototxt that asks for every kind of blob: the reader may refuse
// them, and must not crash or hang.
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "caffe_net.h"
#include "fuzz_target.h"
#include "networks/caffe_net.h"
#include "networks/caffe_parameters.h"
#include "networks/caffe_to_onnx.h"

namespace {

using layerwatt::require;
using layerwatt::require_reason;

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
  read_binary({reinterpret_cast<const char*>(data), size});
  return 0;
}
