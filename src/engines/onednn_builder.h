// SPDX-License-Identifier: Apache-2.0
// How build_onednn() works inside: layers become primitives, in three files. onednn_network.cpp has values
// and their order in memory; onednn_weighted.cpp what has weights; onednn_builder.cpp the rest.
// layer_builder.h says which layers there are.
#pragma once
#include <dnnl.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "engines/layer_builder.h"
#include "engines/onednn_network.h"

namespace layerwatt {

// In the order of ONNX: the last dimension lies closest.
dnnl::memory::desc onnx_order(const dnnl::memory::dims& dims);

struct OnednnCurve {
  dnnl::algorithm algorithm;
  float alpha, beta;
};
OnednnCurve onednn_curve(const Elementwise& elementwise);

class OnednnBuilder final : public LayerBuilder {
 public:
  OnednnBuilder(const dnnl::engine& engine, const OnnxModel& model, const Network& network,
                const EngineOptions& options)
      : LayerBuilder{"onednn", model, network, options}, engine_{engine}, stream_{engine} {}

  Result<OnednnNetwork> build();

 private:
  using Arguments = OnednnArguments;

  // Scratch space of the library's would tie a primitive to the thread that made it.
  [[nodiscard]] static dnnl::primitive_attr attributes(const Group& group);
  [[nodiscard]] static dnnl::primitive_attr attributes() { return attributes(Group{}); }

  Made add_inputs();
  Made add_convolution(std::size_t layer) override;
  Made add_product(std::size_t layer) override;
  Made add_pooling(std::size_t layer, Pooling pooling) override;
  Made add_elementwise(std::size_t layer, const Elementwise& elementwise) override;
  Made add_sum(std::size_t layer) override { return add_binary(layer, dnnl::algorithm::binary_add); }
  Made add_multiplication(std::size_t layer) override {
    return add_binary(layer, dnnl::algorithm::binary_mul);
  }
  Made add_concat(std::size_t layer) override;
  Made add_softmax(std::size_t layer) override;
  Made add_normalisation(std::size_t layer) override;
  Made add_local_response(std::size_t layer) override;
  Made reshape(std::size_t layer) override;
  Made add_binary(std::size_t layer, dnnl::algorithm algorithm);

  Result<dnnl::memory> value(std::size_t layer, std::size_t input);
  dnnl::memory filled(const dnnl::memory::desc& order, const Floats& values);
  dnnl::memory in_order(const dnnl::memory& from, const dnnl::memory::desc& order, const Layer* reader);
  void finish(const Group& group, const dnnl::primitive& primitive, const std::string& implementation,
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
  OnednnNetwork made_;
  std::unordered_map<std::string, dnnl::memory> values_;
};

}  // namespace layerwatt
