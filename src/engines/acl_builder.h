// SPDX-License-Identifier: Apache-2.0
// How build_acl() works inside: layers become functions, in three files. acl_network.cpp has values and their
// order in memory; acl_weighted.cpp what has weights; acl_builder.cpp the rest. layer_builder.h says which
// layers there are.
#pragma once
#include <arm_compute/core/Error.h>
#include <arm_compute/core/Types.h>
#include <arm_compute/runtime/IMemoryManager.h>

#include <unordered_map>
#include <utility>

#include "engines/acl_convolution.h"
#include "engines/acl_network.h"
#include "engines/acl_tensor.h"

namespace layerwatt {

arm_compute::ActivationLayerInfo acl_curve(const std::optional<Elementwise>& elementwise);
arm_compute::PadStrideInfo acl_slide(const Sliding& sliding);

class AclBuilder final : public LayerBuilder {
 public:
  AclBuilder(const OnnxModel& model, const Network& network, const EngineOptions& options);
  Result<AclNetwork> build();

 private:
  using Tensor = arm_compute::Tensor;
  using Functions = std::vector<std::unique_ptr<arm_compute::IFunction>>;
  // A value of the network, in the orders in which somebody wanted it.
  struct Value {
    Shape shape;
    Tensor *onnx = nullptr, *channels_last = nullptr;
  };
  struct Constant {
    Tensor* tensor;
    Floats values;
    Shape shape;
    AclOrder order;
  };

  Made add_inputs();
  Made add_convolution(std::size_t layer) override;
  Made add_product(std::size_t layer) override;
  Made add_pooling(std::size_t layer, Pooling pooling) override;
  Made add_elementwise(std::size_t layer, const Elementwise& elementwise) override;
  Made add_sum(std::size_t layer) override;
  Made add_multiplication(std::size_t layer) override;
  Made add_concat(std::size_t layer) override;
  Made add_softmax(std::size_t layer) override;
  Made add_normalisation(std::size_t layer) override;
  Made add_local_response(std::size_t layer) override;
  Made reshape(std::size_t layer) override;
  // What the library's functions for convolutions take, all of them.
  [[nodiscard]] bool follows(const Elementwise& elementwise) const override {
    return elementwise.curve == Curve::relu || elementwise.curve == Curve::clip;
  }

  // The order that layers compute values of this shape in.
  static AclOrder usual(const Shape& shape) {
    return shape.size() == 4 ? AclOrder::channels_last : AclOrder::onnx;
  }
  Tensor* new_tensor(const Shape& shape, AclOrder order);
  Tensor* new_constant(const Shape& shape, AclOrder order, Floats values);
  Tensor*& known(Value& value, AclOrder order) {
    return order == AclOrder::onnx ? value.onnx : value.channels_last;
  }
  Tensor* in_order(Value& value, AclOrder order, const Layer* reader);
  Result<Tensor*> value(std::size_t layer, std::size_t input);  // in its usual order
  Result<Shape> shape_of(std::size_t layer, std::size_t input);
  Tensor* output_of(std::size_t layer) { return new_tensor(output_shape(layer), usual(output_shape(layer))); }
  Result<std::pair<Tensor*, Tensor*>> operands(std::size_t layer);
  Result<Tensor*> operand(std::size_t layer, std::size_t input);
  // One function for each group of channels, between slices and what joins them.
  struct Convolution {
    AclConvolution parts;  // of the whole layer
    std::size_t groups = 1;
    Floats weights, bias;
    Shape weight_shape;
  };
  Made add_grouped(std::size_t layer, const Group& group, Convolution convolution);
  Made check(std::size_t layer, const arm_compute::Status& status) const;
  void finish(const Group& group, const std::string& implementation, Functions functions, Tensor* output);
  // One function by itself.
  template <class Function, class... Arguments>
  static Functions made_of(std::unique_ptr<Function> function, Arguments&&... arguments) {
    function->configure(std::forward<Arguments>(arguments)...);
    Functions functions;
    functions.push_back(std::move(function));
    return functions;
  }

  AclNetwork made_;
  std::shared_ptr<arm_compute::IMemoryManager> memory_;  // what functions need while they run
  std::unordered_map<std::string, Value> values_;
  std::vector<Constant> constants_;
};

}  // namespace layerwatt
