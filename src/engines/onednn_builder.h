// SPDX-License-Identifier: Apache-2.0
// How build_onednn() works inside: layers become steps one after the other, in three files.
// onednn_network.cpp has values, groups and the table of operators; onednn_weighted.cpp what has weights;
// onednn_layers.cpp the rest.
#pragma once
#include <dnnl.hpp>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engines/onednn_network.h"
#include "engines/onednn_operators.h"
#include "engines/tensor_index.h"

namespace layerwatt {

// In the order of ONNX: the last dimension lies closest.
dnnl::memory::desc onnx_order(const dnnl::memory::dims& dims);

class OnednnBuilder {
 public:
  OnednnBuilder(const dnnl::engine& engine, const OnnxModel& model, const Network& network,
                const OnednnOptions& options)
      : engine_{engine},
        stream_{engine},
        model_{model},
        network_{network},
        options_{options},
        tensors_{network} {}

  Result<OnednnNetwork> build();

 private:
  using Made = Result<void>;
  using Floats = std::vector<float>;
  using Arguments = OnednnArguments;
  // A layer and those that are computed with it: a batch normalisation and an elementwise operator.
  struct Group {
    std::vector<std::size_t> layers;
    const onnx::NodeProto* normalisation = nullptr;
    std::optional<Elementwise> elementwise;
    [[nodiscard]] std::size_t last() const { return layers.back(); }
  };
  struct Weights {
    Floats values, bias;  // bias: empty = none
  };

  [[nodiscard]] const onnx::NodeProto& node(std::size_t layer) const {
    return *model_.maker_of(network_.produced[layer].front());
  }
  [[nodiscard]] const Shape& output_shape(std::size_t layer) const {
    return network_.layers[layer].outputs.front();
  }
  [[nodiscard]] Error impossible(std::size_t layer, const std::string& why) const;
  [[nodiscard]] std::optional<std::size_t> only_reader(std::size_t layer) const;
  [[nodiscard]] Group grouped(std::size_t layer, bool takes_normalisation) const;
  // Scratch space of the library's would tie a primitive to the thread that made it.
  [[nodiscard]] static dnnl::primitive_attr attributes(const Group& group);
  [[nodiscard]] static dnnl::primitive_attr attributes() { return attributes(Group{}); }

  Made add_inputs();
  Made add(std::size_t layer);
  Made add_convolution(std::size_t layer);
  Made add_product(std::size_t layer);
  Made add_pooling(std::size_t layer, dnnl::algorithm algorithm);
  Made add_elementwise(std::size_t layer, const Elementwise& elementwise);
  Made add_binary(std::size_t layer, dnnl::algorithm algorithm);
  Made add_concat(std::size_t layer);
  Made add_softmax(std::size_t layer);
  Made add_normalisation(std::size_t layer);
  Made add_local_response(std::size_t layer);
  Made reshape(std::size_t layer);

  Result<dnnl::memory> value(std::size_t layer, std::size_t input);
  Result<Weights> weights_of(std::size_t layer, std::size_t outputs);
  Made fold(const onnx::NodeProto& normalisation, std::size_t outputs, Weights& weights);
  Result<Floats> constant(std::size_t layer, std::size_t input);
  dnnl::memory filled(const dnnl::memory::desc& order, const Floats& values);
  dnnl::memory in_order(const dnnl::memory& from, const dnnl::memory::desc& order, const Layer* reader);
  void finish(const Group& group, const dnnl::primitive& primitive, const char* implementation,
              Arguments arguments, const dnnl::memory& output);
  // Of a layer by itself, with one input and one output.
  template <class Primitive>
  void finish_alone(std::size_t layer, const typename Primitive::primitive_desc& description,
                    const dnnl::memory& input) {
    const dnnl::memory to{description.dst_desc(), engine_};
    finish({{layer}, nullptr, std::nullopt}, Primitive{description}, description.impl_info_str(),
           {{DNNL_ARG_SRC, input}, {DNNL_ARG_DST, to}}, to);
  }

  const dnnl::engine& engine_;
  dnnl::stream stream_;
  const OnnxModel& model_;
  const Network& network_;
  const OnednnOptions& options_;
  TensorIndex tensors_;
  OnednnNetwork made_;
  std::unordered_map<std::string, dnnl::memory> values_;
  std::vector<bool> done_;
};

}  // namespace layerwatt
