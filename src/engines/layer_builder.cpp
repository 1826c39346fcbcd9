// SPDX-License-Identifier: Apache-2.0
// Order and groups of layers, and the table of operators. With fusion, batch normalisation goes into the
// weights before it, and what is applied to each value by itself into the step before it.
#include "engines/layer_builder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <exception>
#include <string_view>

#include "engines/fusion_map.h"
#include "networks/attributes.h"

namespace layerwatt {

void put_account(const LayerAccount& account, const EngineOptions& options,
                 std::map<std::string, std::string>& circumstances) {
  const ConvolutionChoice& choice = options.convolutions;
  circumstances["engine.fusion"] = options.fuse ? "on" : "off";
  circumstances["engine.convolutions"] =
      fmt::format("{}{}", name_of(choice.usual),
                  choice.of_layer.empty() ? "" : fmt::format(", {} of their own", choice.of_layer.size()));
  if (!account.fell_back.empty())
    circumstances["engine.convolutions_not_as_asked"] = fmt::format(
        "{} of {}: {}", account.fell_back.size(), account.convolutions, fmt::join(account.fell_back, ", "));
  if (!account.removed.empty())
    circumstances["engine.removed_layers"] = fmt::format("{}", fmt::join(account.removed, ", "));
}

Error LayerBuilder::impossible(std::size_t layer, const std::string& why) const {
  return {Errc::unsupported, network_.layers[layer].name,
          fmt::format("{}: {} in engine {}; engine onnxruntime may run it", network_.layers[layer].type, why,
                      engine_name_)};
}

std::optional<std::size_t> LayerBuilder::only_reader(std::size_t layer) const {
  const std::string& tensor = network_.produced[layer].front();
  const auto& readers = tensors_.readers_of(tensor);
  if (tensors_.outputs.count(tensor) != 0 || readers.size() != 1) return std::nullopt;
  const bool first = network_.consumed[readers.front()].front() == tensor;
  return first ? std::optional{readers.front()} : std::nullopt;
}

LayerBuilder::Group LayerBuilder::grouped(std::size_t layer, bool takes_normalisation) const {
  Group group{{layer}, nullptr, std::nullopt};
  if (!options_.fuse) return group;
  auto next = only_reader(layer);
  if (next && takes_normalisation && node(*next).op_type() == "BatchNormalization") {
    group.normalisation = &node(*next);
    group.layers.push_back(*next);
    next = only_reader(*next);
  }
  if (next) group.elementwise = elementwise_of(node(*next), model_);
  if (group.elementwise && !follows(*group.elementwise)) group.elementwise.reset();
  if (group.elementwise) group.layers.push_back(*next);
  return group;
}

Layer LayerBuilder::row_of(const Group& group, const std::string& implementation) {
  std::vector<std::size_t> sources = group.layers;
  std::sort(sources.begin(), sources.end());
  for (const std::size_t layer : sources) done_[layer] = true;
  Layer row = fused_layer(network_, tensors_, sources);
  row.implementation = implementation;
  return row;
}

LayerBuilder::Made LayerBuilder::check_input(const TensorDescription& input) const {
  if (input.element_type != "float32")
    return Error{Errc::unsupported, input.name,
                 fmt::format("is {}; engine {} computes float32", input.element_type, engine_name_)};
  for (const std::int64_t extent : input.shape)
    if (extent <= 0) return Error{Errc::unsupported, input.name, "has a dimension that is not known"};
  return {};
}

Result<std::string> LayerBuilder::account_for(std::size_t layer, ConvolutionAlgorithm asked, bool fell_back) {
  ++account_.convolutions;
  if (!fell_back) return std::string{};
  if (options_.convolutions.strict)
    return impossible(layer, fmt::format("a convolution by {} is not possible here", name_of(asked)));
  account_.fell_back.push_back(network_.layers[layer].name);
  return fmt::format(" (not {})", name_of(asked));
}

LayerBuilder::Made LayerBuilder::check_choice() const {
  for (const auto& [asked, algorithm] : options_.convolutions.of_layer) {
    const bool known = std::any_of(network_.layers.begin(), network_.layers.end(),
                                   [name = std::string_view{asked}](const Layer& layer) {
                                     return layer.name == name && layer.type == "Conv";
                                   });
    if (!known)
      return Error{Errc::not_found, asked, "an algorithm is asked for it, but no convolution has this name"};
  }
  return {};
}

LayerBuilder::Made LayerBuilder::add(std::size_t layer) {
  const onnx::NodeProto* made_by = model_.maker_of(network_.produced[layer].front());
  if (made_by == nullptr || !is_standard(*made_by)) return impossible(layer, "this operator is not possible");
  if (network_.layers[layer].outputs.size() != 1 && made_by->op_type() != "Dropout")
    return impossible(layer, "other than one output is not possible");
  for (const std::int64_t extent : output_shape(layer))
    if (extent <= 0) return impossible(layer, "a shape that is not known is not possible");
  const std::string& type = made_by->op_type();
  if (type == "Conv") {
    if (auto checked = check_filter(layer); !checked) return checked;
    return add_convolution(layer);
  }
  if (type == "Gemm" || type == "MatMul") return add_product(layer);
  if (const auto pooling = pooling_of(*made_by)) return add_pooling(layer, *pooling);
  if (const auto elementwise = elementwise_of(*made_by, model_)) return add_elementwise(layer, *elementwise);
  if (type == "Add" || type == "Mul") {
    if (auto checked = check_operands(layer); !checked) return checked;
    return type == "Add" ? add_sum(layer) : add_multiplication(layer);
  }
  if (type == "Concat") return add_concat(layer);
  if (type == "Softmax") return add_softmax(layer);
  if (type == "BatchNormalization") return add_normalisation(layer);
  if (type == "LRN") return add_local_response(layer);
  for (const char* same : {"Dropout", "Identity", "Flatten", "Reshape", "Squeeze", "Unsqueeze"})
    if (type == same) return reshape(layer);
  return impossible(layer, "this operator is not possible");
}

LayerBuilder::Made LayerBuilder::add_layers() {
  if (network_.outputs.empty()) return Error{Errc::unsupported, network_.name, "has no output"};
  if (auto checked = check_choice(); !checked) return checked;
  done_.assign(network_.layers.size(), false);
  for (std::size_t layer = 0; layer < network_.layers.size(); ++layer) {
    if (done_[layer]) continue;
    // Libraries throw what they cannot do, where they do not say it.
    try {
      if (auto added = add(layer); !added) return added;
    } catch (const std::exception& error) {
      return impossible(layer, fmt::format("\"{}\", its library says; this is not possible", error.what()));
    }
  }
  return {};
}

}  // namespace layerwatt
