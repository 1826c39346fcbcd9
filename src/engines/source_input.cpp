// SPDX-License-Identifier: Apache-2.0
// See source_input.h.
#include "engines/source_input.h"

#include <fmt/format.h>

namespace layerwatt {

Result<SourceInput> SourceInput::make(const std::string& name, int element_type, const Shape& shape,
                                      const InputSet* set, std::mt19937_64& generator) {
  auto values = TensorMemory::allocate(name, element_type, shape);
  if (!values) return values.error();
  if (set == nullptr) {
    fill_random(*values, generator);
    return SourceInput{std::move(*values), shape, nullptr};
  }
  if (set->input(0).size() != values->bytes().size())
    return Error{
        Errc::unsupported, name,
        fmt::format("takes {} bytes and is given {}: its description differs from what the engine says",
                    values->bytes().size(), set->input(0).size())};
  values = TensorMemory::allocate(name, element_type, {0});
  if (!values) return values.error();
  return SourceInput{std::move(*values), shape, set};
}

Result<std::vector<SourceInput>> source_inputs(std::span<const TensorDescription> inputs,
                                               const EngineOptions& options) {
  std::mt19937_64 generator{options.seed};
  std::vector<SourceInput> made;
  for (const TensorDescription& input : inputs) {
    auto source = SourceInput::make(input.name, static_cast<int>(ElementType::float32), input.shape,
                                    options.inputs, generator);
    if (!source) return source.error();
    made.push_back(std::move(*source));
  }
  return made;
}

}  // namespace layerwatt
