// SPDX-License-Identifier: Apache-2.0
// ONNX Runtime's C API with our manners: its statuses become Errors, its objects release themselves.
#pragma once
#include <initializer_list>
#include <memory>
#include <string>

#include "core/result.h"
#include "engines/onnxruntime_abi.h"

namespace layerwatt {

template <class T>
struct OnnxruntimeRelease {
  void (*release)(T*) = nullptr;
  void operator()(T* object) const { release(object); }
};
template <class T>
using OnnxruntimeHandle = std::unique_ptr<T, OnnxruntimeRelease<T>>;

// Turns a status into an Error with ONNX Runtime's own text, and releases it. `where` is the model or file.
Result<void> checked(const OnnxruntimeApi& api, OrtStatus* status, const std::string& where);

// The first failure of several calls; all their statuses are released.
Result<void> checked(const OnnxruntimeApi& api, std::initializer_list<OrtStatus*> statuses,
                     const std::string& where);

// Calls `make(&object)` and wraps what it made.
template <class T, class Make>
Result<OnnxruntimeHandle<T>> made(const OnnxruntimeApi& api, void (*release)(T*), const std::string& where,
                                  Make make) {
  T* object = nullptr;
  if (auto done = checked(api, make(&object), where); !done) return done.error();
  return OnnxruntimeHandle<T>{object, {release}};
}

}  // namespace layerwatt
