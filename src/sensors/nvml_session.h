// SPDX-License-Identifier: Apache-2.0
// NVIDIA's management library, opened and initialised. Knows no GPU: nvml.cpp does.
#pragma once
#include <string>
#include <utility>

#include "core/machine.h"
#include "sensors/nvml_abi.h"

namespace layerwatt::nvml {

inline constexpr const char* library_name = "libnvidia-ml.so.1";

// The library, initialised; NVML counts how often it was, so that each sensor has a session of its own.
class Session {
 public:
  static Result<Session> start(const Machine& machine);
  Session(Session&& other) noexcept
      : library_{std::move(other.library_)},
        error_string_{other.error_string_},
        shutdown_{std::exchange(other.shutdown_, nullptr)} {}
  Session& operator=(Session&&) = delete;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() {
    if (shutdown_ != nullptr) shutdown_();
  }
  // What a result that is not success means, with the library's own words.
  [[nodiscard]] Error error(int result, const char* function) const;
  // Empty when the library lacks it.
  template <class Function>
  [[nodiscard]] Function* find(const char* name) const {
    const auto found = library_.function<Function>(name);
    return found ? *found : nullptr;
  }
  // Calls a function that old libraries may lack.
  template <class Function, class... Arguments>
  [[nodiscard]] int call(const char* name, Arguments... arguments) const {
    Function* const function = find<Function>(name);
    return function != nullptr ? function(arguments...) : static_cast<int>(not_supported);
  }

 private:
  explicit Session(Library library);
  Library library_;
  ErrorString* error_string_;
  Shutdown* shutdown_ = nullptr;  // empty: not initialised, or moved from
};

}  // namespace layerwatt::nvml
