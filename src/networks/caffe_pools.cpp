// SPDX-License-Identifier: Apache-2.0
// Pooling as ONNX's MaxPool and AveragePool. The pads of a maximum hold nothing in both. An average in Caffe
// is over the part of the window that lies in the padded picture, zeros included; ONNX counts either all pads
// or none, so a padded average whose last window reaches further gets its zeros from a Pad in front of it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "networks/attributes.h"
#include "networks/caffe_operators.h"
#include "networks/caffe_window.h"

namespace layerwatt {

namespace {

enum class PoolMethod { maximum, average };

struct PoolPlan {
  PoolMethod method = PoolMethod::maximum;
  Shape kernel, stride, pad;
  std::vector<CaffePooled> made;  // of height and width
};

Result<PoolMethod> read_method(CaffeStep& step) {
  const std::string method = step.fields.word("pool").value_or("MAX");
  if (method == "MAX" || method == "0") return PoolMethod::maximum;
  if (method == "AVE" || method == "1") return PoolMethod::average;
  return step.unsupported(fmt::format("pool: {} has no counterpart in ONNX", method));
}

Result<PoolPlan> read_plan_of_pool(CaffeStep& step, PoolMethod method) {
  PoolPlan plan;
  plan.method = method;
  const std::string rounding = step.fields.word("round_mode").value_or("CEIL");
  auto kernel = height_and_width(step, "kernel_size", "kernel_h", "kernel_w");
  auto stride = height_and_width(step, "stride", "stride_h", "stride_w");
  auto pad = height_and_width(step, "pad", "pad_h", "pad_w");
  for (const auto* each : {&kernel, &stride, &pad})
    if (!*each) return each->error();
  if (auto read = step.fields.finish(); !read) return read.error();
  if (!*kernel) return step.malformed("has no kernel_size");
  plan.kernel = **kernel;
  plan.stride = stride->value_or(Shape{1, 1});
  plan.pad = pad->value_or(Shape{0, 0});
  for (std::size_t i = 0; i < 2; ++i) {
    if (plan.kernel[i] < 1 || plan.stride[i] < 1)
      return step.malformed("kernel and stride must be at least 1");
    if (plan.pad[i] >= plan.kernel[i]) return step.malformed("a pad must be smaller than the kernel");
    const bool rounds_up = rounding != "FLOOR" && rounding != "1";
    const auto made = pooled({step.input().shape[i + 2], plan.kernel[i], plan.stride[i], plan.pad[i],
                              rounds_up, plan.pad[0] + plan.pad[1] > 0});
    if (!made)
      return step.malformed(fmt::format("a window of {} with stride {} would lie outside of its input, {}",
                                        plan.kernel[i], plan.stride[i], step.input().shape[i + 2]));
    plan.made.push_back(*made);
  }
  return plan;
}

// Zeros around the picture, as a layer of its own.
std::string padded(CaffeStep& step, const Shape& pad) {
  const std::string name = step.layer.name + "_pad";
  std::string made = step.graph.unused(name);
  const std::string sizes = step.graph.integers(name + ".pads", {0, 0, pad[0], pad[1], 0, 0, pad[0], pad[1]});
  step.graph.node("Pad", name, {step.input().name, sizes}, made);
  step.graph.substitutions.add(
      "a padded average pool whose last window reaches beyond its pads is a Pad and an "
      "AveragePool",
      step.layer.name);
  return made;
}

}  // namespace

CaffeTops caffe::pooling(CaffeStep& step) {
  const auto method = read_method(step);
  if (!method) return method.error();
  const bool is_global = step.fields.flag("global_pooling").value_or(false);
  const bool is_average = *method == PoolMethod::average;
  step.fields.ignore({"engine"});
  const Shape& in = step.input().shape;
  if (in.size() != 4)
    return step.unsupported(fmt::format("pools pictures, of four dimensions; this has {}", in.size()));
  if (is_global) {
    step.fields.ignore(
        {"round_mode", "kernel_size", "stride", "pad", "stride_h", "stride_w", "pad_h", "pad_w"});
    if (auto read = step.fields.finish(); !read) return read.error();
    step.node(is_average ? "GlobalAveragePool" : "GlobalMaxPool");
    return step.made({in[0], in[1], 1, 1});
  }
  auto plan = read_plan_of_pool(step, *method);
  if (!plan) return plan.error();
  CaffePooled& high = plan->made[0];
  CaffePooled& wide = plan->made[1];
  Shape begin = plan->pad;
  const bool has_pad = plan->pad[0] + plan->pad[1] > 0;
  std::string read = step.input().name;
  bool counts_pads = false;
  if (is_average && has_pad) {
    counts_pads = !high.overhangs && !wide.overhangs;
    if (!counts_pads) {
      read = padded(step, plan->pad);
      begin = {0, 0};
      for (std::size_t i = 0; i < 2; ++i) {
        const std::int64_t reach = (plan->made[i].output - 1) * plan->stride[i] + plan->kernel[i];
        plan->made[i].pad_end = std::max<std::int64_t>(0, reach - in[i + 2] - 2 * plan->pad[i]);
      }
    }
  }
  onnx::NodeProto& node =
      step.graph.node(is_average ? "AveragePool" : "MaxPool", step.layer.name, {read}, step.names.front());
  set_attribute(node, "kernel_shape", plan->kernel);
  set_attribute(node, "strides", plan->stride);
  set_attribute(node, "pads", Shape{begin[0], begin[1], high.pad_end, wide.pad_end});
  if (counts_pads) set_attribute(node, "count_include_pad", std::int64_t{1});
  return step.made({in[0], in[1], high.output, wide.output});
}

}  // namespace layerwatt
