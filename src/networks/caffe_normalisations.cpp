// SPDX-License-Identifier: Apache-2.0
// LRN and Softmax. Formulas: lrn_layer.cpp, softmax_layer.cpp.
#include "networks/attributes.h"
#include "networks/caffe_operators.h"

namespace layerwatt {

namespace {

struct ResponseSettings {
  std::int64_t size = 5;
  float alpha = 1, beta = 0.75F, bias = 1;
};

// x (1 + alpha m)^-beta, m the mean of squares in a window of the picture.
void respond_within_channel(CaffeStep& step, const ResponseSettings& settings) {
  CaffeGraph& graph = step.graph;
  const std::string& name = step.layer.name;
  const auto unary = [&](const char* type, const char* part,
                         const std::vector<std::string>& read) -> std::string {
    std::string made = graph.unused(name + part);
    graph.node(type, name + part, read, made);
    return made;
  };
  const auto number = [&](const char* part, float value) { return graph.constant(name + part, {}, {value}); };
  const std::string square = unary("Mul", "_square", {step.input().name, step.input().name});
  const std::string mean = unary("AveragePool", "_mean", {square});
  onnx::NodeProto& pool = *graph.model().mutable_graph()->mutable_node(graph.model().graph().node_size() - 1);
  const std::int64_t pad = (settings.size - 1) / 2;
  set_attribute(pool, "kernel_shape", std::vector<std::int64_t>{settings.size, settings.size});
  set_attribute(pool, "pads", std::vector<std::int64_t>(4, pad));
  set_attribute(pool, "count_include_pad", std::int64_t{1});
  const std::string scaled = unary("Mul", "_scaled", {mean, number(".alpha", settings.alpha)});
  const std::string shifted = unary("Add", "_shifted", {scaled, number(".one", 1)});
  const std::string power = unary("Pow", "_power", {shifted, number(".exponent", -settings.beta)});
  step.node("Mul", {power});
  graph.substitutions.add("an LRN within channels is six element-wise layers and an AveragePool", name);
}

}  // namespace

CaffeTops caffe::local_response(CaffeStep& step) {
  ResponseSettings settings;
  settings.size = step.fields.size("local_size").value_or(5);
  settings.alpha = static_cast<float>(step.fields.number("alpha").value_or(1));
  settings.beta = static_cast<float>(step.fields.number("beta").value_or(0.75));
  settings.bias = static_cast<float>(step.fields.number("k").value_or(1));
  const std::string region = step.fields.word("norm_region").value_or("ACROSS_CHANNELS");
  step.fields.ignore({"engine"});
  if (auto read = step.fields.finish(); !read) return read.error();
  if (settings.size % 2 != 1) return step.malformed("local_size must be odd");
  if (step.input().shape.size() != 4) return step.unsupported("normalises pictures, of four dimensions");
  if (region == "WITHIN_CHANNEL" || region == "1") {
    respond_within_channel(step, settings);
    return step.made(step.input().shape);
  }
  onnx::NodeProto& node = step.node("LRN");
  set_attribute(node, "size", settings.size);
  set_attribute(node, "alpha", settings.alpha);
  set_attribute(node, "beta", settings.beta);
  set_attribute(node, "bias", settings.bias);
  return step.made(step.input().shape);
}

CaffeTops caffe::softmax(CaffeStep& step) {
  const std::int64_t axis = step.fields.integer("axis").value_or(1);
  step.fields.ignore({"engine"});
  if (auto read = step.fields.finish(); !read) return read.error();
  const auto counted = axis_of(step, axis, step.input().shape.size());
  if (!counted) return counted.error();
  set_attribute(step.node("Softmax"), "axis", static_cast<std::int64_t>(*counted));
  return step.made(step.input().shape);
}

}  // namespace layerwatt
