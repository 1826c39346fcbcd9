// SPDX-License-Identifier: Apache-2.0
// See caffe_to_onnx.h.
#include "networks/caffe_to_onnx.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_set>

#include "networks/caffe_operators.h"
#include "networks/caffe_scales.h"
#include "networks/model_marks.h"
#include "networks/tensor_size.h"

namespace layerwatt {

namespace {

const CaffeMessage no_parameters;

class Conversion {
 public:
  Conversion(const CaffeNet& net, CaffeParameters parameters)
      : net_{net}, graph_{net, std::move(parameters)}, tensors_(net.blobs.size()) {}

  Result<onnx::ModelProto> run() {
    add_inputs();
    for (std::size_t i = 0; i < net_.layers.size(); ++i) {
      const CaffeLayer* scale = scale_behind(i);
      if (auto added = add(net_.layers[i], scale); !added) return added.error();
      if (scale == nullptr) continue;
      tensors_[scale->makes.front()] = tensors_[net_.layers[i].makes.front()];
      ++i;
    }
    add_outputs();
    std::vector<std::string> sentences = graph_.substitutions.sentences();
    if (!net_.left_out.empty())
      sentences.push_back(
          fmt::format("left out, because they train or judge: {}", first_names(net_.left_out)));
    mark_substitutions(graph_.model(), sentences);
    return std::move(graph_).take();
  }

 private:
  // Nets are written for some batch, which Caffe itself changes at will; where all inputs agree on one it is
  // open.
  void add_inputs() {
    open_batch_ = true;
    const std::int64_t batch = net_.inputs.front().shape.front();
    for (const CaffeInput& input : net_.inputs)
      open_batch_ = open_batch_ && input.shape.size() >= 2 && input.shape.front() == batch;
    for (const CaffeInput& input : net_.inputs) {
      CaffeTensor& tensor = tensors_[input.blob];
      tensor = {graph_.unused(net_.blobs[input.blob].name), input.shape};
      graph_.declare(*graph_.model().mutable_graph()->add_input(), tensor, open_batch_);
      inputs_.insert(tensor.name);
    }
  }

  // The Scale that is one with this BatchNorm: the next layer, and nothing else reads in between.
  [[nodiscard]] const CaffeLayer* scale_behind(std::size_t i) const {
    if (net_.layers[i].type != "BatchNorm" || net_.layers[i].makes.size() != 1 || i + 1 == net_.layers.size())
      return nullptr;
    const CaffeLayer& next = net_.layers[i + 1];
    const std::size_t between = net_.layers[i].makes.front();
    const bool reads_it = next.reads.size() == 1 && next.reads.front() == between;
    return reads_it && net_.blobs[between].readers == 1 && is_scale_of_channels(net_, next) ? &next : nullptr;
  }

  Result<void> add(const CaffeLayer& layer, const CaffeLayer* scale) {
    const CaffeOperator* found = caffe_operator(layer.type);
    if (found == nullptr)
      return Error{
          Errc::unsupported, net_.path,
          fmt::format("line {}: layer {} is of type {}, which cannot be converted. Caffe itself, or the fork "
                      "that this net is for, runs it; so might OpenCV's DNN module. Converted are: {}",
                      layer.source->line, in_quotes(layer.name), in_quotes(layer.type),
                      caffe_operator_names())};
    CaffeFields outer{*layer.source, "layer", net_.path};
    const CaffeMessage* parameters =
        found->parameters == nullptr ? nullptr : outer.message(found->parameters);
    if (auto read = outer.so_far(); !read) return read;
    std::vector<CaffeTensor> read;
    for (const std::size_t blob : layer.reads) read.push_back(tensors_[blob]);
    CaffeFields fields{parameters == nullptr ? no_parameters : *parameters,
                       found->parameters == nullptr ? "layer" : found->parameters, net_.path};
    CaffeStep step{layer, scale, read, {}, std::move(fields), graph_};
    if (layer.reads.size() < found->least_bottoms || layer.reads.size() > found->most_bottoms ||
        layer.makes.size() < found->least_tops || layer.makes.size() > found->most_tops)
      return step.unsupported(
          fmt::format("has {} bottoms and {} tops", layer.reads.size(), layer.makes.size()));
    for (std::size_t i = 0; i < layer.makes.size(); ++i) {
      const std::string& top = net_.blobs[layer.makes[i]].name;
      const bool in_place = i < layer.reads.size() && net_.blobs[layer.reads[i]].name == top;
      step.names.push_back(graph_.unused(in_place && !layer.name.empty() ? layer.name : top));
    }
    auto made = found->convert(step);
    if (!made) return made.error();
    for (std::size_t i = 0; i < made->size(); ++i) {
      if (const auto absurd = absurdity_of((*made)[i].shape)) return step.malformed("its output " + *absurd);
      if (open_batch_ && (*made)[i].shape.front() != net_.inputs.front().shape.front())
        return step.unsupported("makes something of the batch itself, which is left open here");
      tensors_[layer.makes[i]] = std::move((*made)[i]);
    }
    return {};
  }

  void add_outputs() {
    std::unordered_set<std::string> seen;
    for (const CaffeLayer& layer : net_.layers)
      for (const std::size_t blob : layer.makes) {
        if (net_.blobs[blob].readers > 0) continue;
        CaffeTensor tensor = tensors_[blob];
        if (inputs_.count(tensor.name) > 0) {  // all in between does nothing
          const std::string copy = graph_.unused(layer.name);
          graph_.node("Identity", layer.name, {tensor.name}, copy);
          tensor.name = copy;
        }
        if (seen.insert(tensor.name).second)
          graph_.declare(*graph_.model().mutable_graph()->add_output(), tensor, open_batch_);
      }
  }

  static std::string first_names(const std::vector<std::string>& names) {
    constexpr std::size_t most = 5;
    const auto end = names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), most));
    const std::string some = fmt::format("{}", fmt::join(names.begin(), end, ", "));
    return names.size() <= most ? some : fmt::format("{} and {} more", some, names.size() - most);
  }

  const CaffeNet& net_;
  CaffeGraph graph_;
  std::vector<CaffeTensor> tensors_;  // one for each blob
  std::unordered_set<std::string> inputs_;
  bool open_batch_ = false;
};

}  // namespace

Result<onnx::ModelProto> caffe_to_onnx(const CaffeNet& net, CaffeParameters parameters) {
  return Conversion{net, std::move(parameters)}.run();
}

}  // namespace layerwatt
