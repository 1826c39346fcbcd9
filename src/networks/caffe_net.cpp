// SPDX-License-Identifier: Apache-2.0
// See caffe_net.h.
#include "networks/caffe_net.h"

#include <fmt/format.h>

#include <set>
#include <unordered_map>
#include <unordered_set>

#include "networks/caffe_fields.h"
#include "networks/caffe_layer_list.h"
#include "networks/caffe_sources.h"
#include "networks/tensor_size.h"

namespace layerwatt {

namespace {

// What a net needs to be trained or judged, not to answer.
bool is_for_training(const std::string& type) {
  static const std::set<std::string> types{"Accuracy", "HDF5Output", "Silence"};
  return types.count(type) > 0 || type.ends_with("Loss");
}

class NetReader {
 public:
  NetReader(CaffeMessage text, const std::string& path) {
    net_.text = std::move(text);
    net_.path = path;
  }

  Result<CaffeNet> read() {
    CaffeFields fields{net_.text, "the net", net_.path};
    net_.name = fields.word("name").value_or("");
    if (auto read = read_old_inputs(fields); !read) return read.error();
    fields.ignore({"layer", "layers", "force_backward", "state", "debug_info"});
    if (auto read = fields.finish(); !read) return read.error();
    auto listed = list_caffe_layers(net_.text, net_.path);
    if (!listed) return listed.error();
    for (const ListedLayer& layer : *listed)
      for (const std::string& top : layer.tops) made_somewhere_.emplace(top, layer.name);
    for (const ListedLayer& layer : *listed)
      if (auto added = add(layer); !added) return added.error();
    if (net_.layers.empty()) return malformed("has no layers");
    if (net_.inputs.empty()) return malformed("has no input");
    return std::move(net_);
  }

 private:
  [[nodiscard]] Error malformed(const std::string& detail) const {
    return Error{Errc::malformed, net_.path, detail};
  }

  std::size_t new_blob(const std::string& name) {
    net_.blobs.push_back({name, 0});
    current_[name] = net_.blobs.size() - 1;
    return net_.blobs.size() - 1;
  }

  Result<void> add_input(const std::string& name, Shape shape) {
    if (shape.empty()) return malformed(fmt::format("input {} has no dimensions", in_quotes(name)));
    for (const std::int64_t dimension : shape)
      if (dimension < 1)
        return malformed(fmt::format("input {} has a dimension of {}", in_quotes(name), dimension));
    if (const auto absurd = absurdity_of(shape))
      return malformed(fmt::format("input {} {}", in_quotes(name), *absurd));
    if (current_.count(name) > 0) return malformed(fmt::format("blob {} is made twice", in_quotes(name)));
    net_.inputs.push_back({new_blob(name), std::move(shape)});
    return {};
  }

  // `input: "data"` with four `input_dim`, or one `input_shape`, each.
  Result<void> read_old_inputs(CaffeFields& fields) {
    const auto names = fields.words("input");
    const auto dimensions = fields.sizes("input_dim");
    const auto shapes = fields.messages("input_shape");
    for (std::size_t i = 0; i < names.size(); ++i) {
      Shape shape;
      if (dimensions.size() == 4 * names.size()) {
        shape.assign(dimensions.begin() + static_cast<std::ptrdiff_t>(4 * i),
                     dimensions.begin() + static_cast<std::ptrdiff_t>(4 * i + 4));
      } else if (shapes.size() == names.size()) {
        auto read = caffe_shape(*shapes[i], net_.path);
        if (!read) return read.error();
        shape = std::move(*read);
      } else {
        return malformed(
            fmt::format("has {} inputs, but {} input_dim and {} input_shape: four, or one, belong to "
                        "each",
                        names.size(), dimensions.size(), shapes.size()));
      }
      if (auto added = add_input(names[i], std::move(shape)); !added) return added;
    }
    return {};
  }

  Result<void> add(const ListedLayer& layer) {
    if (is_caffe_source(layer.type)) return add_source(layer);
    if (is_for_training(layer.type)) {
      net_.left_out.push_back(fmt::format("{} ({})", layer.name, layer.type));
      return {};
    }
    CaffeLayer made{layer.name, layer.type, {}, {}, layer.source};
    for (const std::string& bottom : layer.bottoms) {
      const auto found = current_.find(bottom);
      if (found == current_.end()) return malformed(unknown(layer, bottom));
      net_.blobs[found->second].readers += 1;
      made.reads.push_back(found->second);
    }
    for (std::size_t i = 0; i < layer.tops.size(); ++i) {
      const std::string& top = layer.tops[i];
      const bool in_place = i < layer.bottoms.size() && layer.bottoms[i] == top;
      if (!in_place && current_.count(top) > 0)
        return malformed(
            fmt::format("{} makes blob {}, which another makes already", described(layer), in_quotes(top)));
      made.makes.push_back(new_blob(top));
    }
    net_.layers.push_back(std::move(made));
    return {};
  }

  [[nodiscard]] std::string unknown(const ListedLayer& layer, const std::string& bottom) const {
    const std::string reads = fmt::format("{} reads blob {}", described(layer), in_quotes(bottom));
    if (labels_.count(bottom) > 0)
      return reads + ", a label, which there is none of when a picture is classified";
    const auto later = made_somewhere_.find(bottom);
    if (later == made_somewhere_.end()) return reads + ", which nothing makes";
    return fmt::format(
        "{}, which only layer {} makes: layers stand in the order in which they run, and a net is not "
        "cyclic",
        reads, in_quotes(later->second));
  }

  Result<void> add_source(const ListedLayer& layer) {
    auto shapes = shapes_from(layer, net_.path);
    if (!shapes) return shapes.error();
    for (std::size_t i = 0; i < layer.tops.size(); ++i) {
      if (i < shapes->size()) {
        if (auto added = add_input(layer.tops[i], (*shapes)[i]); !added) return added;
      } else {
        labels_.insert(layer.tops[i]);
      }
    }
    return {};
  }

  CaffeNet net_;
  std::unordered_map<std::string, std::size_t> current_;         // the latest state of each blob
  std::unordered_map<std::string, std::string> made_somewhere_;  // for errors: who makes a blob
  std::unordered_set<std::string> labels_;
};

}  // namespace

Result<CaffeNet> read_caffe_net(std::string_view text, const std::string& path) {
  auto parsed = parse_caffe_text(text, path);
  if (!parsed) return parsed.error();
  return NetReader{std::move(*parsed), path}.read();
}

}  // namespace layerwatt
