// SPDX-License-Identifier: Apache-2.0
// ONNX Runtime as somebody would use it who has nothing to do with layerwatt: a session, tensors bound to it,
// run.
#pragma once
#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>
#include <vector>

#include "engines/onnxruntime_binding.h"
#include "engines/onnxruntime_library.h"

namespace layerwatt {

template <class T>
T or_exit(Result<T> result) {
  if (result) return std::move(*result);
  fmt::print(stderr, "{}: {}\n", result.error().where, result.error().detail);
  std::exit(1);
}

class PlainSession {
 public:
  PlainSession(const std::filesystem::path& model, const OnnxruntimeLibrary& library, int threads = 1)
      : env_{or_exit(made<OrtEnv>(library.api, library.api.ReleaseEnv, "env", [&](OrtEnv** out) {
          return library.api.CreateEnv(onnxruntime_log_fatal, "bench", out);
        }))} {
    const OnnxruntimeApi& api = library.api;
    const auto options = or_exit(
        made<OrtSessionOptions>(api, api.ReleaseSessionOptions, "options",
                                [&](OrtSessionOptions** out) { return api.CreateSessionOptions(out); }));
    (void)checked(api, api.SetIntraOpNumThreads(options.get(), threads), "threads");
    session_ = or_exit(made<OrtSession>(api, api.ReleaseSession, model.string(), [&](OrtSession** out) {
      return api.CreateSession(env_.get(), model.c_str(), options.get(), out);
    }));
    profiled_ = or_exit(made<OrtRunOptions>(api, api.ReleaseRunOptions, "run options",
                                            [&](OrtRunOptions** out) { return api.CreateRunOptions(out); }));
    (void)checked(api, api.RunOptionsEnableProfiling(profiled_.get(), "/dev/null/layerwatt"), "profiling");
    binding_.push_back(or_exit(OnnxruntimeBinding::open(api, session_.get(), 1, 1)));
  }
  Result<void> run() { return binding_.front().run(nullptr); }
  // With ONNX Runtime's own profiler, for this run.
  Result<void> run_profiled() { return binding_.front().run(profiled_.get()); }

 private:
  OnnxruntimeHandle<OrtEnv> env_;
  OnnxruntimeHandle<OrtSession> session_;
  OnnxruntimeHandle<OrtRunOptions> profiled_;
  std::vector<OnnxruntimeBinding> binding_;
};

}  // namespace layerwatt
