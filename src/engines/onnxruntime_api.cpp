// SPDX-License-Identifier: Apache-2.0
// From OrtErrorCode to our error codes.
#include "engines/onnxruntime_api.h"

namespace layerwatt {

namespace {

// OrtErrorCode of onnxruntime_c_api.h.
Errc code_of(int code) {
  switch (code) {
    case 3: return Errc::not_found;    // ORT_NO_SUCHFILE
    case 9: return Errc::unsupported;  // ORT_NOT_IMPLEMENTED
    case 1:                            // ORT_FAIL: a model it cannot make sense of, among others
    case 2:                            // ORT_INVALID_ARGUMENT
    case 4:                            // ORT_NO_MODEL
    case 7:                            // ORT_INVALID_PROTOBUF
    case 10: return Errc::malformed;   // ORT_INVALID_GRAPH
    default: return Errc::io;
  }
}

}  // namespace

Result<void> checked(const OnnxruntimeApi& api, OrtStatus* status, const std::string& where) {
  if (status == nullptr) return {};
  Error error{code_of(api.GetErrorCode(status)), where,
              std::string{"ONNX Runtime: "} + api.GetErrorMessage(status)};
  api.ReleaseStatus(status);
  return error;
}

Result<void> checked(const OnnxruntimeApi& api, std::initializer_list<OrtStatus*> statuses,
                     const std::string& where) {
  Result<void> first;
  for (OrtStatus* status : statuses)
    if (auto done = checked(api, status, where); !done && first) first = done;
  return first;
}

}  // namespace layerwatt
