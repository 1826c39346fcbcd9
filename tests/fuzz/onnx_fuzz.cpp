// SPDX-License-Identifier: Apache-2.0
// Any bytes given to read_onnx as a file: it may refuse them, and must not crash, hang or describe what
// breaks the promises of network.h.
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz_target.h"
#include "network_promises.h"
#include "networks/describe_model.h"
#include "networks/extract.h"

namespace {

using layerwatt::require;

// All layers as a part, which may be refused, and must not crash.
void take_apart(const std::string& path, const layerwatt::Network& network) {
  auto part = layerwatt::part_of({path, network.layers.front().name, network.layers.back().name});
  if (!part) return require(!part.error().detail.empty(), "a refusal says why");
  const auto described =
      layerwatt::describe_model(std::make_unique<onnx::ModelProto>(std::move(*part)), "part.onnx", {});
  if (described) layerwatt::require_promises(*described);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int descriptor = ::memfd_create("model", 0);
  if (descriptor < 0) return 0;
  if (::write(descriptor, data, size) == static_cast<ssize_t>(size)) {
    const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
    const auto network = layerwatt::read_onnx(path);
    if (network) {
      layerwatt::require_promises(*network);
      take_apart(path, *network);
    } else {
      require(!network.error().where.empty() && !network.error().detail.empty(),
              "a refusal says what and where");
    }
  }
  ::close(descriptor);
  return 0;
}
