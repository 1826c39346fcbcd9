// SPDX-License-Identifier: Apache-2.0
// The part of ONNX Runtime's C ABI that layerwatt calls or implements: no more, and no header of theirs. The
// API is a table of function pointers that only ever grows, so a slot number names a function for good.
// Source: onnxruntime_c_api.h and onnxruntime_ep_c_api.h of 1.25; executed with 1.25.1 and 1.30.0.
#pragma once
#include <cstddef>
#include <cstdint>

extern "C" {

struct OrtStatus;  // nullptr = success
struct OrtEnv;
struct OrtSession;
struct OrtSessionOptions;
struct OrtRunOptions;
struct OrtValue;
struct OrtIoBinding;
struct OrtMemoryInfo;
struct OrtAllocator;
struct OrtTypeInfo;
struct OrtTensorTypeAndShapeInfo;
struct OrtKeyValuePairs;
struct OrtHardwareDevice;
struct OrtEpDevice;
struct OrtEpFactory;
struct OrtLogger;
struct OrtGraph;
struct OrtEpGraphSupportInfo;
struct OrtProfilingEvent;
struct OrtProfilingEventsContainer;

struct OrtApiBase {
  const void* (*GetApi)(std::uint32_t version);
  const char* (*GetVersionString)();
};

}  // extern "C"

namespace layerwatt {

// Plug-in execution providers with a profiler, and profiling of single runs, came with this version.
inline constexpr std::uint32_t onnxruntime_api_version = 25;

// X(slot, name, returns, (arguments)) of OrtApi.
// clang-format off
#define LAYERWATT_ONNXRUNTIME_API(X)                                                                           \
  X(1, GetErrorCode, int, (const OrtStatus*))                                                                  \
  X(2, GetErrorMessage, const char*, (const OrtStatus*))                                                       \
  X(3, CreateEnv, OrtStatus*, (int severity, const char* name, OrtEnv**))                                      \
  X(7, CreateSession, OrtStatus*, (const OrtEnv*, const char* path, const OrtSessionOptions*, OrtSession**))   \
  X(9, Run, OrtStatus*, (OrtSession*, const OrtRunOptions*, const char* const* input_names,                    \
                         const OrtValue* const* inputs, std::size_t, const char* const* output_names,          \
                         std::size_t, OrtValue** outputs))                                                     \
  X(10, CreateSessionOptions, OrtStatus*, (OrtSessionOptions**))                                               \
  X(11, SetOptimizedModelFilePath, OrtStatus*, (OrtSessionOptions*, const char* path))                         \
  X(23, SetSessionGraphOptimizationLevel, OrtStatus*, (OrtSessionOptions*, int level))                         \
  X(24, SetIntraOpNumThreads, OrtStatus*, (OrtSessionOptions*, int))                                           \
  X(25, SetInterOpNumThreads, OrtStatus*, (OrtSessionOptions*, int))                                           \
  X(30, SessionGetInputCount, OrtStatus*, (const OrtSession*, std::size_t*))                                   \
  X(31, SessionGetOutputCount, OrtStatus*, (const OrtSession*, std::size_t*))                                  \
  X(33, SessionGetInputTypeInfo, OrtStatus*, (const OrtSession*, std::size_t, OrtTypeInfo**))                  \
  X(34, SessionGetOutputTypeInfo, OrtStatus*, (const OrtSession*, std::size_t, OrtTypeInfo**))                 \
  X(36, SessionGetInputName, OrtStatus*, (const OrtSession*, std::size_t, OrtAllocator*, char**))              \
  X(37, SessionGetOutputName, OrtStatus*, (const OrtSession*, std::size_t, OrtAllocator*, char**))             \
  X(39, CreateRunOptions, OrtStatus*, (OrtRunOptions**))                                                       \
  X(49, CreateTensorWithDataAsOrtValue, OrtStatus*, (const OrtMemoryInfo*, void* data, std::size_t bytes,      \
                                                     const std::int64_t* shape, std::size_t, int type,         \
                                                     OrtValue**))                                              \
  X(55, CastTypeInfoToTensorInfo, OrtStatus*, (const OrtTypeInfo*, const OrtTensorTypeAndShapeInfo**))         \
  X(60, GetTensorElementType, OrtStatus*, (const OrtTensorTypeAndShapeInfo*, int*))                            \
  X(61, GetDimensionsCount, OrtStatus*, (const OrtTensorTypeAndShapeInfo*, std::size_t*))                      \
  X(62, GetDimensions, OrtStatus*, (const OrtTensorTypeAndShapeInfo*, std::int64_t*, std::size_t))             \
  X(63, GetSymbolicDimensions, OrtStatus*, (const OrtTensorTypeAndShapeInfo*, const char**, std::size_t))      \
  X(65, GetTensorTypeAndShape, OrtStatus*, (const OrtValue*, OrtTensorTypeAndShapeInfo**))                     \
  X(69, CreateCpuMemoryInfo, OrtStatus*, (int allocator, int memory, OrtMemoryInfo**))                         \
  X(76, AllocatorFree, OrtStatus*, (OrtAllocator*, void*))                                                     \
  X(78, GetAllocatorWithDefaultOptions, OrtStatus*, (OrtAllocator**))                                          \
  X(92, ReleaseEnv, void, (OrtEnv*))                                                                           \
  X(93, ReleaseStatus, void, (OrtStatus*))                                                                     \
  X(94, ReleaseMemoryInfo, void, (OrtMemoryInfo*))                                                             \
  X(95, ReleaseSession, void, (OrtSession*))                                                                   \
  X(96, ReleaseValue, void, (OrtValue*))                                                                       \
  X(97, ReleaseRunOptions, void, (OrtRunOptions*))                                                             \
  X(98, ReleaseTypeInfo, void, (OrtTypeInfo*))                                                                 \
  X(99, ReleaseTensorTypeAndShapeInfo, void, (OrtTensorTypeAndShapeInfo*))                                     \
  X(100, ReleaseSessionOptions, void, (OrtSessionOptions*))                                                    \
  X(130, AddSessionConfigEntry, OrtStatus*, (OrtSessionOptions*, const char* key, const char* value))          \
  X(133, RunWithBinding, OrtStatus*, (OrtSession*, const OrtRunOptions*, const OrtIoBinding*))                 \
  X(134, CreateIoBinding, OrtStatus*, (OrtSession*, OrtIoBinding**))                                           \
  X(135, ReleaseIoBinding, void, (OrtIoBinding*))                                                              \
  X(136, BindInput, OrtStatus*, (OrtIoBinding*, const char* name, const OrtValue*))                            \
  X(137, BindOutput, OrtStatus*, (OrtIoBinding*, const char* name, const OrtValue*))                           \
  X(301, RegisterExecutionProviderLibrary, OrtStatus*, (OrtEnv*, const char* name, const char* path))          \
  X(302, UnregisterExecutionProviderLibrary, OrtStatus*, (OrtEnv*, const char* name))                          \
  X(303, GetEpDevices, OrtStatus*, (const OrtEnv*, const OrtEpDevice* const**, std::size_t*))                  \
  X(304, SessionOptionsAppendExecutionProvider_V2, OrtStatus*, (OrtSessionOptions*, OrtEnv*,                   \
                                                                const OrtEpDevice* const*, std::size_t,        \
                                                                const char* const* keys,                       \
                                                                const char* const* values, std::size_t))       \
  X(307, HardwareDevice_Type, int, (const OrtHardwareDevice*))                                                 \
  X(312, EpDevice_EpName, const char*, (const OrtEpDevice*))                                                   \
  X(317, GetEpApi, const void*, ())                                                                            \
  X(415, RunOptionsEnableProfiling, OrtStatus*, (OrtRunOptions*, const char* prefix))

// The same of OrtEpApi, which GetEpApi returns.
#define LAYERWATT_ONNXRUNTIME_EP_API(X)                                                                        \
  X(0, CreateEpDevice, OrtStatus*, (OrtEpFactory*, const OrtHardwareDevice*,                            \
                                    const OrtKeyValuePairs* metadata, const OrtKeyValuePairs* options,         \
                                    OrtEpDevice**))                                                            \
  X(67, ProfilingEvent_GetCategory, OrtStatus*, (const OrtProfilingEvent*, int*))                              \
  X(68, ProfilingEvent_GetName, OrtStatus*, (const OrtProfilingEvent*, const char**))                          \
  X(71, ProfilingEvent_GetArgValue, OrtStatus*, (const OrtProfilingEvent*, const char* key, const char**))
// clang-format on

#define LAYERWATT_DECLARE(slot, name, returns, arguments) returns(*name) arguments = nullptr;
#define LAYERWATT_TAKE(slot, name, returns, arguments) \
  result.name = reinterpret_cast<decltype(result.name)>(slots[slot]);

// OrtApi and OrtEpApi as structs of the functions above, filled from the tables of the library.
struct OnnxruntimeApi {
  LAYERWATT_ONNXRUNTIME_API(LAYERWATT_DECLARE)
  static OnnxruntimeApi from(const void* table) {
    const auto* slots = static_cast<void* const*>(table);
    OnnxruntimeApi result;
    LAYERWATT_ONNXRUNTIME_API(LAYERWATT_TAKE)
    return result;
  }
};

struct OnnxruntimeEpApi {
  LAYERWATT_ONNXRUNTIME_EP_API(LAYERWATT_DECLARE)
  static OnnxruntimeEpApi from(const void* table) {
    const auto* slots = static_cast<void* const*>(table);
    OnnxruntimeEpApi result;
    LAYERWATT_ONNXRUNTIME_EP_API(LAYERWATT_TAKE)
    return result;
  }
};

#undef LAYERWATT_DECLARE
#undef LAYERWATT_TAKE

// Values of their enumerations.
inline constexpr int onnxruntime_log_fatal = 4;         // ORT_LOGGING_LEVEL_FATAL
inline constexpr int onnxruntime_device_allocator = 0;  // OrtDeviceAllocator
inline constexpr int onnxruntime_default_memory = 0;    // OrtMemTypeDefault
inline constexpr int onnxruntime_cpu_device = 0;        // OrtHardwareDeviceType_CPU
inline constexpr int onnxruntime_node_event = 1;        // OrtProfilingEventCategory_NODE

}  // namespace layerwatt
