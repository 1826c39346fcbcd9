// SPDX-License-Identifier: Apache-2.0
// Opening the library, and what its results mean to a reader; see nvml_session.h.
#include "sensors/nvml_session.h"

namespace layerwatt::nvml {

namespace {

Errc code_of(int result) {
  switch (result) {
    case not_supported: return Errc::unsupported;
    case no_permission: return Errc::permission;
    case not_found:
    case driver_not_loaded: return Errc::not_found;
    case timeout: return Errc::timeout;
    case in_use: return Errc::busy;
    case uninitialized:
    case gpu_is_lost:
    case reset_required: return Errc::gone;
    default: return Errc::io;
  }
}

}  // namespace

Error Session::error(int result, const char* function) const {
  const char* text = error_string_ != nullptr ? error_string_(result) : nullptr;
  return {code_of(result), function, text != nullptr ? text : "NVML error " + std::to_string(result)};
}

Session::Session(Library library)
    : library_{std::move(library)}, error_string_{find<ErrorString>("nvmlErrorString")} {}

Result<Session> Session::start(const Machine& machine) {
  auto library = machine.open_library(library_name);
  if (!library) return library.error();
  Session session{std::move(*library)};
  Init* const init = session.find<Init>("nvmlInit_v2");
  Shutdown* const shutdown = session.find<Shutdown>("nvmlShutdown");
  if (init == nullptr || shutdown == nullptr)
    return Error{Errc::malformed, library_name, "is not NVIDIA's management library"};
  if (const int result = init(); result != success) return session.error(result, "nvmlInit_v2");
  session.shutdown_ = shutdown;
  return session;
}

}  // namespace layerwatt::nvml
