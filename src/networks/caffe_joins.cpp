// SPDX-License-Identifier: Apache-2.0
// Layers that bring blobs together, take them apart or see them in another shape; and those that do nothing
// while a net is tested. Formulas: concat_layer.cpp, eltwise_layer.cpp, slice_layer.cpp, flatten_layer.cpp,
// reshape_layer.cpp.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "networks/attributes.h"
#include "networks/caffe_operators.h"
#include "networks/tensor_size.h"

namespace layerwatt {

namespace {

std::vector<std::string> names_of_bottoms(const CaffeStep& step) {
  std::vector<std::string> names;
  for (const CaffeTensor& each : step.read) names.push_back(each.name);
  return names;
}

// `axis`, or what older nets called it. The batch is no axis of a single picture's work.
Result<std::size_t> joined_axis(CaffeStep& step, const char* older) {
  const auto axis = step.fields.integer("axis");
  const auto old = step.fields.integer(older);
  auto counted = axis_of(step, axis.value_or(old.value_or(1)), step.input().shape.size());
  if (counted && *counted == 0) return step.unsupported("joins or cuts the batch");
  return counted;
}

CaffeTops reshaped(CaffeStep& step, const std::vector<std::int64_t>& target, Shape shape) {
  step.node("Reshape", {step.graph.integers(step.layer.name + ".shape", target)});
  return step.made(std::move(shape));
}

// Sum with coefficients: each input times its own, where that is not 1.
std::vector<std::string> weighed(CaffeStep& step, const std::vector<double>& coefficients) {
  std::vector<std::string> parts = names_of_bottoms(step);
  for (std::size_t i = 0; i < coefficients.size(); ++i) {
    if (coefficients[i] == 1) continue;
    const std::string name = fmt::format("{}_weighed{}", step.layer.name, i);
    const std::string made = step.graph.unused(name);
    const std::string number = step.graph.constant(fmt::format("{}.coefficient{}", step.layer.name, i), {},
                                                   {static_cast<float>(coefficients[i])});
    step.graph.node("Mul", name, {parts[i], number}, made);
    parts[i] = made;
    step.graph.substitutions.add("coefficients of an Eltwise are layers of their own", step.layer.name);
  }
  return parts;
}

}  // namespace

CaffeTops caffe::concat(CaffeStep& step) {
  const auto axis = joined_axis(step, "concat_dim");
  if (auto read = step.fields.finish(); !read) return read.error();
  if (!axis) return axis.error();
  Shape shape = step.input().shape;
  shape[*axis] = 0;
  for (const CaffeTensor& each : step.read) {
    Shape other = each.shape;
    const bool has_axis = other.size() == shape.size();
    const std::int64_t added = has_axis ? std::exchange(other[*axis], shape[*axis]) : 0;
    if (!has_axis || other != shape)
      return step.malformed(fmt::format("inputs of {} and {} cannot be joined along axis {}",
                                        fmt::join(step.input().shape, "x"), fmt::join(each.shape, "x"),
                                        *axis));
    shape[*axis] += added;
  }
  set_attribute(step.graph.node("Concat", step.layer.name, names_of_bottoms(step), step.names.front()),
                "axis", static_cast<std::int64_t>(*axis));
  return step.made(std::move(shape));
}

CaffeTops caffe::eltwise(CaffeStep& step) {
  const std::string operation = step.fields.word("operation").value_or("SUM");
  const auto coefficients = step.fields.numbers("coeff");
  step.fields.ignore({"stable_prod_grad"});
  if (auto read = step.fields.finish(); !read) return read.error();
  for (const CaffeTensor& each : step.read)
    if (each.shape != step.input().shape)
      return step.malformed(fmt::format("inputs of {} and {} are not of one shape",
                                        fmt::join(step.input().shape, "x"), fmt::join(each.shape, "x")));
  if (!coefficients.empty() && coefficients.size() != step.read.size())
    return step.malformed(fmt::format("{} coeff for {} inputs", coefficients.size(), step.read.size()));
  const bool is_pair = step.read.size() == 2;
  if (operation == "SUM" || operation == "1") {
    step.graph.node(is_pair ? "Add" : "Sum", step.layer.name, weighed(step, coefficients),
                    step.names.front());
  } else if (!coefficients.empty()) {
    return step.malformed("coeff are of sums only");
  } else if (operation == "MAX" || operation == "2") {
    step.graph.node("Max", step.layer.name, names_of_bottoms(step), step.names.front());
  } else if ((operation == "PROD" || operation == "0") && is_pair) {
    step.graph.node("Mul", step.layer.name, names_of_bottoms(step), step.names.front());
  } else {
    return step.unsupported(fmt::format("operation {} of {} inputs", operation, step.read.size()));
  }
  return step.made(step.input().shape);
}

CaffeTops caffe::slice(CaffeStep& step) {
  const auto axis = joined_axis(step, "slice_dim");
  const auto points = step.fields.sizes("slice_point");
  if (auto read = step.fields.finish(); !read) return read.error();
  if (!axis) return axis.error();
  const Shape& in = step.input().shape;
  const auto parts = static_cast<std::int64_t>(step.names.size());
  std::vector<std::int64_t> sizes;
  if (points.empty() && in[*axis] % parts == 0) {
    sizes.assign(step.names.size(), in[*axis] / parts);
  } else if (points.size() + 1 == step.names.size()) {
    std::int64_t from = 0;
    for (const std::int64_t point : points) sizes.push_back(point - std::exchange(from, point));
    sizes.push_back(in[*axis] - from);
  }
  if (sizes.empty() || *std::min_element(sizes.begin(), sizes.end()) < 1)
    return step.malformed(
        fmt::format("{} cannot be cut into {} parts at [{}]", in[*axis], parts, fmt::join(points, ", ")));
  onnx::NodeProto& node = step.node("Split", {step.graph.integers(step.layer.name + ".split", sizes)});
  set_attribute(node, "axis", static_cast<std::int64_t>(*axis));
  std::vector<CaffeTensor> made;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (i > 0) node.add_output(step.names[i]);
    made.push_back({step.names[i], in});
    made.back().shape[*axis] = sizes[i];
  }
  return made;
}

// Its tops are its bottom: Caffe's own copies, and Dropout, which acts in training alone.
CaffeTops caffe::pass_on(CaffeStep& step) {
  step.fields.ignore({"dropout_ratio", "scale_train"});
  if (auto read = step.fields.finish(); !read) return read.error();
  step.graph.substitutions.add("what does nothing when a picture is classified is left out", step.layer.name);
  return std::vector<CaffeTensor>(step.names.size(), step.input());
}

CaffeTops caffe::flatten(CaffeStep& step) {
  const Shape& in = step.input().shape;
  const auto axis = axis_of(step, step.fields.integer("axis").value_or(1), in.size());
  const auto end = axis_of(step, step.fields.integer("end_axis").value_or(-1), in.size());
  if (auto read = step.fields.finish(); !read) return read.error();
  if (!axis) return axis.error();
  if (!end) return end.error();
  if (*axis == 0) return step.unsupported("flattens the batch");
  if (*end < *axis) return step.malformed("end_axis is before axis");
  const auto first = in.begin() + static_cast<std::ptrdiff_t>(*axis);
  const auto behind = in.begin() + static_cast<std::ptrdiff_t>(*end) + 1;
  Shape shape(in.begin(), first);
  shape.push_back(elements_of({first, behind}).value_or(-1));
  shape.insert(shape.end(), behind, in.end());
  if (*axis == 1 && behind == in.end()) {
    set_attribute(step.node("Flatten"), "axis", std::int64_t{1});
    return step.made(std::move(shape));
  }
  std::vector<std::int64_t> target = shape;
  std::fill_n(target.begin(), *axis, 0);
  return reshaped(step, target, std::move(shape));
}

CaffeTops caffe::reshape(CaffeStep& step) {
  const CaffeMessage* message = step.fields.message("shape");
  const std::int64_t axis = step.fields.integer("axis").value_or(0);
  const std::int64_t axes = step.fields.integer("num_axes").value_or(-1);
  if (auto read = step.fields.finish(); !read) return read.error();
  if (message == nullptr) return step.malformed("has no shape");
  if (axis != 0 || axes != -1) return step.unsupported("reshapes a part of its dimensions");
  CaffeFields fields{*message, "shape", step.graph.path()};
  std::vector<std::int64_t> target = fields.integers("dim");
  if (auto read = fields.finish(); !read) return read.error();
  const Shape& in = step.input().shape;
  const auto all = elements_of(in);
  Shape shape;
  std::optional<std::size_t> open;
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (target[i] < -1 || (target[i] == 0 && i >= in.size()) || (target[i] == -1 && open))
      return step.malformed(fmt::format("cannot become [{}]", fmt::join(target, ", ")));
    if (target[i] == -1) open = i;
    shape.push_back(target[i] == 0 ? in[i] : target[i] == -1 ? 1 : target[i]);
  }
  const auto known = elements_of(shape);
  if (!all || !known || *known < 1 || *all % *known != 0 || (!open && *all != *known))
    return step.malformed(fmt::format("{} cannot become [{}]", fmt::join(in, "x"), fmt::join(target, ", ")));
  if (open) shape[*open] = *all / *known;
  if (!target.empty() && target[0] == in[0]) target[0] = 0;  // the batch, whatever it will be
  return reshaped(step, target, std::move(shape));
}

}  // namespace layerwatt
