// SPDX-License-Identifier: Apache-2.0
// The structs that a plug-in execution provider of ONNX Runtime fills in: function pointers after a version
// number. Members that layerwatt leaves empty are unnamed padding; `reserved` covers members that newer
// versions added (they look at the version first). Source: onnxruntime_ep_c_api.h of 1.25.
#pragma once
#include "engines/onnxruntime_abi.h"

extern "C" {

struct OrtEpProfilerImpl {
  std::uint32_t version;
  void (*Release)(OrtEpProfilerImpl*);
  OrtStatus* (*StartProfiling)(OrtEpProfilerImpl*, std::int64_t offset_ns);
  OrtStatus* (*StartEvent)(OrtEpProfilerImpl*, std::uint64_t correlation);
  OrtStatus* (*StopEvent)(OrtEpProfilerImpl*, std::uint64_t correlation, const OrtProfilingEvent*);
  OrtStatus* (*EndProfiling)(OrtEpProfilerImpl*, OrtProfilingEventsContainer*);
};

struct OrtEp {
  std::uint32_t version;
  const char* (*GetName)(const OrtEp*);
  OrtStatus* (*GetCapability)(OrtEp*, const OrtGraph*, OrtEpGraphSupportInfo*);
  void* compile_to_sync[13];  // Compile ... Sync: all optional for a provider that claims no node
  OrtStatus* (*CreateProfiler)(OrtEp*, OrtEpProfilerImpl**);
  void* reserved[16];
};

struct OrtEpFactory {
  std::uint32_t version;
  const char* (*GetName)(const OrtEpFactory*);
  const char* (*GetVendor)(const OrtEpFactory*);
  OrtStatus* (*GetSupportedDevices)(OrtEpFactory*, const OrtHardwareDevice* const*, std::size_t,
                                    OrtEpDevice**, std::size_t room, std::size_t* used);
  OrtStatus* (*CreateEp)(OrtEpFactory*, const OrtHardwareDevice* const*, const OrtKeyValuePairs* const*,
                         std::size_t, const OrtSessionOptions*, const OrtLogger*, OrtEp**);
  void (*ReleaseEp)(OrtEpFactory*, OrtEp*);
  std::uint32_t (*GetVendorId)(const OrtEpFactory*);
  const char* (*GetVersion)(const OrtEpFactory*);
  void* validate_compiled_model;
  OrtStatus* (*CreateAllocator)(OrtEpFactory*, const OrtMemoryInfo*, const OrtKeyValuePairs*, OrtAllocator**);
  void (*ReleaseAllocator)(OrtEpFactory*, OrtAllocator*);
  OrtStatus* (*CreateDataTransfer)(OrtEpFactory*, void**);
  bool (*IsStreamAware)(const OrtEpFactory*);
  void* create_sync_stream;
  void* reserved[24];
};

}  // extern "C"
