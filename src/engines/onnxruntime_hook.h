/* SPDX-License-Identifier: Apache-2.0
 * What the plug-in liblayerwatt-ort-hook.so and the engine say to each other. ONNX Runtime loads the plug-in
 * as an execution provider; the engine opens the same file, gets the same copy of it, and attaches itself. */
#pragma once

struct OrtProfilingEvent;

extern "C" {

/* Called on the computing thread around every event of a profiled run: nodes, and the runs they nest in. */
struct LayerwattHookListener {
  void* context;
  void (*begin)(void* context);
  void (*end)(void* context, const OrtProfilingEvent* event);
};

/* What an event was, in ONNX Runtime's words; valid during LayerwattHookListener::end. */
struct LayerwattHookEvent {
  bool is_node;
  const char* name;      /* "conv1_kernel_time"; never null */
  const char* operation; /* "Conv"; empty for what is no node */
};

/* One engine of a process at a time: false when another one has the plug-in. */
bool layerwatt_hook_take(void);
void layerwatt_hook_give_back(void);
/* Sends the events of this thread to `listener`, or to nobody: nullptr. */
void layerwatt_hook_listen(const LayerwattHookListener* listener);
LayerwattHookEvent layerwatt_hook_describe(const OrtProfilingEvent* event);
/* How often ONNX Runtime has called into the plug-in's profiler: tests show that it stands still in an
 * unmarked run. */
unsigned long layerwatt_hook_calls(void);
}

namespace layerwatt {

// Of the execution provider, as ONNX Runtime lists it.
inline constexpr const char* hook_name = "LayerwattHook";
inline constexpr const char* hook_file = "liblayerwatt-ort-hook.so";

}  // namespace layerwatt
