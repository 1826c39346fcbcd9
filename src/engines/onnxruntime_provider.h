// SPDX-License-Identifier: Apache-2.0
// The engine's side of the plug-in: registers liblayerwatt-ort-hook.so with ONNX Runtime and takes its
// events.
#pragma once
#include <filesystem>
#include <optional>

#include "core/machine.h"
#include "engines/onnxruntime_api.h"
#include "engines/onnxruntime_hook.h"

namespace layerwatt {

class OnnxruntimeProvider {
 public:
  // `api` must live longer. not_found: no plug-in in `folder`.
  static Result<OnnxruntimeProvider> open(const Machine& machine, const std::filesystem::path& folder,
                                          const OnnxruntimeApi& api, OrtEnv* env);
  OnnxruntimeProvider(OnnxruntimeProvider&&) noexcept = default;
  OnnxruntimeProvider& operator=(OnnxruntimeProvider&&) noexcept = delete;

  // Adds the provider to a session to be made.
  Result<void> append_to(OrtSessionOptions* options) const;
  [[nodiscard]] LayerwattHookEvent (*describe() const)(const OrtProfilingEvent*) { return describe_; }
  // busy: another engine of this process is attached. Detached when this object goes.
  Result<void> attach(const LayerwattHookListener* listener);

 private:
  explicit OnnxruntimeProvider(Library plugin) : plugin_{std::move(plugin)} {}
  struct Unregister {
    const OnnxruntimeApi* api;
    void operator()(OrtEnv* env) const;
  };
  struct Detach {
    void operator()(bool (*attach)(const LayerwattHookListener*)) const { attach(nullptr); }
  };

  Library plugin_;
  bool (*attach_)(const LayerwattHookListener*) = nullptr;
  LayerwattHookEvent (*describe_)(const OrtProfilingEvent*) = nullptr;
  std::unique_ptr<OrtEnv, Unregister> registered_;
  std::unique_ptr<bool(const LayerwattHookListener*), Detach> attached_;
};

}  // namespace layerwatt
