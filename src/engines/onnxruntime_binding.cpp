// SPDX-License-Identifier: Apache-2.0
// Reads the session's signature and binds memory to it.
#include "engines/onnxruntime_binding.h"

#include <fmt/format.h>

#include <cstring>
#include <random>

namespace layerwatt {

namespace {

struct Signature {
  std::string name;
  int element_type = 0;
  Shape shape;                       // -1 = dynamic
  std::vector<std::string> symbols;  // names of dynamic dimensions; empty where there is none
};

using GetName = OrtStatus* (*)(const OrtSession*, std::size_t, OrtAllocator*, char**);
using GetType = OrtStatus* (*)(const OrtSession*, std::size_t, OrtTypeInfo**);

Result<std::string> name_of(const OnnxruntimeApi& api, const OrtSession* session, std::size_t index,
                            GetName get) {
  OrtAllocator* allocator = nullptr;
  if (auto done = checked(api, api.GetAllocatorWithDefaultOptions(&allocator), "allocator"); !done)
    return done.error();
  char* text = nullptr;
  if (auto done = checked(api, get(session, index, allocator, &text), "name"); !done) return done.error();
  std::string name = text;
  if (auto done = checked(api, api.AllocatorFree(allocator, text), name); !done) return done.error();
  return name;
}

Result<Shape> shape_of(const OnnxruntimeApi& api, const OrtTensorTypeAndShapeInfo* info,
                       const std::string& name) {
  std::size_t rank = 0;
  if (auto done = checked(api, api.GetDimensionsCount(info, &rank), name); !done) return done.error();
  Shape shape(rank);
  if (auto done = checked(api, api.GetDimensions(info, shape.data(), rank), name); !done) return done.error();
  return shape;
}

Result<Signature> signature(const OnnxruntimeApi& api, const OrtSession* session, std::size_t index,
                            GetName get_name, GetType get_type) {
  const auto name = name_of(api, session, index, get_name);
  if (!name) return name.error();
  const auto type = made<OrtTypeInfo>(api, api.ReleaseTypeInfo, *name,
                                      [&](OrtTypeInfo** out) { return get_type(session, index, out); });
  if (!type) return type.error();
  const OrtTensorTypeAndShapeInfo* info = nullptr;
  if (auto done = checked(api, api.CastTypeInfoToTensorInfo(type->get(), &info), *name); !done)
    return done.error();
  if (info == nullptr)
    return Error{Errc::unsupported, *name, "is no tensor; layerwatt feeds and reads tensors only"};
  Signature found{*name, 0, {}, {}};
  auto shape = shape_of(api, info, *name);
  if (!shape) return shape.error();
  found.shape = std::move(*shape);
  std::vector<const char*> symbols(found.shape.size());
  if (auto done = checked(api, api.GetSymbolicDimensions(info, symbols.data(), symbols.size()), *name); !done)
    return done.error();
  for (const char* symbol : symbols) found.symbols.emplace_back(symbol != nullptr ? symbol : "");
  if (auto done = checked(api, api.GetTensorElementType(info, &found.element_type), *name); !done)
    return done.error();
  return found;
}

// Puts `batch` into a dynamic first dimension; any other dynamic dimension is the user's to settle.
Result<Shape> settled(const Signature& input, std::int64_t batch) {
  Shape shape = input.shape;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] >= 0) continue;
    if (i > 0)
      return Error{
          Errc::unsupported, input.name,
          fmt::format("dimension {}{} of this input is dynamic; only the first can be, it is the batch: "
                      "fix it in the model",
                      i, input.symbols[i].empty() ? "" : " (" + input.symbols[i] + ")")};
    shape[i] = batch;
  }
  return shape;
}

}  // namespace

Result<OnnxruntimeBinding> OnnxruntimeBinding::open(const OnnxruntimeApi& api, OrtSession* session,
                                                    std::int64_t batch, std::uint64_t seed,
                                                    const InputSet* inputs) {
  OnnxruntimeBinding opened{api, session};
  auto memory_info = made<OrtMemoryInfo>(api, api.ReleaseMemoryInfo, "memory", [&](OrtMemoryInfo** out) {
    return api.CreateCpuMemoryInfo(onnxruntime_device_allocator, onnxruntime_default_memory, out);
  });
  if (!memory_info) return memory_info.error();
  opened.memory_info_ = std::move(*memory_info);
  auto binding = made<OrtIoBinding>(api, api.ReleaseIoBinding, "binding",
                                    [&](OrtIoBinding** out) { return api.CreateIoBinding(session, out); });
  if (!binding) return binding.error();
  opened.binding_ = std::move(*binding);
  if (auto done = opened.bind_inputs(batch, seed, inputs); !done) return done.error();
  opened.load(0);
  if (auto done = opened.bind_outputs(); !done) return done.error();
  return opened;
}

Result<OnnxruntimeHandle<OrtValue>> OnnxruntimeBinding::wrap(const std::string& name,
                                                             TensorMemory& memory) const {
  return made<OrtValue>(*api_, api_->ReleaseValue, name, [&](OrtValue** out) {
    const auto bytes = memory.bytes();
    const Shape& shape = memory.shape();
    return api_->CreateTensorWithDataAsOrtValue(memory_info_.get(), bytes.data(), bytes.size(), shape.data(),
                                                shape.size(), memory.element_type(), out);
  });
}

Result<void> OnnxruntimeBinding::bind_inputs(std::int64_t batch, std::uint64_t seed, const InputSet* inputs) {
  std::mt19937_64 generator{seed};
  std::size_t count = 0;
  if (auto done = checked(*api_, api_->SessionGetInputCount(session_, &count), "inputs"); !done) return done;
  bool takes_batch = batch == 1;
  for (std::size_t i = 0; i < count; ++i) {
    const auto input =
        signature(*api_, session_, i, api_->SessionGetInputName, api_->SessionGetInputTypeInfo);
    if (!input) return input.error();
    takes_batch = takes_batch || (!input->shape.empty() && input->shape[0] < 0);
    const auto shape = settled(*input, batch);
    if (!shape) return shape.error();
    auto source = SourceInput::make(input->name, input->element_type, *shape, inputs, generator);
    auto bound = TensorMemory::allocate(input->name, input->element_type, *shape);
    if (!source || !bound) return source ? bound.error() : source.error();
    auto value = wrap(input->name, *bound);
    if (!value) return value.error();
    if (auto done =
            checked(*api_, api_->BindInput(binding_.get(), input->name.c_str(), value->get()), input->name);
        !done)
      return done;
    inputs_.push_back({input->name, std::move(*source), std::move(*bound), std::move(*value)});
  }
  if (!takes_batch)
    return Error{
        Errc::unsupported, "batch",
        fmt::format("the first dimension of every input is fixed in the model; it cannot be {}", batch)};
  return {};
}

Result<TensorMemory> OnnxruntimeBinding::like(const std::string& name, const OrtValue* value) const {
  const auto info = made<OrtTensorTypeAndShapeInfo>(
      *api_, api_->ReleaseTensorTypeAndShapeInfo, name,
      [&](OrtTensorTypeAndShapeInfo** out) { return api_->GetTensorTypeAndShape(value, out); });
  if (!info) return info.error();
  const auto shape = shape_of(*api_, info->get(), name);
  if (!shape) return shape.error();
  int element_type = 0;
  if (auto done = checked(*api_, api_->GetTensorElementType(info->get(), &element_type), name); !done)
    return done.error();
  return TensorMemory::allocate(name, element_type, *shape);
}

Result<void> OnnxruntimeBinding::bind_outputs() {
  std::size_t count = 0;
  if (auto done = checked(*api_, api_->SessionGetOutputCount(session_, &count), "outputs"); !done)
    return done;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) {
    const auto output =
        signature(*api_, session_, i, api_->SessionGetOutputName, api_->SessionGetOutputTypeInfo);
    if (!output) return output.error();
    names.push_back(output->name);
  }
  std::vector<const char*> input_names, output_names;
  std::vector<const OrtValue*> inputs;
  for (const Input& input : inputs_) {
    input_names.push_back(input.name.c_str());
    inputs.push_back(input.value.get());
  }
  for (const std::string& name : names) output_names.push_back(name.c_str());
  std::vector<OrtValue*> values(count, nullptr);
  auto ran = checked(*api_,
                     api_->Run(session_, nullptr, input_names.data(), inputs.data(), inputs.size(),
                               output_names.data(), count, values.data()),
                     "first inference");
  std::vector<OnnxruntimeHandle<OrtValue>> made_by_run;
  for (OrtValue* value : values)
    if (value != nullptr) made_by_run.push_back({value, {api_->ReleaseValue}});
  if (!ran) return ran;
  for (std::size_t i = 0; i < count; ++i) {
    auto bound = like(names[i], values[i]);
    if (!bound) return bound.error();
    auto value = wrap(names[i], *bound);
    if (!value) return value.error();
    if (auto done =
            checked(*api_, api_->BindOutput(binding_.get(), names[i].c_str(), value->get()), names[i]);
        !done)
      return done;
    std::vector<float> unloaded(bound->elements());
    outputs_.push_back({names[i], std::move(*bound), std::move(*value), std::move(unloaded)});
  }
  return {};
}

void OnnxruntimeBinding::load(std::uint64_t number) {
  for (Input& input : inputs_)
    std::memcpy(input.bound.bytes().data(), input.source.bytes(number).data(), input.bound.bytes().size());
}

Result<void> OnnxruntimeBinding::run(const OrtRunOptions* options) {
  return checked(*api_, api_->RunWithBinding(session_, options, binding_.get()), "inference");
}

void OnnxruntimeBinding::unload() {
  for (Output& output : outputs_) copy_as_floats(output.bound, output.unloaded);
}

std::span<const float> OnnxruntimeBinding::output() const {
  return outputs_.empty() ? std::span<const float>{} : outputs_.front().unloaded;
}

}  // namespace layerwatt
