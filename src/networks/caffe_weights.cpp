// SPDX-License-Identifier: Apache-2.0
// See caffe_weights.h. Numbers are written packed, as caffe.proto says; one by one is read as well, because
// protobuf's readers must.
#include "networks/caffe_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <bit>
#include <cstring>

#include "networks/tensor_size.h"
#include "networks/wire_reader.h"

namespace layerwatt {

namespace {

static_assert(std::endian::native == std::endian::little, "caffemodel and ONNX keep numbers little-endian");

constexpr const char* format_name = "a caffemodel";
// Those published have some 1000 layers with up to five blobs each.
constexpr std::size_t most_weight_messages = 1'000'000;
constexpr std::size_t most_dimensions = 32;  // Caffe's own limit, kMaxBlobAxes

// Field numbers.
constexpr std::uint32_t net_layers = 2, net_layer = 100;
constexpr std::uint32_t layer_name = 1, layer_blobs = 7, older_name = 4, older_blobs = 6, older_oldest = 1;
constexpr std::uint32_t blob_num = 1, blob_width = 4, blob_data = 5, blob_shape = 7, blob_double_data = 8;
constexpr std::uint32_t shape_dim = 1;

WireReader wire_of(ModelFile& file) { return {file, format_name, "Caffe"}; }

}  // namespace

Result<CaffeWeights> CaffeWeights::open(const std::filesystem::path& path) {
  auto file = ModelFile::open(path, format_name);
  if (!file) return file.error();
  CaffeWeights weights{std::move(*file)};
  if (auto scanned = weights.scan(); !scanned) return scanned.error();
  return weights;
}

const std::vector<CaffeWeight>* CaffeWeights::of(const std::string& layer) const {
  const auto found = layers_.find(layer);
  return found == layers_.end() ? nullptr : &found->second;
}

Result<void> CaffeWeights::scan() {
  WireReader wire = wire_of(file_);
  for (std::uint64_t at = 0; at < file_.size();) {
    const auto field = wire.next_field("net", at, file_.size());
    if (!field) return field.error();
    if (field->wire_type != 2 || (field->number != net_layers && field->number != net_layer)) continue;
    if (auto scanned = scan_layer(field->begin, field->end, field->number == net_layers); !scanned)
      return scanned;
  }
  if (layers_.empty())
    return Error{Errc::malformed, file_.path(),
                 "is not a caffemodel, or one without weights: no layer has any"};
  return {};
}

Result<void> CaffeWeights::scan_layer(std::uint64_t begin, std::uint64_t end, bool is_older) {
  WireReader wire = wire_of(file_);
  std::string name;
  std::vector<CaffeWeight> blobs;
  for (std::uint64_t at = begin; at < end;) {
    const auto field = wire.next_field("layer", at, end);
    if (!field) return field.error();
    if (field->wire_type != 2) continue;
    if (is_older && field->number == older_oldest)
      return Error{
          Errc::unsupported, file_.path(),
          "is of Caffe's first format, of 2013; Caffe's own upgrade_net_proto_binary brings it up to date"};
    if (field->number == (is_older ? older_name : layer_name)) {
      const auto bytes = file_.read(field->begin, static_cast<std::size_t>(field->end - field->begin));
      if (!bytes) return bytes.error();
      name = *bytes;
    } else if (field->number == (is_older ? older_blobs : layer_blobs)) {
      if (++messages_ > most_weight_messages)
        return Error{Errc::malformed, file_.path(),
                     fmt::format("has more than {} blobs", most_weight_messages)};
      auto blob = scan_blob(field->begin, field->end);
      if (!blob) return blob.error();
      blobs.push_back(std::move(*blob));
    }
  }
  if (!blobs.empty()) layers_[name] = std::move(blobs);  // Caffe, too, takes the last of one name
  return {};
}

Result<CaffeWeight> CaffeWeights::scan_blob(std::uint64_t begin, std::uint64_t end) {
  WireReader wire = wire_of(file_);
  CaffeWeight weight;
  weight.begin = begin;
  weight.end = end;
  Shape four(4, 1);
  bool has_four = false, has_shape = false;
  const auto add_dimension = [&](std::uint64_t value) -> Result<void> {
    if (weight.shape.size() == most_dimensions)
      return wire.damaged(begin, "a blob has more than 32 dimensions");
    weight.shape.push_back(static_cast<std::int64_t>(value));
    return {};
  };
  for (std::uint64_t at = begin; at < end;) {
    const auto field = wire.next_field("blob", at, end);
    if (!field) return field.error();
    const auto bytes = static_cast<std::int64_t>(field->end - field->begin);
    if (field->number >= blob_num && field->number <= blob_width && field->wire_type == 0) {
      four[field->number - blob_num] = static_cast<std::int64_t>(field->value);
      has_four = true;
    } else if (field->number == blob_data && (field->wire_type == 2 || field->wire_type == 5)) {
      weight.count += bytes / static_cast<std::int64_t>(sizeof(float));
    } else if (field->number == blob_double_data && (field->wire_type == 2 || field->wire_type == 1)) {
      weight.count += bytes / static_cast<std::int64_t>(sizeof(double));
    } else if (field->number == blob_shape && field->wire_type == 2) {
      has_shape = true;
      for (std::uint64_t inner = field->begin; inner < field->end;) {
        const auto dim = wire.next_field("shape", inner, field->end);
        if (!dim) return dim.error();
        if (dim->number != shape_dim) continue;
        if (dim->wire_type == 0)
          if (auto added = add_dimension(dim->value); !added) return added.error();
        for (std::uint64_t packed = dim->begin; dim->wire_type == 2 && packed < dim->end;) {
          const auto value = wire.varint(packed, dim->end);
          if (!value) return value.error();
          if (auto added = add_dimension(*value); !added) return added.error();
        }
      }
    } else if (field->wire_type == 2 && field->number > blob_double_data + 1) {
      return Error{
          Errc::unsupported, file_.path(),
          fmt::format(
              "at byte {}, a blob has a field ({}) that is not of BVLC Caffe; forks keep half precision so",
              field->begin, field->number)};
    }
  }
  if (!has_shape && has_four) weight.shape = four;
  if (!has_shape && !has_four) weight.shape = {weight.count};
  for (const std::int64_t dimension : weight.shape)
    if (dimension < 0) return wire.damaged(begin, "a blob has a negative dimension");
  const auto expected = elements_of(weight.shape);
  if (expected != weight.count)
    return wire.damaged(
        begin, fmt::format("a blob of {} has {} numbers", fmt::join(weight.shape, "x"), weight.count));
  return weight;
}

Result<std::string> CaffeWeights::data(const CaffeWeight& weight) {
  WireReader wire = wire_of(file_);
  std::string floats;
  floats.reserve(static_cast<std::size_t>(weight.count) * sizeof(float));
  for (std::uint64_t at = weight.begin; at < weight.end;) {
    const auto field = wire.next_field("blob", at, weight.end);
    if (!field) return field.error();
    const bool is_float = field->number == blob_data, is_double = field->number == blob_double_data;
    if ((!is_float && !is_double) || field->wire_type == 0) continue;
    const auto bytes = file_.read(field->begin, static_cast<std::size_t>(field->end - field->begin));
    if (!bytes) return bytes.error();
    if (is_float) {
      floats.append(bytes->substr(0, bytes->size() / sizeof(float) * sizeof(float)));
      continue;
    }
    for (std::size_t i = 0; i + sizeof(double) <= bytes->size(); i += sizeof(double)) {
      double value = 0;
      std::memcpy(&value, bytes->data() + i, sizeof value);
      const auto narrow = static_cast<float>(value);
      floats.append(reinterpret_cast<const char*>(&narrow), sizeof narrow);
    }
  }
  // What scan_blob counted, unless wire types that it passed over hold some: then it is damaged.
  if (floats.size() != static_cast<std::size_t>(weight.count) * sizeof(float))
    return wire.damaged(weight.begin, "the numbers of a blob do not fit its shape");
  return floats;
}

}  // namespace layerwatt
