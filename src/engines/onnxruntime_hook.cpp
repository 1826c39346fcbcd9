// SPDX-License-Identifier: Apache-2.0
// A plug-in execution provider for ONNX Runtime that claims no node and so changes nothing in how a network
// is computed, but has a profiler: ONNX Runtime calls that one live, before and after every node of every
// provider, as long as a run is profiled. A shared library of its own: liblayerwatt-ort-hook.so.
#include "engines/onnxruntime_hook.h"

#include <atomic>

#include "engines/onnxruntime_plugin_abi.h"

namespace {

using layerwatt::onnxruntime_api_version;

// State of the process, because the C entry points that ONNX Runtime calls carry none of ours.
layerwatt::OnnxruntimeApi api;
layerwatt::OnnxruntimeEpApi ep_api;
std::atomic<bool> taken{false};
// A run calls the profiler on the thread that it computes on: inferences in flight do not meet.
thread_local const LayerwattHookListener* listener_here = nullptr;
std::atomic<unsigned long> calls{0};

void count_call() { calls.fetch_add(1, std::memory_order_relaxed); }

// ---- Profiler: one for all runs, since it holds nothing; so a profiled run allocates nothing of ours -----

void release_profiler(OrtEpProfilerImpl*) { count_call(); }

OrtStatus* start_profiling(OrtEpProfilerImpl*, std::int64_t) {
  count_call();
  return nullptr;
}

OrtStatus* start_event(OrtEpProfilerImpl*, std::uint64_t) {
  count_call();
  if (const auto* listener = listener_here) listener->begin(listener->context);
  return nullptr;
}

OrtStatus* stop_event(OrtEpProfilerImpl*, std::uint64_t, const OrtProfilingEvent* event) {
  count_call();
  if (const auto* listener = listener_here) listener->end(listener->context, event);
  return nullptr;
}

OrtStatus* end_profiling(OrtEpProfilerImpl*, OrtProfilingEventsContainer*) {
  count_call();
  return nullptr;
}

OrtEpProfilerImpl profiler{
    onnxruntime_api_version, release_profiler, start_profiling, start_event, stop_event, end_profiling};

// ---- Provider --------------------------------------------------------------------------------------------

const char* provider_name(const OrtEp*) { return layerwatt::hook_name; }

OrtStatus* claim_nothing(OrtEp*, const OrtGraph*, OrtEpGraphSupportInfo*) { return nullptr; }

OrtStatus* create_profiler(OrtEp*, OrtEpProfilerImpl** out) {
  count_call();
  *out = &profiler;
  return nullptr;
}

OrtEp provider{onnxruntime_api_version, provider_name, claim_nothing, {}, create_profiler, {}};

// ---- Factory: the entries a CPU provider has no use for must exist all the same, ONNX Runtime calls them
// ---

const char* factory_name(const OrtEpFactory*) { return layerwatt::hook_name; }
const char* factory_vendor(const OrtEpFactory*) { return "layerwatt"; }
std::uint32_t factory_vendor_id(const OrtEpFactory*) { return 0; }
const char* factory_version(const OrtEpFactory*) { return "1.0.0"; }

OrtStatus* supported_devices(OrtEpFactory* factory, const OrtHardwareDevice* const* devices,
                             std::size_t count, OrtEpDevice** out, std::size_t room, std::size_t* used) {
  *used = 0;
  for (std::size_t i = 0; i < count && *used < room; ++i) {
    if (api.HardwareDevice_Type(devices[i]) != layerwatt::onnxruntime_cpu_device) continue;
    OrtStatus* failure = ep_api.CreateEpDevice(factory, devices[i], nullptr, nullptr, &out[*used]);
    if (failure != nullptr) return failure;
    ++*used;
  }
  return nullptr;
}

OrtStatus* create_provider(OrtEpFactory*, const OrtHardwareDevice* const*, const OrtKeyValuePairs* const*,
                           std::size_t, const OrtSessionOptions*, const OrtLogger*, OrtEp** out) {
  *out = &provider;
  return nullptr;
}

void release_provider(OrtEpFactory*, OrtEp*) {}

OrtStatus* no_allocator(OrtEpFactory*, const OrtMemoryInfo*, const OrtKeyValuePairs*, OrtAllocator** out) {
  *out = nullptr;
  return nullptr;
}

void release_no_allocator(OrtEpFactory*, OrtAllocator*) {}

OrtStatus* no_data_transfer(OrtEpFactory*, void** out) {
  *out = nullptr;
  return nullptr;
}

bool not_stream_aware(const OrtEpFactory*) { return false; }

OrtEpFactory factory{
    onnxruntime_api_version, factory_name,      factory_vendor,   supported_devices, create_provider,
    release_provider,        factory_vendor_id, factory_version,  nullptr,           no_allocator,
    release_no_allocator,    no_data_transfer,  not_stream_aware, nullptr,           {}};

// A text of an event, "" when it has none.
template <class Get>
const char* text(Get get) {
  const char* found = nullptr;
  if (OrtStatus* failure = get(&found)) api.ReleaseStatus(failure);
  return found != nullptr ? found : "";
}

}  // namespace

extern "C" {

// ---- What ONNX Runtime looks for --------------------------------------------------------------------------

OrtStatus* CreateEpFactories(const char*, const OrtApiBase* base, const OrtLogger*, OrtEpFactory** out,
                             std::size_t room, std::size_t* count) {
  *count = 0;
  const void* table = base->GetApi(onnxruntime_api_version);
  if (table == nullptr || room == 0) return nullptr;
  api = layerwatt::OnnxruntimeApi::from(table);
  ep_api = layerwatt::OnnxruntimeEpApi::from(api.GetEpApi());
  out[0] = &factory;
  *count = 1;
  return nullptr;
}

OrtStatus* ReleaseEpFactory(OrtEpFactory*) { return nullptr; }

// ---- What the engine calls --------------------------------------------------------------------------------

bool layerwatt_hook_take() { return !taken.exchange(true); }

void layerwatt_hook_give_back() { taken.store(false); }

void layerwatt_hook_listen(const LayerwattHookListener* listener) { listener_here = listener; }

LayerwattHookEvent layerwatt_hook_describe(const OrtProfilingEvent* event) {
  int category = -1;
  if (OrtStatus* failure = ep_api.ProfilingEvent_GetCategory(event, &category)) api.ReleaseStatus(failure);
  const auto name = [&](const char** out) { return ep_api.ProfilingEvent_GetName(event, out); };
  const auto operation = [&](const char** out) {
    return ep_api.ProfilingEvent_GetArgValue(event, "op_name", out);
  };
  return {category == layerwatt::onnxruntime_node_event, text(name), text(operation)};
}

unsigned long layerwatt_hook_calls() { return calls.load(std::memory_order_relaxed); }
}
