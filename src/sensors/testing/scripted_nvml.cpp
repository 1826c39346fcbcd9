// SPDX-License-Identifier: Apache-2.0
// For tests: a libnvidia-ml.so.1 that answers as its script says. It stands where NVIDIA's driver would, at
// the outermost edge: everything of layerwatt is real.
#include <cstdio>

#include "sensors/testing/nvml_script.h"

using layerwatt::nvml::Device;
using layerwatt::testing::NvmlScript;

namespace {

NvmlScript script;

NvmlScript::Gpu* gpu(Device device) { return reinterpret_cast<NvmlScript::Gpu*>(device); }

int write(char* to, unsigned size, const char* text) {
  std::snprintf(to, size, "%s", text);
  return 0;
}

}  // namespace

extern "C" {

NvmlScript* nvml_script() { return &script; }

int nvmlInit_v2() {
  if (script.init_result == 0) ++script.started;
  return script.init_result;
}
int nvmlShutdown() {
  --script.started;
  return 0;
}
const char* nvmlErrorString(int result) {
  switch (result) {
    case layerwatt::nvml::not_supported: return "Not Supported";
    case layerwatt::nvml::gpu_is_lost: return "GPU is lost";
    default: return "Scripted error";
  }
}
int nvmlSystemGetDriverVersion(char* text, unsigned size) { return write(text, size, "550.54.15"); }
int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = script.count;
  return script.count_result;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, Device* device) {
  if (index >= script.gpus.size()) return layerwatt::nvml::gpu_is_lost;
  *device = reinterpret_cast<Device>(&script.gpus[index]);
  return 0;
}
int nvmlDeviceGetName(Device device, char* text, unsigned size) {
  return write(text, size, gpu(device)->name);
}
int nvmlDeviceGetPciInfo_v3(Device device, layerwatt::nvml::PciInfo* info) {
  return write(info->bus_id, sizeof info->bus_id, gpu(device)->bus_id);
}
int nvmlDeviceGetArchitecture(Device device, unsigned* architecture) {
  *architecture = gpu(device)->architecture;
  return 0;
}
int nvmlDeviceGetCudaComputeCapability(Device device, int* major, int* minor) {
  *major = gpu(device)->major;
  *minor = gpu(device)->minor;
  return 0;
}
int nvmlDeviceGetTotalEnergyConsumption(Device device, unsigned long long* millijoules) {
  *millijoules = gpu(device)->millijoules;
  return gpu(device)->energy_result;
}
int nvmlDeviceGetPowerUsage(Device device, unsigned* milliwatts) {
  *milliwatts = gpu(device)->usage;
  return gpu(device)->usage_result;
}
int nvmlDeviceGetFieldValues(Device device, int count, layerwatt::nvml::FieldValue* values) {
  for (int i = 0; i < count; ++i) {
    const bool instant = values[i].field == layerwatt::nvml::power_instant;
    values[i].result = instant ? gpu(device)->instant_result : gpu(device)->average_result;
    values[i].type = instant ? gpu(device)->instant_type : int{layerwatt::nvml::is_unsigned};
    values[i].value = instant ? gpu(device)->instant : gpu(device)->average;
  }
  return gpu(device)->field_result;
}

}  // extern "C"
