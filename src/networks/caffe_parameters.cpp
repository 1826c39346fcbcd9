// SPDX-License-Identifier: Apache-2.0
// See caffe_parameters.h. Which shapes are the same: Blob::ShapeEquals in Caffe's blob.cpp.
#include "networks/caffe_parameters.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "networks/tensor_size.h"

namespace layerwatt {

namespace {

// Older files write four dimensions, with ones in front: 1x1x10x20 for 10x20.
Shape without_leading_ones(const Shape& shape) {
  const auto first =
      std::find_if(shape.begin(), shape.end(), [](std::int64_t dimension) { return dimension != 1; });
  return {first, shape.end()};
}

}  // namespace

Result<std::optional<std::string>> CaffeParameters::values(const CaffeLayer& layer, std::size_t index,
                                                           const Shape& shape, RandomValues like) {
  using Values = std::optional<std::string>;
  if (std::holds_alternative<std::monostate>(source_)) return Values{};
  const std::int64_t count = elements_of(shape).value_or(std::numeric_limits<std::int32_t>::max());
  bytes_ += 4 * std::min<std::int64_t>(count, std::numeric_limits<std::int32_t>::max());
  if (hands_out_ && bytes_ > std::numeric_limits<std::int32_t>::max())
    return Error{Errc::unsupported, fmt::format("layer {}", in_quotes(layer.name)),
                 "with its parameters the network has more than the 2 GiB that an ONNX file can hold"};
  if (auto* file = std::get_if<CaffeWeights>(&source_)) return from_file(*file, layer, index, shape);
  auto& random = std::get<RandomWeights>(source_);
  if (like.deviation > 0) return Values{random.normal(count, like.deviation)};
  std::string bytes(static_cast<std::size_t>(count) * sizeof(float), '\0');
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(float))
    std::memcpy(bytes.data() + at, &like.value, sizeof(float));
  return Values{std::move(bytes)};
}

Result<std::optional<std::string>> CaffeParameters::from_file(CaffeWeights& file, const CaffeLayer& layer,
                                                              std::size_t index, const Shape& shape) {
  const std::vector<CaffeWeight>* weights = file.of(layer.name);
  if (weights == nullptr)
    return Error{
        Errc::not_found, file.path(),
        fmt::format("has no weights for layer {} ({}); it has some for {} other layers. The prototxt and the "
                    "caffemodel must be of one network",
                    in_quotes(layer.name), in_quotes(layer.type), file.layers())};
  if (index >= weights->size())
    return Error{Errc::not_found, file.path(),
                 fmt::format("has {} blobs for layer {} ({}), which needs number {}", weights->size(),
                             in_quotes(layer.name), in_quotes(layer.type), index + 1)};
  const CaffeWeight& weight = (*weights)[index];
  if (without_leading_ones(weight.shape) != without_leading_ones(shape))
    return Error{Errc::malformed, file.path(),
                 fmt::format("blob {} of layer {} is {} here, but the prototxt asks for {}", index + 1,
                             in_quotes(layer.name), fmt::join(weight.shape, "x"), fmt::join(shape, "x"))};
  if (!hands_out_) return std::optional<std::string>{};
  auto data = file.data(weight);
  if (!data) return data.error();
  return std::optional{std::move(*data)};
}

Result<void> CaffeParameters::expect(const CaffeLayer& layer, std::size_t count) {
  const auto* file = std::get_if<CaffeWeights>(&source_);
  const std::vector<CaffeWeight>* weights = file == nullptr ? nullptr : file->of(layer.name);
  if (weights == nullptr || weights->size() <= count) return {};
  return Error{Errc::malformed, file->path(),
               fmt::format("has {} blobs for layer {} ({}), which has {} by the prototxt", weights->size(),
                           in_quotes(layer.name), in_quotes(layer.type), count)};
}

}  // namespace layerwatt
