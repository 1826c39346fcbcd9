// SPDX-License-Identifier: Apache-2.0
// Convolution, Deconvolution and InnerProduct as ONNX's Conv, ConvTranspose and Gemm, whose weights lie in
// the same order. Formulas: base_conv_layer.cpp, conv_layer.cpp, deconv_layer.cpp, inner_product_layer.cpp.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "networks/attributes.h"
#include "networks/caffe_operators.h"
#include "networks/caffe_window.h"
#include "networks/tensor_size.h"

namespace layerwatt {

namespace {

struct Sliding {
  std::int64_t outputs = 0, groups = 1;
  Shape kernel, stride, pad, dilation;
  bool has_bias = true;
};

Result<Shape> pair_of(CaffeStep& step, const char* both, const char* height, const char* width,
                      std::int64_t otherwise) {
  auto found = height_and_width(step, both, height, width);
  if (!found) return found.error();
  return found->value_or(Shape{otherwise, otherwise});
}

Result<Sliding> read_sliding(CaffeStep& step) {
  if (step.input().shape.size() != 4)
    return step.unsupported(fmt::format("only pictures are converted, of four dimensions; this has {}",
                                        step.input().shape.size()));
  Sliding sliding;
  sliding.outputs = step.fields.size("num_output").value_or(0);
  sliding.has_bias = step.fields.flag("bias_term").value_or(true);
  const auto groups = step.fields.size("group");
  // Forks differ in whether a depthwise layer has to say so.
  if (step.layer.type == "DepthwiseConvolution" && !groups) return step.unsupported("does not say its group");
  sliding.groups = groups.value_or(1);
  if (step.fields.integer("axis").value_or(1) != 1) return step.unsupported("axis other than 1");
  auto kernel = pair_of(step, "kernel_size", "kernel_h", "kernel_w", 0);
  auto stride = pair_of(step, "stride", "stride_h", "stride_w", 1);
  auto pad = pair_of(step, "pad", "pad_h", "pad_w", 0);
  auto dilation = pair_of(step, "dilation", "dilation_h", "dilation_w", 1);
  for (const auto* each : {&kernel, &stride, &pad, &dilation})
    if (!*each) return each->error();
  sliding.kernel = std::move(*kernel);
  sliding.stride = std::move(*stride);
  sliding.pad = std::move(*pad);
  sliding.dilation = std::move(*dilation);
  step.fields.ignore({"weight_filler", "bias_filler", "engine", "force_nd_im2col"});
  if (auto read = step.fields.finish(); !read) return read.error();
  if (sliding.outputs < 1) return step.malformed("num_output is missing or 0");
  for (const Shape* each : {&sliding.kernel, &sliding.stride, &sliding.dilation})
    for (const std::int64_t value : *each)
      if (value < 1) return step.malformed("kernel, stride and dilation must be at least 1");
  const std::int64_t channels = step.input().shape[1];
  if (sliding.groups < 1 || channels % sliding.groups != 0 || sliding.outputs % sliding.groups != 0)
    return step.malformed(fmt::format("{} groups do not divide {} channels and {} outputs", sliding.groups,
                                      channels, sliding.outputs));
  return sliding;
}

CaffeTops slide(CaffeStep& step, bool transposed) {
  const auto sliding = read_sliding(step);
  if (!sliding) return sliding.error();
  const Shape& in = step.input().shape;
  Shape out{in[0], sliding->outputs};
  for (std::size_t i = 0; i < 2; ++i) {
    // All are below 2^31, so no product reaches 2^63.
    const std::int64_t extent = sliding->dilation[i] * (sliding->kernel[i] - 1) + 1;
    const std::int64_t room = in[i + 2] + 2 * sliding->pad[i] - extent;
    const std::int64_t made = transposed ? sliding->stride[i] * (in[i + 2] - 1) + extent - 2 * sliding->pad[i]
                                         : (room < 0 ? 0 : room / sliding->stride[i] + 1);
    if (made < 1)
      return step.malformed(fmt::format("a window of {} does not fit into {}",
                                        fmt::join(sliding->kernel, "x"),
                                        fmt::join(in.begin() + 2, in.end(), "x")));
    out.push_back(made);
  }
  const std::int64_t groups = sliding->groups;
  Shape weights =
      transposed ? Shape{in[1], sliding->outputs / groups} : Shape{sliding->outputs, in[1] / groups};
  weights.insert(weights.end(), sliding->kernel.begin(), sliding->kernel.end());
  const std::int64_t inputs = elements_of({weights.begin() + 1, weights.end()}).value_or(1);
  auto weight = step.parameter(0, "weight", weights, {he_deviation(inputs, true)});
  if (!weight) return weight.error();
  std::vector<std::string> more{*weight};
  if (sliding->has_bias) {
    auto bias = step.parameter(1, "bias", {sliding->outputs}, {});
    if (!bias) return bias.error();
    more.push_back(*bias);
  }
  if (auto fits = step.graph.parameters.expect(step.layer, more.size()); !fits) return fits.error();
  onnx::NodeProto& node = step.node(transposed ? "ConvTranspose" : "Conv", more);
  set_attribute(node, "kernel_shape", sliding->kernel);
  set_attribute(node, "strides", sliding->stride);
  set_attribute(node, "pads", Shape{sliding->pad[0], sliding->pad[1], sliding->pad[0], sliding->pad[1]});
  set_attribute(node, "dilations", sliding->dilation);
  set_attribute(node, "group", groups);
  return step.made(std::move(out));
}

}  // namespace

CaffeTops caffe::convolution(CaffeStep& step) { return slide(step, false); }

CaffeTops caffe::deconvolution(CaffeStep& step) { return slide(step, true); }

CaffeTops caffe::inner_product(CaffeStep& step) {
  const std::int64_t outputs = step.fields.size("num_output").value_or(0);
  const bool has_bias = step.fields.flag("bias_term").value_or(true);
  const bool transposed = step.fields.flag("transpose").value_or(false);
  const std::int64_t axis = step.fields.integer("axis").value_or(1);
  step.fields.ignore({"weight_filler", "bias_filler", "engine"});
  if (auto read = step.fields.finish(); !read) return read.error();
  if (outputs < 1) return step.malformed("num_output is missing or 0");
  const Shape& in = step.input().shape;
  const auto counted = axis_of(step, axis, in.size());
  if (!counted) return counted.error();
  if (*counted != 1) return step.unsupported("axis other than 1");
  const auto inputs = elements_of({in.begin() + 1, in.end()});
  if (!inputs) return step.malformed("its input is too large");
  auto weight = step.parameter(0, "weight", transposed ? Shape{*inputs, outputs} : Shape{outputs, *inputs},
                               {he_deviation(*inputs, true)});
  if (!weight) return weight.error();
  std::string flat = step.input().name;
  if (in.size() > 2) {
    const std::string name = step.layer.name + "_flatten";
    flat = step.graph.unused(name);
    set_attribute(step.graph.node("Flatten", name, {step.input().name}, flat), "axis", std::int64_t{1});
  }
  std::vector<std::string> read{flat, *weight};
  if (has_bias) {
    auto bias = step.parameter(1, "bias", {outputs}, {});
    if (!bias) return bias.error();
    read.push_back(*bias);
  }
  if (auto fits = step.graph.parameters.expect(step.layer, read.size() - 1); !fits) return fits.error();
  onnx::NodeProto& node = step.graph.node("Gemm", step.layer.name, read, step.names.front());
  set_attribute(node, "transB", std::int64_t{transposed ? 0 : 1});
  return step.made({in[0], outputs});
}

}  // namespace layerwatt
