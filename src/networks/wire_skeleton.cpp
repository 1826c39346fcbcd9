// SPDX-License-Identifier: Apache-2.0
// See wire_skeleton.h.
#include "networks/wire_skeleton.h"

#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include <array>

#include "networks/wire_reader.h"

namespace layerwatt {

namespace {

// What to do with a field: leave it out, copy it, or descend into it as one of these messages.
enum class Part { skip, copy, payload, model, graph, node, attribute, tensor, sparse_tensor, function };
constexpr std::array part_names{"field", "field",     "data",   "model",         "graph",
                                "node",  "attribute", "tensor", "sparse tensor", "function"};
constexpr std::size_t part_count = part_names.size();
constexpr std::uint32_t field_count = 32;

struct FieldRule {
  Part message;
  std::uint32_t field;
  Part what;
};

constexpr FieldRule field_rules[] = {
    {Part::model, 1, Part::copy},                // ir_version
    {Part::model, 7, Part::graph},               //
    {Part::model, 8, Part::copy},                // opset_import
    {Part::model, 14, Part::copy},               // metadata_props
    {Part::model, 25, Part::function},           //
    {Part::graph, 1, Part::node},                //
    {Part::graph, 2, Part::copy},                // name
    {Part::graph, 5, Part::tensor},              // initializer
    {Part::graph, 11, Part::copy},               // input
    {Part::graph, 12, Part::copy},               // output
    {Part::graph, 13, Part::copy},               // value_info
    {Part::graph, 15, Part::sparse_tensor},      // sparse_initializer
    {Part::node, 1, Part::copy},                 // input
    {Part::node, 2, Part::copy},                 // output
    {Part::node, 3, Part::copy},                 // name
    {Part::node, 4, Part::copy},                 // op_type
    {Part::node, 5, Part::attribute},            //
    {Part::node, 7, Part::copy},                 // domain
    {Part::attribute, 1, Part::copy},            // name
    {Part::attribute, 2, Part::copy},            // f
    {Part::attribute, 3, Part::copy},            // i
    {Part::attribute, 4, Part::payload},         // s: an engine's compiled network can be in it
    {Part::attribute, 5, Part::tensor},          // t
    {Part::attribute, 6, Part::graph},           // g
    {Part::attribute, 7, Part::copy},            // floats
    {Part::attribute, 8, Part::copy},            // ints
    {Part::attribute, 9, Part::payload},         // strings
    {Part::attribute, 10, Part::tensor},         // tensors
    {Part::attribute, 11, Part::graph},          // graphs
    {Part::attribute, 14, Part::copy},           // tp
    {Part::attribute, 20, Part::copy},           // type
    {Part::attribute, 22, Part::sparse_tensor},  // sparse_tensor
    {Part::tensor, 1, Part::copy},               // dims
    {Part::tensor, 2, Part::copy},               // data_type
    {Part::tensor, 4, Part::payload},            // float_data
    {Part::tensor, 5, Part::payload},            // int32_data
    {Part::tensor, 6, Part::payload},            // string_data
    {Part::tensor, 7, Part::payload},            // int64_data
    {Part::tensor, 8, Part::copy},               // name
    {Part::tensor, 9, Part::payload},            // raw_data
    {Part::tensor, 10, Part::payload},           // double_data
    {Part::tensor, 11, Part::payload},           // uint64_data
    {Part::tensor, 13, Part::copy},              // external_data
    {Part::tensor, 14, Part::copy},              // data_location
    {Part::sparse_tensor, 1, Part::tensor},      // values
    {Part::sparse_tensor, 2, Part::tensor},      // indices
    {Part::sparse_tensor, 3, Part::copy},        // dims
    {Part::function, 1, Part::copy},             // name
    {Part::function, 10, Part::copy},            // domain
};

using FieldTable = std::array<std::array<Part, field_count>, part_count>;

constexpr FieldTable field_table = [] {
  FieldTable table{};
  for (const FieldRule& rule : field_rules)
    table[static_cast<std::size_t>(rule.message)][rule.field] = rule.what;
  return table;
}();

constexpr std::uint32_t raw_data_field = 9;
constexpr std::uint64_t largest_kept_tensor = 4096;      // shapes, axes and clip limits are far below it
constexpr std::uint64_t largest_kept_attribute = 65536;  // likewise for lists in attributes
// The largest published networks have about 100 000 nodes and some 40 MB of names.
constexpr std::size_t most_messages = 4'000'000;
constexpr std::size_t most_kept_bytes = 128 << 20;
// A graph in an attribute of a node is three messages deeper; protobuf itself stops at 100.
constexpr int deepest = 60;
constexpr std::size_t padded_length = 5;

void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

// A varint of fixed width: what is longer than necessary is still valid, and can be filled in afterwards.
void fill_length(std::string& out, std::size_t at, std::size_t length) {
  for (std::size_t i = 0; i < padded_length; ++i) {
    const auto more = static_cast<unsigned char>(i + 1 < padded_length ? 0x80 : 0);
    out[at + i] = static_cast<char>((length & 0x7f) | more);
    length >>= 7;
  }
}

class SkeletonReader {
 public:
  explicit SkeletonReader(ModelFile& file) : file_{file}, wire_{file, "an ONNX model", "ONNX"} {}

  Result<std::string> read() {
    if (auto read = message(Part::model, 0, file_.size(), 0); !read) return read.error();
    return std::move(out_);
  }

 private:
  Result<void> message(Part part, std::uint64_t begin, std::uint64_t end, int depth) {
    if (depth > deepest)
      return Error{Errc::malformed, file_.path(),
                   fmt::format("graphs are nested more than {} deep, at byte {}", deepest / 3, begin)};
    if (++messages_ > most_messages)
      return Error{Errc::malformed, file_.path(),
                   fmt::format("has more than {} nodes, attributes and tensors", most_messages)};
    const bool is_tensor = part == Part::tensor;
    const bool keep_data = !is_tensor || end - begin <= largest_kept_tensor;
    LeftOut left_out;
    for (std::uint64_t at = begin; at < end;) {
      const auto field = wire_.next_field(part_names[static_cast<std::size_t>(part)], at, end);
      if (!field) return field.error();
      const Part what = field->number < field_count
                            ? field_table[static_cast<std::size_t>(part)][field->number]
                            : Part::skip;
      if (what == Part::payload && is_tensor && !keep_data) {
        auto& counted = field->number == raw_data_field ? left_out.raw_bytes : left_out.typed_bytes;
        counted += static_cast<std::int64_t>(std::max<std::uint64_t>(1, field->end - field->begin));
        continue;
      }
      if (auto taken = take(part, what, *field, depth); !taken) return taken.error();
    }
    if (left_out.any()) append_segment(left_out);
    return {};
  }

  Result<void> take(Part owner, Part what, const WireField& field, int depth) {
    if (what == Part::skip) return {};
    if (what == Part::payload && owner == Part::attribute && field.end - field.begin > largest_kept_attribute)
      return {};
    if (what == Part::copy || what == Part::payload) return copy(field);
    if (field.wire_type != 2)
      return wire_.damaged(field.begin, fmt::format("field {} of a {} is a number where a {} belongs",
                                                    field.number, part_names[static_cast<std::size_t>(owner)],
                                                    part_names[static_cast<std::size_t>(what)]));
    append_varint(out_, field.key);
    const std::size_t length_at = out_.size();
    out_.append(padded_length, '\0');
    if (auto descended = message(what, field.begin, field.end, depth + 1); !descended) return descended;
    fill_length(out_, length_at, out_.size() - length_at - padded_length);
    return {};
  }

  Result<void> copy(const WireField& field) {
    append_varint(out_, field.key);
    if (field.wire_type == 0) append_varint(out_, field.value);
    if (field.wire_type == 2) append_varint(out_, field.end - field.begin);
    const auto length = static_cast<std::size_t>(field.end - field.begin);
    if (out_.size() + length > most_kept_bytes)
      return Error{Errc::malformed, file_.path(),
                   fmt::format("holds more than {} MiB besides its weights", most_kept_bytes >> 20)};
    const auto bytes = file_.read(field.begin, length);
    if (!bytes) return bytes.error();
    out_.append(*bytes);
    return {};
  }

  // TensorProto.segment = 3 { begin = 1, end = 2 }
  void append_segment(const LeftOut& left_out) {
    std::string segment;
    append_varint(segment, 1 << 3);
    append_varint(segment, static_cast<std::uint64_t>(left_out.raw_bytes));
    append_varint(segment, 2 << 3);
    append_varint(segment, static_cast<std::uint64_t>(left_out.typed_bytes));
    append_varint(out_, (3 << 3) | 2);
    append_varint(out_, segment.size());
    out_.append(segment);
  }

  ModelFile& file_;
  WireReader wire_;
  std::string out_;
  std::size_t messages_ = 0;
};

}  // namespace

Result<std::string> read_wire_skeleton(ModelFile& file) { return SkeletonReader{file}.read(); }

LeftOut left_out_of(const onnx::TensorProto& tensor) {
  if (!tensor.has_segment()) return {};
  return {tensor.segment().begin(), tensor.segment().end()};
}

}  // namespace layerwatt
