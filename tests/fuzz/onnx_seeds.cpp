// SPDX-License-Identifier: Apache-2.0
// Small models that reach the operators with rules of their own, the value propagation, external data,
// subgraphs and functions. Constructed.
#include <onnx/defs/schema.h>

#include <algorithm>
#include <map>

#include "fuzz_target.h"
#include "networks/testing/tiny_model.h"

namespace layerwatt {

namespace {

using List = std::vector<std::int64_t>;

std::string pictures() {
  TinyModel model;
  model.input("x", {-1, 4, 16, 16}).weights("w", {8, 2, 3, 3}).weights("b", {8}).weights("t", {8, 4, 2, 2});
  for (const char* name : {"s", "m", "v", "o"}) model.weights(name, {8});
  model.node("Conv", "layer1.0.conv", {"x", "w", "b"}, {"c"}).with("group", 2).with("strides", List{2, 2});
  model.with("pads", List{1, 1, 1, 1}).with("dilations", List{1, 1}).with("kernel_shape", List{3, 3});
  model.node("BatchNormalization", "layer1.0.bn", {"c", "s", "o", "m", "v"}, {"n"});
  model.node("MaxPool", "pool", {"n"}, {"p"}).with("kernel_shape", List{2, 2}).with("ceil_mode", 1);
  model.node("ConvTranspose", "up", {"p", "t"}, {"u"}).with("strides", List{2, 2});
  model.node("GlobalAveragePool", "", {"u"}, {"g"}).node("Flatten", "", {"g"}, {"y"}).with("axis", 1);
  return model.output("y").bytes();
}

std::string computed_shapes() {
  TinyModel model{18};
  model.input("x", {2, 3, 4}).integers("axis", {0}).integers("rest", {-1}).integers("one", {1});
  model.node("Shape", "shape", {"x"}).node("Slice", "part", {"shape", "axis", "one", "axis"});
  model.node("Mul", "product", {"part", "one"}).node("Concat", "target", {"product", "rest"}).with("axis", 0);
  model.node("Reshape", "flat", {"x", "target"})
      .node("ReduceSum", "sum", {"flat", "one"})
      .with("keepdims", 0);
  model.node("Split", "halves", {"flat"}, {"a", "b"}).with("axis", 1).with("num_outputs", 2);
  return model.output("sum").bytes();
}

std::string sequences() {
  TinyModel model;
  model.input("x", {5, 2, 3}).weights("w", {1, 16, 3}).weights("r", {1, 16, 4}).integers("axes", {1});
  model.node("LSTM", "", {"x", "w", "r"}, {"h", "", "last"}).with("hidden_size", 4);
  model.node("Squeeze", "", {"h", "axes"}, {"q"})
      .node("Transpose", "", {"q"}, {"t"})
      .with("perm", List{1, 0, 2});
  model.node("Gather", "", {"t", "axes"}, {"g"})
      .with("axis", 1)
      .node("Softmax", "", {"g"}, {"y"})
      .with("axis", -1);
  return model.output("y").bytes();
}

std::string nested() {
  TinyModel model;
  model.import("local", 1)
      .input("c", {}, onnx::TensorProto::BOOL)
      .input("x", {1, 4})
      .node("If", "", {"c"}, {"y"});
  auto& attribute = *model.last().add_attribute();
  attribute.set_name("then_branch");
  attribute.set_type(onnx::AttributeProto::GRAPH);
  auto& inner = *attribute.mutable_g()->add_node();
  inner.set_op_type("Relu");
  inner.add_input("x");
  inner.add_output("inner");
  model.node("Twice", "", {"y"}, {"z"}).in_domain("local").output("z");
  auto& function = *model.model.add_functions();
  function.set_name("Twice");
  function.set_domain("local");
  auto& external = *model.graph().add_initializer();
  external.set_name("external");
  external.set_data_type(onnx::TensorProto::FLOAT);
  external.add_dims(4);
  external.set_data_location(onnx::TensorProto::EXTERNAL);
  for (const auto& [key, value] : std::map<std::string, std::string>{{"location", "0"}, {"offset", "0"}}) {
    auto& entry = *external.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  }
  return model.bytes();
}

// Operators that libonnx infers, each with attributes and small constants that it reads.
std::string libonnx_operators() {
  TinyModel model;
  model.input("x", {2, 3, 8, 8}).input("i", {2, 2}, onnx::TensorProto::INT64).integers("four", {1, 1, 2, 2});
  model.integers("eight", {0, 0, 1, 1, 0, 0, 1, 1}).integers("two", {2}).weights("f", {4});
  model.node("Pad", "", {"x", "eight"}, {"a"}).node("Tile", "", {"x", "four"}, {"b"});
  model.node("Expand", "", {"x", "four"}, {"c"}).node("Resize", "", {"x", "", "f"}, {"d"});
  model.node("DepthToSpace", "", {"x"}, {"e"})
      .with("blocksize", 2)
      .node("SpaceToDepth", "", {"x"}, {"g"})
      .with("blocksize", 2);
  model.node("TopK", "", {"x", "two"}, {"h", "j"}).with("axis", 1).node("GatherND", "", {"x", "i"}, {"k"});
  model.node("OneHot", "", {"i", "two", "f"}, {"l"}).node("Unsqueeze", "", {"x", "two"}, {"m"});
  model.node("Einsum", "", {"i", "i"}, {"n"})
      .with("equation", "ab,bc->ac")
      .node("Gemm", "", {"i", "i"}, {"o"})
      .with("transA", 1);
  model.node("MatMul", "", {"x", "x"}, {"p"}).node("Concat", "", {"x", "x"}, {"q"}).with("axis", 1);
  model.node("Slice", "", {"x", "two", "two"}, {"r"}).node("ConstantOfShape", "", {"four"}, {"s"});
  model.node("MaxUnpool", "", {"x", "x"}, {"t"}).with("kernel_shape", List{2, 2}).with("strides", List{2, 2});
  model.node("Range", "", {"two", "two", "two"}, {"u"}).node("ScatterElements", "", {"x", "i", "x"}, {"v"});
  model.node("MaxRoiPool", "", {"x", "i"}, {"w"})
      .with("pooled_shape", List{1, 1})
      .node("LRN", "", {"x"}, {"y"});
  return model.output("a").output("y").bytes();
}

// One model for each operator of libonnx, with the inputs it must have and the attributes that have defaults.
std::vector<std::string> each_operator() {
  std::vector<std::string> seeds;
  for (const onnx::OpSchema& schema : onnx::OpSchemaRegistry::get_all_schemas()) {
    if (!schema.domain().empty()) continue;
    TinyModel model{17};
    model.input("x", {2, 3, 8, 8}).integers("i", {1, 1, 2, 2}).weights("f", {4});
    const int inputs = std::clamp(schema.max_input(), schema.min_input(), schema.min_input() + 2);
    std::vector<std::string> read;
    for (int k = 0; k < inputs; ++k) read.emplace_back(k == 0 ? "x" : k % 2 == 1 ? "i" : "f");
    std::vector<std::string> made;
    for (int k = 0; k < std::max(1, schema.min_output()); ++k) made.push_back("y" + std::to_string(k));
    model.node(schema.Name(), "", read, made);
    for (const auto& [name, attribute] : schema.attributes()) {
      onnx::AttributeProto& set = *model.last().add_attribute();
      if (!attribute.default_value.name().empty()) {
        set = attribute.default_value;
        continue;
      }
      set.set_name(name);
      set.set_type(attribute.type);
      if (attribute.type == onnx::AttributeProto::INT) set.set_i(1);
      if (attribute.type == onnx::AttributeProto::INTS)
        for (int k = 0; k < 2; ++k) set.add_ints(1);
    }
    seeds.push_back(model.output("y0").bytes());
  }
  return seeds;
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  std::vector<std::string> seeds = each_operator();
  for (const auto make : {pictures, computed_shapes, sequences, nested, libonnx_operators})
    seeds.push_back(make());
  return seeds;
}

}  // namespace layerwatt
