// SPDX-License-Identifier: Apache-2.0
// What engines share that run the network description layer by layer: layers in order, which of them one step
// computes together, constants as numbers, and the account of what could not be computed as asked. How a
// layer is computed is each engine's own, in what it overrides.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "engines/convolution_choice.h"
#include "engines/engine.h"
#include "engines/onnx_model.h"
#include "engines/operators.h"
#include "engines/tensor_index.h"
#include "networks/network.h"

namespace layerwatt {

// Names of layers.
struct LayerAccount {
  std::vector<std::string> removed;  // cost nothing: dropouts, and reshapes where they do
  std::size_t convolutions = 0;
  std::vector<std::string> fell_back;  // convolutions that could not be computed as asked
};
// As circumstances of a run: convolutions, fusion, removed layers.
void put_account(const LayerAccount& account, const EngineOptions& options,
                 std::map<std::string, std::string>& circumstances);

class LayerBuilder {
 public:
  using Made = Result<void>;
  using Floats = std::vector<float>;
  virtual ~LayerBuilder() = default;

 protected:
  // `engine`: its name, for errors.
  LayerBuilder(std::string engine, const OnnxModel& model, const Network& network,
               const EngineOptions& options)
      : model_{model},
        network_{network},
        options_{options},
        tensors_{network},
        engine_name_{std::move(engine)} {}
  LayerBuilder(const LayerBuilder&) = delete;
  LayerBuilder& operator=(const LayerBuilder&) = delete;

  // A layer and those that are computed with it: a batch normalisation and an elementwise operator.
  struct Group {
    std::vector<std::size_t> layers;
    const onnx::NodeProto* normalisation = nullptr;
    std::optional<Elementwise> elementwise;
    [[nodiscard]] std::size_t last() const { return layers.back(); }
  };
  struct Weights {
    Floats values, bias;  // values: outputs first; bias: empty = none
  };
  // Rows times constant weights.
  struct Product {
    std::int64_t outputs = 0, inputs = 0;
    bool turned = false;  // the weights lie outputs first, as a convolution's
    Weights weights;      // with the factors of the operator
  };
  // How a convolution or a pool slides, and the window; see sliding_of().
  struct Pool {
    Pooling pooling{};
    Sliding sliding;
  };

  // Every layer once, in order: each becomes a step of the engine, or is removed. unsupported: a layer that
  // cannot be computed; malformed: an absurd one; not_found: an algorithm is asked for what is no
  // convolution.
  Made add_layers();

  virtual Made add_convolution(std::size_t layer) = 0;
  virtual Made add_product(std::size_t layer) = 0;
  virtual Made add_pooling(std::size_t layer, Pooling pooling) = 0;
  virtual Made add_elementwise(std::size_t layer, const Elementwise& elementwise) = 0;
  virtual Made add_sum(std::size_t layer) = 0;
  virtual Made add_multiplication(std::size_t layer) = 0;
  virtual Made add_concat(std::size_t layer) = 0;
  virtual Made add_softmax(std::size_t layer) = 0;
  virtual Made add_normalisation(std::size_t layer) = 0;
  virtual Made add_local_response(std::size_t layer) = 0;
  virtual Made reshape(std::size_t layer) = 0;
  // Whether it can be computed with the step before it.
  [[nodiscard]] virtual bool follows(const Elementwise&) const { return true; }

  [[nodiscard]] const onnx::NodeProto& node(std::size_t layer) const {
    return *model_.maker_of(network_.produced[layer].front());
  }
  [[nodiscard]] const Shape& output_shape(std::size_t layer) const {
    return network_.layers[layer].outputs.front();
  }
  [[nodiscard]] Error impossible(std::size_t layer, const std::string& why) const;
  [[nodiscard]] Group grouped(std::size_t layer, bool takes_normalisation) const;
  // The row of the step that computes the group, whose layers are done with it.
  Layer row_of(const Group& group, const std::string& implementation);
  // malformed: an input that is none of float32 and a known shape.
  [[nodiscard]] Made check_input(const TensorDescription& input) const;

  Result<Floats> constant(std::size_t layer, std::size_t input);
  // With what follows folded in, if the group has a normalisation.
  Result<Weights> weights_of(const Group& group, std::size_t outputs);
  Result<Product> product_of(const Group& group, const Shape& input);
  Result<Pool> pool_of(std::size_t layer, Pooling pooling, const Shape& input);
  // Scale, shift, mean and variance, one for each channel.
  Result<std::vector<Floats>> normalisation_of(std::size_t layer);
  // Counts a convolution. What to add to the name of its implementation; unsupported where the choice is
  // strict.
  Result<std::string> account_for(std::size_t layer, ConvolutionAlgorithm asked, bool fell_back);

  const OnnxModel& model_;
  const Network& network_;
  const EngineOptions& options_;
  TensorIndex tensors_;
  LayerAccount account_;
  std::vector<bool> done_;

 private:
  [[nodiscard]] std::optional<std::size_t> only_reader(std::size_t layer) const;
  Made check_choice() const;
  // malformed: shapes that contradict one another.
  [[nodiscard]] Made check_filter(std::size_t layer) const;
  [[nodiscard]] Made check_operands(std::size_t layer) const;
  Made add(std::size_t layer);
  Made fold(const onnx::NodeProto& normalisation, std::size_t outputs, Weights& weights);
  const std::string engine_name_;
};

}  // namespace layerwatt
