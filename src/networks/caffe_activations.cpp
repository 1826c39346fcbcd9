// SPDX-License-Identifier: Apache-2.0
// Layers that look at one element at a time. Formulas: relu_layer.cpp, prelu_layer.cpp, elu_layer.cpp,
// sigmoid_layer.cpp, tanh_layer.cpp, absval_layer.cpp, bnll_layer.cpp, power_layer.cpp. ReLU6 is of forks.
#include "networks/attributes.h"
#include "networks/caffe_operators.h"

namespace layerwatt {

namespace {

CaffeTops elementwise(CaffeStep& step, const char* type) {
  step.fields.ignore({"engine"});
  if (auto read = step.fields.finish(); !read) return read.error();
  step.node(type);
  return step.made(step.input().shape);
}

}  // namespace

CaffeTops caffe::relu(CaffeStep& step) {
  const auto slope = static_cast<float>(step.fields.number("negative_slope").value_or(0));
  if (slope == 0) return elementwise(step, "Relu");
  auto made = elementwise(step, "LeakyRelu");
  if (made)
    set_attribute(
        *step.graph.model().mutable_graph()->mutable_node(step.graph.model().graph().node_size() - 1),
        "alpha", slope);
  return made;
}

CaffeTops caffe::relu6(CaffeStep& step) {
  if (auto read = step.fields.finish(); !read) return read.error();
  step.node("Clip", {step.graph.constant(step.layer.name + ".min", {}, {0}),
                     step.graph.constant(step.layer.name + ".max", {}, {6})});
  return step.made(step.input().shape);
}

CaffeTops caffe::prelu(CaffeStep& step) {
  const bool shared = step.fields.flag("channel_shared").value_or(false);
  step.fields.ignore({"filler"});
  if (auto read = step.fields.finish(); !read) return read.error();
  const Shape& in = step.input().shape;
  if (in.size() < 2) return step.malformed("needs channels");
  const Shape asked{shared ? 1 : in[1]};
  auto values = step.graph.parameters.values(step.layer, 0, asked, {0, 0.25F});
  if (!values) return values.error();
  if (auto fits = step.graph.parameters.expect(step.layer, 1); !fits) return fits.error();
  Shape spread = asked;
  spread.resize(in.size() - 1, 1);
  step.node("PRelu", {step.graph.parameter(step.layer.name + ".weight", spread, std::move(*values))});
  return step.made(in);
}

CaffeTops caffe::elu(CaffeStep& step) {
  const auto alpha = static_cast<float>(step.fields.number("alpha").value_or(1));
  if (auto read = step.fields.finish(); !read) return read.error();
  set_attribute(step.node("Elu"), "alpha", alpha);
  return step.made(step.input().shape);
}

CaffeTops caffe::sigmoid(CaffeStep& step) { return elementwise(step, "Sigmoid"); }
CaffeTops caffe::tanh(CaffeStep& step) { return elementwise(step, "Tanh"); }
CaffeTops caffe::absolute(CaffeStep& step) { return elementwise(step, "Abs"); }
CaffeTops caffe::softplus(CaffeStep& step) { return elementwise(step, "Softplus"); }

// (shift + scale x)^power
CaffeTops caffe::power(CaffeStep& step) {
  struct Part {
    const char *type, *name;
    double value, neutral;
  };
  const double power = step.fields.number("power").value_or(1);
  const double scale = step.fields.number("scale").value_or(1);
  const double shift = step.fields.number("shift").value_or(0);
  if (auto read = step.fields.finish(); !read) return read.error();
  std::vector<Part> parts;
  for (const Part& part :
       {Part{"Mul", "scale", scale, 1}, Part{"Add", "shift", shift, 0}, Part{"Pow", "power", power, 1}})
    if (part.value != part.neutral) parts.push_back(part);
  if (parts.empty()) return CaffeTops{{step.input()}};
  std::string read = step.input().name;
  for (const Part& part : parts) {
    const bool is_last = &part == &parts.back();
    const std::string name = is_last ? step.layer.name : step.layer.name + "_" + part.name;
    const std::string made = is_last ? step.names.front() : step.graph.unused(name);
    const std::string number =
        step.graph.constant(step.layer.name + "." + part.name, {}, {static_cast<float>(part.value)});
    step.graph.node(part.type, name, {read, number}, made);
    read = made;
  }
  if (parts.size() > 1)
    step.graph.substitutions.add("a Power is up to three element-wise layers", step.layer.name);
  return step.made(step.input().shape);
}

}  // namespace layerwatt
