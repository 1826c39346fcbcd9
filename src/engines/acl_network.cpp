// SPDX-License-Identifier: Apache-2.0
// Values of pictures lie channels last, which is what the library's products and Winograd compute in; the
// input and the output of the network lie as ONNX has them. Where two orders meet, a layer of type "layout"
// stands between. Functions widen tensors while they are configured, so all memory is taken after the last of
// them.
#include "engines/acl_network.h"

#include <arm_compute/runtime/Allocator.h>
#include <arm_compute/runtime/BlobLifetimeManager.h>
#include <arm_compute/runtime/MemoryManagerOnDemand.h>
#include <arm_compute/runtime/NEON/functions/NEPermute.h>
#include <arm_compute/runtime/PoolManager.h>
#include <fmt/format.h>

#include "engines/acl_builder.h"

namespace layerwatt {

namespace {

constexpr std::size_t most_dimensions = arm_compute::Coordinates::num_max_dimensions;

}  // namespace

AclBuilder::AclBuilder(const OnnxModel& model, const Network& network, const EngineOptions& options)
    : LayerBuilder{"acl", model, network, options},
      memory_{std::make_shared<arm_compute::MemoryManagerOnDemand>(
          std::make_shared<arm_compute::BlobLifetimeManager>(),
          std::make_shared<arm_compute::PoolManager>())} {}

// What it says, without the place in its sources that it says first.
LayerBuilder::Made AclBuilder::check(std::size_t layer, const arm_compute::Status& status) const {
  if (status) return {};
  const std::string all = status.error_description();
  const std::size_t place = all.rfind(": ");
  return impossible(layer, fmt::format("\"{}\", Arm Compute Library says; this is not possible",
                                       place == std::string::npos ? all : all.substr(place + 2)));
}

AclBuilder::Tensor* AclBuilder::new_tensor(const Shape& shape, AclOrder order) {
  made_.tensors.push_back(std::make_unique<Tensor>());
  made_.tensors.back()->allocator()->init(acl_info(shape, order));
  return made_.tensors.back().get();
}

AclBuilder::Tensor* AclBuilder::new_constant(const Shape& shape, AclOrder order, Floats values) {
  Tensor* const tensor = new_tensor(shape, order);
  constants_.push_back({tensor, std::move(values), shape, order});
  return tensor;
}

// `reader`: the layer that wants it so; null for the output.
AclBuilder::Tensor* AclBuilder::in_order(Value& value, AclOrder order, const Layer* reader) {
  Tensor*& wanted = known(value, order);
  if (wanted != nullptr) return wanted;
  const bool to_onnx = order == AclOrder::onnx;
  Tensor* const from = to_onnx ? value.channels_last : value.onnx;
  wanted = new_tensor(value.shape, order);
  AclStep step;
  step.layer.name = "layout before " + (reader != nullptr ? reader->name : "the output");
  if (reader != nullptr) step.layer.module = reader->module;
  step.layer.type = "layout";
  step.layer.implementation = "NEPermute";
  step.layer.inputs = step.layer.outputs = {value.shape};
  step.layer.macs = 0;
  step.layer.parameters = 0;
  step.layer.bytes = 2 * static_cast<std::int64_t>(from->info()->tensor_shape().total_size() * sizeof(float));
  step.functions = made_of(
      std::make_unique<arm_compute::NEPermute>(), from, wanted,
      to_onnx ? arm_compute::PermutationVector{1U, 2U, 0U} : arm_compute::PermutationVector{2U, 0U, 1U});
  made_.steps.push_back(std::move(step));
  return wanted;
}

Result<Shape> AclBuilder::shape_of(std::size_t layer, std::size_t input) {
  const std::string& name = network_.consumed[layer].at(input);
  const auto made = values_.find(name);
  if (made != values_.end()) return made->second.shape;
  if (!model_.is_constant(name)) return impossible(layer, "an input that no layer makes is not possible");
  return model_.shape_of(name);
}

Result<AclBuilder::Tensor*> AclBuilder::value(std::size_t layer, std::size_t input) {
  const std::string& name = network_.consumed[layer].at(input);
  auto made = values_.find(name);
  if (made == values_.end()) {
    const auto shape = shape_of(layer, input);
    if (!shape) return shape.error();
    auto numbers = constant(layer, input);
    if (!numbers) return numbers.error();
    Value constant_value{*shape, nullptr, nullptr};
    known(constant_value, usual(*shape)) = new_constant(*shape, usual(*shape), std::move(*numbers));
    made = values_.emplace(name, constant_value).first;
  }
  return in_order(made->second, usual(made->second.shape), &network_.layers[layer]);
}

void AclBuilder::finish(const Group& group, const std::string& implementation, Functions functions,
                        Tensor* output) {
  AclStep step;
  step.layer = row_of(group, implementation);
  step.functions = std::move(functions);
  made_.steps.push_back(std::move(step));
  Value value{output_shape(group.last()), nullptr, nullptr};
  known(value, usual(value.shape)) = output;
  values_[network_.produced[group.last()].front()] = value;
}

LayerBuilder::Made AclBuilder::add_inputs() {
  for (const TensorDescription& input : network_.inputs) {
    if (auto checked = check_input(input); !checked) return checked;
    if (input.shape.size() > most_dimensions)
      return Error{Errc::unsupported, input.name, "has more dimensions than engine acl computes"};
    Value value{input.shape, new_tensor(input.shape, AclOrder::onnx), nullptr};
    values_[input.name] = value;
    made_.inputs[input.name] = value.onnx;
  }
  return {};
}

Result<AclNetwork> AclBuilder::build() {
  if (auto added = add_inputs(); !added) return added.error();
  if (auto added = add_layers(); !added) return added.error();
  const std::string& last = network_.outputs.front().name;
  const auto output = values_.find(last);
  if (output == values_.end()) return Error{Errc::unsupported, last, "is no output that a layer makes"};
  made_.output = in_order(output->second, AclOrder::onnx, nullptr);
  made_.output_shape = output->second.shape;
  arm_compute::Allocator allocator;
  memory_->populate(allocator, 1);
  for (const auto& tensor : made_.tensors) tensor->allocator()->allocate();
  for (const Constant& constant : constants_)
    copy_in(constant.values, constant.shape, constant.order, *constant.tensor);
  constants_.clear();
  for (AclStep& step : made_.steps)
    for (const auto& function : step.functions) function->prepare();
  // Weights of which functions have made copies in an order of their own.
  for (const auto& tensor : made_.tensors)
    if (!tensor->is_used()) tensor->allocator()->free();
  made_.account = std::move(account_);
  return std::move(made_);
}

Result<AclNetwork> build_acl(const OnnxModel& model, const Network& network, const EngineOptions& options) {
  try {
    return AclBuilder{model, network, options}.build();
  } catch (const std::exception& error) {
    return Error{Errc::unsupported, network.name, fmt::format("Arm Compute Library: {}", error.what())};
  }
}

}  // namespace layerwatt
