// SPDX-License-Identifier: Apache-2.0
// A model of one operator that libonnx knows, whatever its inputs and attributes: bytes choose them, each of
// a kind that the operator may look at. It may be refused or described without shapes, and must not crash,
// hang or break the promises of network.h. onnx_fuzz hardly gets that far, since most bytes make no model.
#include <onnx/defs/schema.h>

#include <algorithm>
#include <array>
#include <limits>

#include "network_promises.h"
#include "networks/describe_model.h"

namespace {

using namespace layerwatt;

// Zeros behind the end.
class Choices {
 public:
  Choices(const std::uint8_t* data, std::size_t size) : at_{data}, end_{data + size} {}
  std::uint8_t byte() { return at_ == end_ ? std::uint8_t{0} : *at_++; }
  std::size_t below(std::size_t limit) {
    return limit == 0 ? 0 : (static_cast<std::size_t>(byte()) << 8U | byte()) % limit;
  }
  template <class List>
  auto of(const List& list) {
    return list[byte() % std::size(list)];
  }
  // Mostly one that an axis, a size or a stride can be.
  std::int64_t number() {
    static constexpr std::array<std::int64_t, 3> ends{std::numeric_limits<std::int64_t>::min(),
                                                      std::numeric_limits<std::int64_t>::max(), 1 << 20};
    const std::uint8_t chosen = byte();
    return chosen >= 250 ? ends[chosen % 3] : chosen % 12 - 3;
  }

 private:
  const std::uint8_t *at_, *end_;
};

const std::vector<onnx::OpSchema>& schemas() {
  static const auto all = [] {
    auto found = onnx::OpSchemaRegistry::get_all_schemas_with_history();
    std::sort(found.begin(), found.end(), [](const onnx::OpSchema& a, const onnx::OpSchema& b) {
      return std::tuple{a.domain(), a.Name(), a.since_version()} <
             std::tuple{b.domain(), b.Name(), b.since_version()};
    });
    return found;
  }();
  return all;
}

constexpr std::array element_types{onnx::TensorProto::FLOAT,  onnx::TensorProto::INT64,
                                   onnx::TensorProto::INT32,  onnx::TensorProto::BOOL,
                                   onnx::TensorProto::DOUBLE, onnx::TensorProto::STRING,
                                   onnx::TensorProto::UINT8,  onnx::TensorProto::FLOAT16};

void fill(onnx::TensorProto& tensor, Choices& choices) {
  const auto type = choices.of(element_types);
  tensor.set_data_type(type);
  std::size_t elements = 1;
  for (std::size_t i = choices.byte() % 3; i > 0; --i) {
    const std::size_t extent = choices.byte() % 5;
    tensor.add_dims(static_cast<std::int64_t>(extent));
    elements *= extent;
  }
  for (std::size_t i = 0; i < elements; ++i) {
    const std::int64_t value = choices.number();
    switch (type) {
      case onnx::TensorProto::FLOAT: tensor.add_float_data(static_cast<float>(value) / 2); break;
      case onnx::TensorProto::DOUBLE: tensor.add_double_data(static_cast<double>(value) / 2); break;
      case onnx::TensorProto::INT64: tensor.add_int64_data(value); break;
      case onnx::TensorProto::STRING: tensor.add_string_data("a"); break;
      default: tensor.add_int32_data(static_cast<std::int32_t>(value)); break;
    }
  }
}

void declare(onnx::TypeProto& type, Choices& choices, int depth = 0) {
  const std::uint8_t kind = choices.byte() % 16;
  if (kind == 0) return;  // nothing is known of it
  if (kind == 1 && depth < 2)
    return declare(*type.mutable_sequence_type()->mutable_elem_type(), choices, depth + 1);
  if (kind == 2 && depth < 2)
    return declare(*type.mutable_optional_type()->mutable_elem_type(), choices, depth + 1);
  auto& tensor = *type.mutable_tensor_type();
  tensor.set_elem_type(choices.of(element_types));
  if (kind == 3) return;  // not even the rank
  tensor.mutable_shape();
  for (std::size_t i = choices.byte() % 6; i > 0; --i) {
    auto& made = *tensor.mutable_shape()->add_dim();
    if (const std::int64_t extent = choices.byte() % 10 - 1; extent >= 0) made.set_dim_value(extent);
  }
}

const char* word(Choices& choices) {
  static constexpr std::array words{
      "",          "NOTSET",  "SAME_UPPER", "SAME_LOWER", "VALID", "linear",        "nearest", "constant",
      "edge",      "reflect", "NCHW",       "forward",    "DCR",   "bidirectional", "none",    "add",
      "ab,bc->ac", "i->i",    "...,...->",  "->",         "ii",    "a,b,c->abcd",   "sum",     "mean",
      "INT64S",    "sizes",   "ceil",       "TFIDF",      "IDF",   "avg",           "max",     "\xff"};
  return choices.of(words);
}

void fill(onnx::AttributeProto& attribute, int type, Choices& choices) {
  attribute.set_type(static_cast<onnx::AttributeProto::AttributeType>(type));
  const std::size_t several = choices.byte() % 6;
  switch (type) {
    case onnx::AttributeProto::FLOAT: attribute.set_f(static_cast<float>(choices.number())); break;
    case onnx::AttributeProto::INT: attribute.set_i(choices.number()); break;
    case onnx::AttributeProto::STRING: attribute.set_s(word(choices)); break;
    case onnx::AttributeProto::TENSOR: fill(*attribute.mutable_t(), choices); break;
    case onnx::AttributeProto::TYPE_PROTO: declare(*attribute.mutable_tp(), choices); break;
    case onnx::AttributeProto::FLOATS:
      for (std::size_t i = 0; i < several; ++i) attribute.add_floats(static_cast<float>(choices.number()));
      break;
    case onnx::AttributeProto::INTS:
      for (std::size_t i = 0; i < several; ++i) attribute.add_ints(choices.number());
      break;
    case onnx::AttributeProto::STRINGS:
      for (std::size_t i = 0; i < several; ++i) attribute.add_strings(word(choices));
      break;
    case onnx::AttributeProto::TENSORS:
      for (std::size_t i = 0; i < several; ++i) fill(*attribute.add_tensors(), choices);
      break;
    case onnx::AttributeProto::SPARSE_TENSOR:
      fill(*attribute.mutable_sparse_tensor()->mutable_values(), choices);
      break;
    default: break;  // graphs are not looked into
  }
}

std::size_t count_between(int least, int most, Choices& choices) {
  return static_cast<std::size_t>(std::min(most, least + choices.byte() % 4));
}

std::unique_ptr<onnx::ModelProto> model_of(Choices& choices) {
  const onnx::OpSchema& schema = schemas()[choices.below(schemas().size())];
  auto model = std::make_unique<onnx::ModelProto>();
  model->set_ir_version(7);
  auto& opset = *model->add_opset_import();
  opset.set_domain(schema.domain());
  opset.set_version(schema.since_version());
  onnx::GraphProto& graph = *model->mutable_graph();
  onnx::NodeProto& node = *graph.add_node();
  node.set_op_type(schema.Name());
  node.set_domain(schema.domain());
  for (std::size_t i = count_between(schema.min_input(), schema.max_input(), choices); i > 0; --i) {
    const std::string name = "in" + std::to_string(i);
    const std::uint8_t kind = choices.byte() % 8;
    node.add_input(kind == 0 ? "" : name);
    if (kind == 0) continue;
    if (kind < 4) {
      auto& tensor = *graph.add_initializer();
      tensor.set_name(name);
      fill(tensor, choices);
      continue;
    }
    auto& input = *graph.add_input();
    input.set_name(name);
    declare(*input.mutable_type(), choices);
  }
  for (std::size_t i = count_between(schema.min_output(), schema.max_output(), choices); i > 0; --i) {
    node.add_output("out" + std::to_string(i));
    graph.add_output()->set_name(node.output(node.output_size() - 1));
  }
  for (const auto& [name, attribute] : schema.attributes()) {
    const std::uint8_t kind = choices.byte() % 16;
    if (kind < (attribute.required ? 2 : 6)) continue;
    auto& made = *node.add_attribute();
    made.set_name(name);
    fill(made, kind == 15 ? choices.byte() % 15 : static_cast<int>(attribute.type), choices);
  }
  return model;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Choices choices{data, size};
  const auto network = describe_model(model_of(choices), "operator.onnx", {});
  if (network)
    require_promises(*network);
  else
    require(!network.error().where.empty() && !network.error().detail.empty(),
            "a refusal says what and where");
  return 0;
}
