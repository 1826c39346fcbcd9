// SPDX-License-Identifier: Apache-2.0
// The engine's side of the plug-in: registers liblayerwatt-ort-hook.so with ONNX Runtime and says who takes
// its events.
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "core/machine.h"
#include "engines/onnxruntime_api.h"
#include "engines/onnxruntime_hook.h"

namespace layerwatt {

class OnnxruntimeProvider {
 public:
  // not_found: no plug-in in `folder`. busy: another engine of this process has it.
  static Result<OnnxruntimeProvider> open(const Machine& machine, const std::filesystem::path& folder);
  [[nodiscard]] LayerwattHookEvent (*describe() const)(const OrtProfilingEvent*) { return describe_; }

  // Sends the events of runs on this thread to `listener`, until told nullptr.
  void listen(const LayerwattHookListener* listener) const { listen_(listener); }
  // Makes the plug-in known to ONNX Runtime. `api` and `env` must live longer than this object.
  Result<void> register_with(const OnnxruntimeApi& api, OrtEnv* env);
  // Adds the plug-in, once registered, to a session to be made.
  Result<void> append_to(OrtSessionOptions* options) const;

 private:
  OnnxruntimeProvider(Library plugin, std::string path)
      : plugin_{std::move(plugin)}, path_{std::move(path)} {}
  struct Unregister {
    const OnnxruntimeApi* api;
    void operator()(OrtEnv* env) const;
  };
  struct GiveBack {
    void operator()(void (*give_back)()) const { give_back(); }
  };

  Library plugin_;
  std::string path_;
  void (*listen_)(const LayerwattHookListener*) = nullptr;
  LayerwattHookEvent (*describe_)(const OrtProfilingEvent*) = nullptr;
  std::unique_ptr<void(), GiveBack> taken_;
  std::unique_ptr<OrtEnv, Unregister> registered_;
};

}  // namespace layerwatt
