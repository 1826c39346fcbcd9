// SPDX-License-Identifier: Apache-2.0
// For tests: what the scripted libnvidia-ml.so.1 of scripted_nvml.cpp answers. A test opens that library by
// its path, finds this through nvml_script(), and writes what it wants.
#pragma once
#include <array>

#include "sensors/nvml_abi.h"

namespace layerwatt::testing {

struct NvmlScript {
  struct Gpu {
    const char* name = "NVIDIA H200";
    const char* bus_id = "00000000:65:00.0";
    unsigned architecture = nvml::hopper;
    int major = 9, minor = 0;
    int energy_result = 0, field_result = 0, instant_result = 0, average_result = 0, usage_result = 0;
    unsigned long long millijoules = 4'310'000;
    nvml::Number instant{}, average{};
    int instant_type = nvml::is_unsigned;
    unsigned usage = 100'000;
  };
  int init_result = 0, count_result = 0;
  unsigned count = 1;
  std::array<Gpu, 2> gpus{};
  int started = 0;  // nvmlInit_v2 less nvmlShutdown
};

}  // namespace layerwatt::testing
