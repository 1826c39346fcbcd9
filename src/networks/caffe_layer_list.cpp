// SPDX-License-Identifier: Apache-2.0
// See caffe_layer_list.h. Enumerators of the older format: V1LayerParameter.LayerType in caffe.proto; which
// rules let a layer in: Net::FilterNet in Caffe's net.cpp.
#include "networks/caffe_layer_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "networks/caffe_fields.h"
#include "networks/tensor_size.h"

namespace layerwatt {

namespace {

// Of the older format. Data sources, losses and what is not converted keep their own names.
std::string todays_type(const std::string& enumerator) {
  static const std::map<std::string, const char*> names{
      {"ABSVAL", "AbsVal"},
      {"ACCURACY", "Accuracy"},
      {"BNLL", "BNLL"},
      {"CONCAT", "Concat"},
      {"CONVOLUTION", "Convolution"},
      {"DATA", "Data"},
      {"DECONVOLUTION", "Deconvolution"},
      {"DROPOUT", "Dropout"},
      {"DUMMY_DATA", "DummyData"},
      {"ELTWISE", "Eltwise"},
      {"EUCLIDEAN_LOSS", "EuclideanLoss"},
      {"FLATTEN", "Flatten"},
      {"HDF5_DATA", "HDF5Data"},
      {"HDF5_OUTPUT", "HDF5Output"},
      {"HINGE_LOSS", "HingeLoss"},
      {"IMAGE_DATA", "ImageData"},
      {"INFOGAIN_LOSS", "InfogainLoss"},
      {"INNER_PRODUCT", "InnerProduct"},
      {"LRN", "LRN"},
      {"MEMORY_DATA", "MemoryData"},
      {"MULTINOMIAL_LOGISTIC_LOSS", "MultinomialLogisticLoss"},
      {"POOLING", "Pooling"},
      {"POWER", "Power"},
      {"RELU", "ReLU"},
      {"SIGMOID", "Sigmoid"},
      {"SIGMOID_CROSS_ENTROPY_LOSS", "SigmoidCrossEntropyLoss"},
      {"SILENCE", "Silence"},
      {"SLICE", "Slice"},
      {"SOFTMAX", "Softmax"},
      {"SOFTMAX_LOSS", "SoftmaxWithLoss"},
      {"SPLIT", "Split"},
      {"TANH", "TanH"},
      {"WINDOW_DATA", "WindowData"},
  };
  const auto found = names.find(enumerator);
  return found == names.end() ? enumerator : found->second;
}

// A rule without a condition is met. The net is one for testing, of level 0 and without stages.
Result<bool> is_met(const CaffeMessage& rule, const std::string& path) {
  CaffeFields fields{rule, "include or exclude", path};
  const std::string phase = fields.word("phase").value_or("TEST");
  const std::int64_t least = fields.integer("min_level").value_or(std::numeric_limits<std::int64_t>::min());
  const std::int64_t most = fields.integer("max_level").value_or(std::numeric_limits<std::int64_t>::max());
  const bool needs_stage = !fields.words("stage").empty();
  fields.ignore({"not_stage"});
  if (auto read = fields.finish(); !read) return read.error();
  return (phase == "TEST" || phase == "1") && least <= 0 && most >= 0 && !needs_stage;
}

Result<bool> is_any_met(const std::vector<const CaffeMessage*>& rules, const std::string& path) {
  for (const CaffeMessage* rule : rules) {
    auto met = is_met(*rule, path);
    if (!met || *met) return met;
  }
  return false;
}

}  // namespace

Result<std::vector<ListedLayer>> list_caffe_layers(const CaffeMessage& net, const std::string& path) {
  std::vector<ListedLayer> layers;
  for (const CaffeField& field : net.fields) {
    const bool is_older = field.name == "layers";
    if (!is_older && field.name != "layer") continue;
    if (field.message == nullptr)
      return Error{Errc::malformed, path, fmt::format("line {}: a layer has fields in braces", field.line)};
    CaffeFields fields{*field.message, fmt::format("the layer of line {}", field.line), path};
    if (is_older && fields.message("layer") != nullptr)
      return Error{
          Errc::unsupported, path,
          fmt::format("line {}: layers written as `layers {{ layer {{` are of Caffe's first format, of 2013; "
                      "Caffe's own upgrade_net_proto_text brings them up to date",
                      field.line)};
    ListedLayer layer;
    layer.name = fields.word("name").value_or("");
    layer.type = fields.word("type").value_or("");
    if (is_older) layer.type = todays_type(layer.type);
    layer.bottoms = fields.words("bottom");
    layer.tops = fields.words("top");
    layer.source = field.message.get();
    const auto include = fields.messages("include"), exclude = fields.messages("exclude");
    // Parameters of the type are read by whoever knows the type.
    if (auto read = fields.so_far(); !read) return read.error();
    if (layer.type.empty())
      return Error{Errc::malformed, path,
                   fmt::format("line {}: layer {} has no type", field.line, in_quotes(layer.name))};
    const auto included = is_any_met(include, path), excluded = is_any_met(exclude, path);
    if (!included) return included.error();
    if (!excluded) return excluded.error();
    if ((!include.empty() && !*included) || *excluded) continue;
    layers.push_back(std::move(layer));
  }
  return layers;
}

}  // namespace layerwatt
