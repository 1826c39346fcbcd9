// SPDX-License-Identifier: Apache-2.0
// Where load() copies one of a network's inputs from: random values that are made once, or the set of
// pictures that the engine was given. The same for every engine.
#pragma once
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "engines/engine.h"
#include "engines/onnxruntime_tensor.h"
#include "inputs/input_set.h"
#include "networks/network.h"

namespace layerwatt {

class SourceInput {
 public:
  // `set` may be null: random. It must outlive this. Ask for the inputs in the network's order with one
  // generator: that decides the random values. unsupported: the set is not of this size.
  static Result<SourceInput> make(const std::string& name, int element_type, const Shape& shape,
                                  const InputSet* set, std::mt19937_64& generator);
  [[nodiscard]] const Shape& shape() const { return shape_; }
  // What inference `number` is given.
  [[nodiscard]] std::span<const std::byte> bytes(std::uint64_t number) const {
    return set_ != nullptr ? set_->input(number) : values_.bytes();
  }
  // The same of an input of float32.
  [[nodiscard]] std::span<const float> floats(std::uint64_t number) const {
    const auto all = bytes(number);
    return {reinterpret_cast<const float*>(all.data()), all.size() / sizeof(float)};
  }

 private:
  SourceInput(TensorMemory values, Shape shape, const InputSet* set)
      : values_{std::move(values)}, shape_{std::move(shape)}, set_{set} {}
  TensorMemory values_;  // empty where there is a set
  Shape shape_;
  const InputSet* set_;
};

// Of a network whose inputs are all float32, as its description has them: the same values in every engine for
// a network and a seed.
Result<std::vector<SourceInput>> source_inputs(std::span<const TensorDescription> inputs,
                                               const EngineOptions& options);

}  // namespace layerwatt
