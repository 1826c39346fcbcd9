// SPDX-License-Identifier: Apache-2.0
// Both ONNX Runtime and we open the plug-in by the same path, and so share one copy of it.
#include "engines/onnxruntime_provider.h"

#include <string_view>

namespace layerwatt {

void OnnxruntimeProvider::Unregister::operator()(OrtEnv* env) const {
  // A plug-in that cannot be unregistered stays loaded, which harms nobody.
  (void)checked(*api, api->UnregisterExecutionProviderLibrary(env, hook_name), hook_file);
}

Result<OnnxruntimeProvider> OnnxruntimeProvider::open(const Machine& machine,
                                                      const std::filesystem::path& folder) {
  // ONNX Runtime would look for a relative path beside its own library.
  std::error_code failure;
  const std::string path = std::filesystem::absolute(folder / hook_file, failure).string();
  auto plugin = machine.open_library(path);
  if (!plugin) return plugin.error();
  const auto take = plugin->function<bool()>("layerwatt_hook_take");
  if (!take) return take.error();
  const auto give_back = plugin->function<void()>("layerwatt_hook_give_back");
  if (!give_back) return give_back.error();
  const auto listen = plugin->function<void(const LayerwattHookListener*)>("layerwatt_hook_listen");
  if (!listen) return listen.error();
  const auto describe =
      plugin->function<LayerwattHookEvent(const OrtProfilingEvent*)>("layerwatt_hook_describe");
  if (!describe) return describe.error();
  OnnxruntimeProvider provider{std::move(*plugin), path};
  provider.listen_ = *listen;
  provider.describe_ = *describe;
  if (!(*take)())
    return Error{Errc::busy, hook_file, "another engine of this process takes its marks already"};
  provider.taken_.reset(*give_back);
  return provider;
}

Result<void> OnnxruntimeProvider::register_with(const OnnxruntimeApi& api, OrtEnv* env) {
  auto done = checked(api, api.RegisterExecutionProviderLibrary(env, hook_name, path_.c_str()), path_);
  if (done) registered_ = {env, {&api}};
  return done;
}

Result<void> OnnxruntimeProvider::append_to(OrtSessionOptions* options) const {
  const OnnxruntimeApi& api = *registered_.get_deleter().api;
  const OrtEpDevice* const* devices = nullptr;
  std::size_t count = 0;
  if (auto done = checked(api, api.GetEpDevices(registered_.get(), &devices, &count), hook_file); !done)
    return done;
  for (std::size_t i = 0; i < count; ++i) {
    if (std::string_view{api.EpDevice_EpName(devices[i])} != hook_name) continue;
    return checked(api,
                   api.SessionOptionsAppendExecutionProvider_V2(options, registered_.get(), &devices[i], 1,
                                                                nullptr, nullptr, 0),
                   hook_file);
  }
  return Error{Errc::unsupported, hook_file, "ONNX Runtime lists no CPU that it can be attached to"};
}

}  // namespace layerwatt
