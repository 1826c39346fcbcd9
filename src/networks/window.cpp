// SPDX-License-Identifier: Apache-2.0
// See window.h. Formulas: https://onnx.ai/onnx/operators/ Conv, ConvTranspose, MaxPool, AveragePool.
#include "networks/window.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "networks/attributes.h"
#include "networks/shape_rules.h"
#include "networks/tensor_size.h"

namespace layerwatt {

namespace {

Result<Shape> positive_list(const Graph& graph, const Node& node, const char* name, std::size_t count) {
  auto list = integers_attribute(*node.source, name);
  if (!list || list->empty()) return Shape(count, 1);
  for (const std::int64_t value : *list)
    if (value <= 0)
      return Error{Errc::malformed, graph.path,
                   fmt::format("layer {} has {} [{}], which must be positive", in_quotes(node.name), name,
                               fmt::join(*list, ", "))};
  if (list->size() != count)
    return not_inferable(
        fmt::format("{} has {} entries for {} spatial dimensions", name, list->size(), count));
  return std::move(*list);
}

// One spatial dimension. Everything is checked: hostile pads and strides are 64 bits wide.
struct Extent {
  std::int64_t input, kernel, stride, dilation, pad_begin, pad_end;
};

std::optional<std::int64_t> effective_kernel(const Extent& e) {
  const auto reach = checked_product(e.kernel - 1, e.dilation);
  return reach ? checked_sum(*reach, 1) : std::nullopt;
}

std::optional<std::int64_t> pooled_extent(const Extent& e, const std::string& auto_pad, bool ceil) {
  const bool same = auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER";
  if (same) return e.input / e.stride + (e.input % e.stride != 0 ? 1 : 0);
  const auto effective = effective_kernel(e);
  auto padded = checked_sum(e.input, e.pad_begin);
  if (padded) padded = checked_sum(*padded, e.pad_end);
  if (!effective || !padded || *effective > *padded) return std::nullopt;
  const std::int64_t room = *padded - *effective;
  std::int64_t steps = room / e.stride;
  if (ceil && room % e.stride != 0) {
    ++steps;
    // A window that would start in the padding behind the input is left out.
    const auto start = checked_product(steps, e.stride);
    if (!start || *start >= e.input + e.pad_begin) --steps;
  }
  return steps + 1;
}

std::optional<std::int64_t> transposed_extent(const Extent& e, const std::string& auto_pad,
                                              std::int64_t output_padding) {
  if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") return checked_product(e.input, e.stride);
  const auto effective = effective_kernel(e);
  const auto pads = checked_sum(e.pad_begin, e.pad_end);
  auto extent = checked_product(e.input - 1, e.stride);
  if (!effective || !pads || !extent) return std::nullopt;
  extent = checked_sum(*extent, *effective);
  if (extent) extent = checked_sum(*extent, output_padding);
  if (extent) extent = checked_sum(*extent, -*pads);
  return extent && *extent > 0 ? extent : std::nullopt;
}

struct Padding {
  std::string automatic;
  Shape begin_and_end;  // begins, then ends
};

Result<Padding> padding_of(const Graph& graph, const Node& node, std::size_t spatial) {
  Padding padding{text_attribute(*node.source, "auto_pad"), {}};
  padding.begin_and_end = integers_attribute(*node.source, "pads").value_or(Shape{});
  if (padding.begin_and_end.empty() || padding.automatic == "VALID")
    padding.begin_and_end.assign(2 * spatial, 0);
  if (padding.begin_and_end.size() != 2 * spatial)
    return not_inferable(
        fmt::format("pads has {} entries for {} spatial dimensions", padding.begin_and_end.size(), spatial));
  for (const std::int64_t pad : padding.begin_and_end)
    if (pad < 0)
      return Error{Errc::malformed, graph.path,
                   fmt::format("layer {} has a negative pad, {}", in_quotes(node.name), pad)};
  return padding;
}

// The spatial part of the output; -1 where the input is not known.
Result<Shape> spatial_output(const Graph& graph, const Node& node, const WindowOperator& what,
                             const Window& window, const Shape& input) {
  const std::size_t spatial = input.size() - 2;
  const auto padding = padding_of(graph, node, spatial);
  if (!padding) return padding.error();
  const bool ceil = integer_attribute(*node.source, "ceil_mode").value_or(0) != 0;
  const bool transposed = what.kind == WindowKind::transposed_convolution;
  const Shape fixed = integers_attribute(*node.source, "output_shape").value_or(Shape{});
  const Shape extra = integers_attribute(*node.source, "output_padding").value_or(Shape{});
  Shape output;
  for (std::size_t i = 0; i < spatial; ++i) {
    const Extent extent{input[i + 2],       window.kernel[i],          window.stride[i],
                        window.dilation[i], padding->begin_and_end[i], padding->begin_and_end[i + spatial]};
    std::optional<std::int64_t> made = -1;
    if (transposed && fixed.size() >= spatial)
      made = fixed[fixed.size() - spatial + i];  // some exporters write the whole shape
    else if (transposed && extent.input >= 0)
      made = transposed_extent(extent, padding->automatic, extra.size() == spatial ? extra[i] : 0);
    else if (extent.input >= 0)
      made = pooled_extent(extent, padding->automatic, ceil);
    if (!made)
      return not_inferable(fmt::format("a window of {} does not fit into {}", fmt::join(window.kernel, "x"),
                                       fmt::join(Shape(input.begin() + 2, input.end()), "x")));
    output.push_back(*made);
  }
  return output;
}

const Shape* known_shape(const Graph& graph, const Node& node, std::size_t input) {
  if (input >= node.inputs.size() || !node.inputs[input]) return nullptr;
  const auto& shape = graph.tensors[*node.inputs[input]].shape;
  return shape ? &*shape : nullptr;
}

int output_type(const Graph& graph, const Node& node) {
  const std::string& type = node.source->op_type();
  if (type == "ConvInteger") return onnx::TensorProto::INT32;
  const std::size_t like = type == "QLinearConv" ? 7 : 0;  // the output's zero point
  if (like >= node.inputs.size() || !node.inputs[like]) return 0;
  return graph.tensors[*node.inputs[like]].element_type;
}

// Channels of the output; an error where weights and input contradict.
Result<std::int64_t> output_channels(const Graph& graph, const Node& node, const WindowOperator& what,
                                     std::int64_t groups, std::int64_t input_channels) {
  if (what.kind == WindowKind::pool) return input_channels;
  const Shape* weights = known_shape(graph, node, what.weight_input);
  if (weights == nullptr || weights->size() < 2) return -1;
  const bool transposed = what.kind == WindowKind::transposed_convolution;
  const std::int64_t first = (*weights)[0], second = (*weights)[1];
  const auto expected = transposed ? std::optional{first} : checked_product(second, groups);
  const bool all_known = input_channels >= 0 && first >= 0 && second >= 0;
  if (all_known && expected != input_channels)
    return not_inferable(fmt::format("weights of {} in {} groups do not take {} channels",
                                     fmt::join(*weights, "x"), groups, input_channels));
  if (!transposed) return first;
  return second < 0 ? -1 : checked_product(second, groups).value_or(-1);
}

}  // namespace

std::optional<WindowOperator> window_operator(const onnx::NodeProto& node) {
  static const std::map<std::string, WindowOperator> operators{
      {"Conv", {WindowKind::convolution, 1, 2}},
      {"ConvInteger", {WindowKind::convolution, 1, 0}},
      {"QLinearConv", {WindowKind::convolution, 3, 8}},
      {"DeformConv", {WindowKind::convolution, 1, 3}},
      {"com.microsoft.FusedConv", {WindowKind::convolution, 1, 2}},
      {"ConvTranspose", {WindowKind::transposed_convolution, 1, 2}},
      {"MaxPool", {WindowKind::pool, 0, 0}},
      {"AveragePool", {WindowKind::pool, 0, 0}},
      {"LpPool", {WindowKind::pool, 0, 0}},
      {"GlobalMaxPool", {WindowKind::global_pool, 0, 0}},
      {"GlobalAveragePool", {WindowKind::global_pool, 0, 0}},
      {"GlobalLpPool", {WindowKind::global_pool, 0, 0}},
  };
  const auto found = operators.find(operator_of(node));
  return found == operators.end() ? std::nullopt : std::optional{found->second};
}

Result<Window> window_of(const Graph& graph, const Node& node, const WindowOperator& what) {
  Window window;
  if (what.kind == WindowKind::global_pool) return window;
  window.kernel = integers_attribute(*node.source, "kernel_shape").value_or(Shape{});
  if (window.kernel.empty() && what.kind != WindowKind::pool) {
    const Shape* weights = known_shape(graph, node, what.weight_input);
    if (weights != nullptr && weights->size() > 2) window.kernel.assign(weights->begin() + 2, weights->end());
  }
  if (window.kernel.empty()) return not_inferable("the kernel is not known");
  for (const std::int64_t extent : window.kernel)
    if (extent <= 0)
      return extent == -1 ? not_inferable("the kernel is not known")
                          : Error{Errc::malformed, graph.path,
                                  fmt::format("layer {} has a kernel of {}, which must be positive",
                                              in_quotes(node.name), fmt::join(window.kernel, "x"))};
  for (const auto& [name, list] :
       {std::pair{"strides", &window.stride}, std::pair{"dilations", &window.dilation}}) {
    auto read = positive_list(graph, node, name, window.kernel.size());
    if (!read) return read.error();
    *list = std::move(*read);
  }
  window.groups = integer_attribute(*node.source, "group").value_or(1);
  if (window.groups <= 0)
    return Error{
        Errc::malformed, graph.path,
        fmt::format("layer {} has {} groups, which must be positive", in_quotes(node.name), window.groups)};
  return window;
}

Result<void> infer_window(Graph& graph, const Node& node, const WindowOperator& what) {
  const auto window = window_of(graph, node, what);
  if (!window) return window.error();
  const Shape* input = known_shape(graph, node, 0);
  const int type = output_type(graph, node);
  for (std::size_t i = 0; i < node.outputs.size(); ++i)
    set_output(graph, node, i, i == 0 ? type : onnx::TensorProto::INT64, std::nullopt);
  if (input == nullptr) return {};
  const Shape shape_in = *input;
  if (shape_in.size() < 2 ||
      (what.kind != WindowKind::global_pool && shape_in.size() != window->kernel.size() + 2))
    return not_inferable(fmt::format("a window of {} does not fit the input's {} dimensions",
                                     fmt::join(window->kernel, "x"), shape_in.size()));
  Shape shape{shape_in[0], shape_in[1]};
  if (what.kind == WindowKind::global_pool) {
    shape.resize(shape_in.size(), 1);
  } else {
    const auto channels = output_channels(graph, node, what, window->groups, shape_in[1]);
    if (!channels) return channels.error();
    const auto spatial = spatial_output(graph, node, what, *window, shape_in);
    if (!spatial) return spatial.error();
    shape[1] = *channels;
    shape.insert(shape.end(), spatial->begin(), spatial->end());
  }
  for (std::size_t i = 0; i < node.outputs.size(); ++i)
    set_output(graph, node, i, i == 0 ? type : onnx::TensorProto::INT64, shape);
  return {};
}

}  // namespace layerwatt
