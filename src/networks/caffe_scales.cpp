// SPDX-License-Identifier: Apache-2.0
// BatchNorm, Scale and Bias. Caffe normalises in BatchNorm and scales in the layer behind it; ONNX's
// BatchNormalization does both, and engines fuse it into convolutions, so the two become one. Formulas:
// batch_norm_layer.cpp, scale_layer.cpp, bias_layer.cpp.
#include "networks/caffe_scales.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>

#include "networks/attributes.h"
#include "networks/caffe_operators.h"

namespace layerwatt {

namespace {

// Numbers times a factor; nothing stays nothing.
std::optional<std::string> times(std::optional<std::string> values, float factor) {
  if (!values) return values;
  for (std::size_t at = 0; at < values->size(); at += sizeof(float)) {
    float value = 0;
    std::memcpy(&value, values->data() + at, sizeof value);
    value *= factor;
    std::memcpy(values->data() + at, &value, sizeof value);
  }
  return values;
}

// One number for each channel, where there are numbers at all.
std::optional<std::string> repeated(bool has_numbers, float value, std::int64_t count) {
  if (!has_numbers) return std::nullopt;
  std::string bytes;
  for (std::int64_t i = 0; i < count; ++i) bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  return bytes;
}

struct Scaling {
  std::optional<std::string> factor, shift;
};

// What the Scale behind a BatchNorm does, or nothing: times 1, plus 0.
Result<Scaling> scaling_of(CaffeStep& step, const Shape& channels, bool has_numbers) {
  Scaling scaling{repeated(has_numbers, 1, channels[0]), repeated(has_numbers, 0, channels[0])};
  CaffeGraph& graph = step.graph;
  if (step.scale == nullptr) {
    graph.substitutions.add(
        "a BatchNorm without Scale is a BatchNormalization whose scale of 1 and shift of 0 count as "
        "parameters",
        step.layer.name);
    return scaling;
  }
  bool has_bias = false;
  CaffeFields outer{*step.scale->source, "layer", graph.path()};
  if (const CaffeMessage* parameters = outer.message("scale_param")) {
    CaffeFields fields{*parameters, "scale_param", graph.path()};
    has_bias = fields.flag("bias_term").value_or(false);
    fields.ignore({"axis", "num_axes", "filler", "bias_filler"});
    if (auto read = fields.finish(); !read) return read.error();
  }
  auto factor = graph.parameters.values(*step.scale, 0, channels, {0, 1});
  if (!factor) return factor.error();
  scaling.factor = std::move(*factor);
  if (has_bias) {
    auto shift = graph.parameters.values(*step.scale, 1, channels, {});
    if (!shift) return shift.error();
    scaling.shift = std::move(*shift);
  }
  if (auto fits = graph.parameters.expect(*step.scale, has_bias ? 2 : 1); !fits) return fits.error();
  graph.substitutions.add("a BatchNorm and the Scale behind it are one BatchNormalization", step.layer.name);
  return scaling;
}

// A parameter over the dimensions from `axis` on, with ones behind, so that ONNX spreads it as Caffe does.
Result<std::string> spread_parameter(CaffeStep& step, std::size_t index, const char* name, std::size_t axis,
                                     const Shape& covered, float value) {
  auto values = step.graph.parameters.values(step.layer, index, covered, {0, value});
  if (!values) return values.error();
  Shape shape = covered;
  shape.resize(std::max(covered.size(), step.input().shape.size() - axis), 1);
  return step.graph.parameter(step.layer.name + "." + name, shape, std::move(*values));
}

struct Covered {
  std::size_t axis = 1;
  Shape shape;
};

Result<Covered> read_covered(CaffeStep& step) {
  const Shape& in = step.input().shape;
  const auto axis = axis_of(step, step.fields.integer("axis").value_or(1), in.size());
  if (!axis) return axis.error();
  const std::int64_t count = step.fields.integer("num_axes").value_or(1);
  const auto left = static_cast<std::int64_t>(in.size() - *axis);
  if (count < -1 || count > left)
    return step.malformed(fmt::format("num_axes {} of {} are left", count, left));
  const auto from = in.begin() + static_cast<std::ptrdiff_t>(*axis);
  if (*axis == 0) return step.unsupported("parameters along the batch");
  return Covered{*axis, {from, from + (count == -1 ? left : count)}};
}

// The second bottom scales the first, as in squeeze-and-excitation.
CaffeTops scale_by_input(CaffeStep& step) {
  const std::int64_t axis = step.fields.integer("axis").value_or(1);
  const bool has_bias = step.fields.flag("bias_term").value_or(false);
  step.fields.ignore({"num_axes", "filler", "bias_filler"});
  if (auto read = step.fields.finish(); !read) return read.error();
  const Shape& in = step.input().shape;
  const Shape& factor = step.read[1].shape;
  if (axis != 0 || has_bias)
    return step.unsupported("two inputs are scaled along axis 0 and without bias_term only");
  if (factor.size() > in.size() || !std::equal(factor.begin(), factor.end(), in.begin()))
    return step.malformed(fmt::format("{} does not scale {}", fmt::join(factor, "x"), fmt::join(in, "x")));
  std::string spread = step.read[1].name;
  if (factor.size() < in.size()) {
    std::vector<std::int64_t> shape(in.size(), 1);
    std::fill_n(shape.begin(), factor.size(), 0);
    const std::string name = step.layer.name + "_reshape";
    spread = step.graph.unused(name);
    step.graph.node("Reshape", name, {step.read[1].name, step.graph.integers(name + ".shape", shape)},
                    spread);
  }
  step.node("Mul", {spread});
  return step.made(in);
}

}  // namespace

bool is_scale_of_channels(const CaffeNet& net, const CaffeLayer& layer) {
  if (layer.type != "Scale" || layer.reads.size() != 1 || layer.makes.size() != 1) return false;
  CaffeFields outer{*layer.source, "layer", net.path};
  const CaffeMessage* parameters = outer.message("scale_param");
  if (parameters == nullptr) return true;
  CaffeFields fields{*parameters, "scale_param", net.path};
  return fields.integer("axis").value_or(1) == 1 && fields.integer("num_axes").value_or(1) == 1;
}

CaffeTops caffe::batch_norm(CaffeStep& step) {
  const bool global = step.fields.flag("use_global_stats").value_or(true);  // so while testing
  const auto epsilon = static_cast<float>(step.fields.number("eps").value_or(1e-5));
  step.fields.ignore({"moving_average_fraction"});
  if (auto read = step.fields.finish(); !read) return read.error();
  if (!global)
    return step.unsupported("use_global_stats: false normalises by the batch at hand, as in training");
  if (step.input().shape.size() < 2) return step.malformed("needs channels");
  const Shape channels{step.input().shape[1]};
  CaffeGraph& graph = step.graph;
  auto mean = graph.parameters.values(step.layer, 0, channels, {});
  auto variance = graph.parameters.values(step.layer, 1, channels, {0, 1});
  auto count = graph.parameters.values(step.layer, 2, {1}, {0, 1});
  for (const auto* each : {&mean, &variance, &count})
    if (!*each) return each->error();
  if (auto fits = graph.parameters.expect(step.layer, 3); !fits) return fits.error();
  auto scaling = scaling_of(step, channels, mean->has_value());
  if (!scaling) return scaling.error();
  // Both are sums; the third blob says how many averages went into them.
  float sums = 1;
  if (*count) std::memcpy(&sums, (*count)->data(), sizeof sums);
  const float factor = sums == 0 ? 0 : 1 / sums;
  const std::string& name = step.layer.name;
  const std::vector<std::string> read{
      graph.parameter(name + ".weight", channels, std::move(scaling->factor)),
      graph.parameter(name + ".bias", channels, std::move(scaling->shift)),
      graph.parameter(name + ".running_mean", channels, times(std::move(*mean), factor)),
      graph.parameter(name + ".running_var", channels, times(std::move(*variance), factor))};
  set_attribute(step.node("BatchNormalization", read), "epsilon", epsilon);
  return step.made(step.input().shape);
}

CaffeTops caffe::scale(CaffeStep& step) {
  if (step.read.size() == 2) return scale_by_input(step);
  const auto covered = read_covered(step);
  const bool has_bias = step.fields.flag("bias_term").value_or(false);
  step.fields.ignore({"filler", "bias_filler"});
  if (auto read = step.fields.finish(); !read) return read.error();
  if (!covered) return covered.error();
  auto weight = spread_parameter(step, 0, "weight", covered->axis, covered->shape, 1);
  if (!weight) return weight.error();
  if (auto fits = step.graph.parameters.expect(step.layer, has_bias ? 2 : 1); !fits) return fits.error();
  if (!has_bias) {
    step.node("Mul", {*weight});
    return step.made(step.input().shape);
  }
  auto shift = spread_parameter(step, 1, "bias", covered->axis, covered->shape, 0);
  if (!shift) return shift.error();
  const std::string product = step.graph.unused(step.layer.name + "_scaled");
  step.graph.node("Mul", step.layer.name + "_scaled", {step.input().name, *weight}, product);
  step.graph.node("Add", step.layer.name, {product, *shift}, step.names.front());
  step.graph.substitutions.add("a Scale with bias_term is a Mul and an Add", step.layer.name);
  return step.made(step.input().shape);
}

CaffeTops caffe::bias(CaffeStep& step) {
  const auto covered = read_covered(step);
  step.fields.ignore({"filler"});
  if (auto read = step.fields.finish(); !read) return read.error();
  if (!covered) return covered.error();
  auto shift = spread_parameter(step, 0, "bias", covered->axis, covered->shape, 0);
  if (!shift) return shift.error();
  if (auto fits = step.graph.parameters.expect(step.layer, 1); !fits) return fits.error();
  step.node("Add", {*shift});
  return step.made(step.input().shape);
}

}  // namespace layerwatt
