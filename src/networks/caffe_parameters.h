// SPDX-License-Identifier: Apache-2.0
// Where the numbers of a Caffe net come from while it becomes ONNX: a caffemodel, a seed, or nowhere, for a
// description.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "core/result.h"
#include "networks/caffe_net.h"
#include "networks/caffe_weights.h"
#include "networks/weights.h"

namespace layerwatt {

// What a random parameter looks like: normal around 0, or, with a deviation of 0, all the same.
struct RandomValues {
  double deviation = 0;
  float value = 0;
};

class CaffeParameters {
 public:
  static CaffeParameters none() { return CaffeParameters{std::monostate{}}; }
  static CaffeParameters of(CaffeWeights weights) { return CaffeParameters{std::move(weights)}; }
  // Says what `of` says about shapes that do not fit, and hands out no numbers.
  static CaffeParameters shapes_of(CaffeWeights weights) {
    CaffeParameters made{std::move(weights)};
    made.hands_out_ = false;
    return made;
  }
  static CaffeParameters random(std::uint64_t seed) { return CaffeParameters{RandomWeights{seed}}; }

  // Blob number `index` of the layer as little-endian float32; nothing where there are no numbers. not_found:
  // the file has none for this layer. malformed: they have another shape. `shape` is what the prototxt asks
  // for.
  Result<std::optional<std::string>> values(const CaffeLayer& layer, std::size_t index, const Shape& shape,
                                            RandomValues like);
  // Refuses a layer whose caffemodel has more blobs than `count`: it is not the layer that it seems to be.
  Result<void> expect(const CaffeLayer& layer, std::size_t count);

 private:
  using Source = std::variant<std::monostate, CaffeWeights, RandomWeights>;
  explicit CaffeParameters(Source source) : source_{std::move(source)} {}
  Result<std::optional<std::string>> from_file(CaffeWeights& file, const CaffeLayer& layer, std::size_t index,
                                               const Shape& shape);
  Source source_;
  bool hands_out_ = true;
  std::int64_t bytes_ = 0;  // handed out
};

}  // namespace layerwatt
