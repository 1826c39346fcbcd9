// SPDX-License-Identifier: Apache-2.0
// A session with its inputs and outputs bound to memory of ours, so that an inference allocates no tensors:
// load copies the input in, run computes, unload copies the output out.
#pragma once
#include <string>
#include <vector>

#include "engines/onnxruntime_api.h"
#include "engines/onnxruntime_tensor.h"
#include "engines/source_input.h"

namespace layerwatt {

class OnnxruntimeBinding {
 public:
  // Runs the session once, since only that tells the shapes of the outputs. `api` and `session` must live
  // longer. unsupported: an input or output is no tensor, or has a dimension that nobody gave.
  static Result<OnnxruntimeBinding> open(const OnnxruntimeApi& api, OrtSession* session, std::int64_t batch,
                                         std::uint64_t seed, const InputSet* inputs = nullptr);
  void load(std::uint64_t input);
  Result<void> run(const OrtRunOptions* options);
  void unload();
  // The first output, as last unloaded.
  [[nodiscard]] std::span<const float> output() const;

 private:
  struct Input {
    std::string name;
    SourceInput source;
    TensorMemory bound;
    OnnxruntimeHandle<OrtValue> value;
  };
  struct Output {
    std::string name;
    TensorMemory bound;
    OnnxruntimeHandle<OrtValue> value;
    std::vector<float> unloaded;
  };
  OnnxruntimeBinding(const OnnxruntimeApi& api, OrtSession* session) : api_{&api}, session_{session} {}
  Result<void> bind_inputs(std::int64_t batch, std::uint64_t seed, const InputSet* inputs);
  Result<void> bind_outputs();
  Result<TensorMemory> like(const std::string& name, const OrtValue* value) const;
  Result<OnnxruntimeHandle<OrtValue>> wrap(const std::string& name, TensorMemory& memory) const;

  const OnnxruntimeApi* api_;
  OrtSession* session_;
  OnnxruntimeHandle<OrtMemoryInfo> memory_info_;
  std::vector<Input> inputs_;
  std::vector<Output> outputs_;
  OnnxruntimeHandle<OrtIoBinding> binding_;
};

}  // namespace layerwatt
