// SPDX-License-Identifier: Apache-2.0
// The few functions of NVIDIA's management library that layerwatt calls, declared by hand: the library is
// opened at run time, and no header of it is needed to build. Names, values and layouts as nvml.h documents
// them (docs.nvidia.com/deploy/nvml-api, NVML 12); they have been stable since the versions in the names.
#pragma once

namespace layerwatt::nvml {

using Device = struct OpaqueDevice*;

enum Return : int {
  success = 0,
  uninitialized = 1,
  not_supported = 3,
  no_permission = 4,
  not_found = 6,
  driver_not_loaded = 9,
  timeout = 10,
  gpu_is_lost = 15,
  reset_required = 16,
  library_version_mismatch = 18,
  in_use = 19,
};

enum Architecture : unsigned {
  kepler = 2,
  maxwell = 3,
  pascal = 4,
  volta = 5,
  turing = 6,
  ampere = 7,
  ada = 8,
  hopper = 9,
  blackwell = 10,
};

// nvmlValueType_t: which member of Number holds the value.
enum Type : int { is_double = 0, is_unsigned = 1, is_unsigned_long = 2, is_unsigned_long_long = 3 };

union Number {  // nvmlValue_t
  double of_double;
  unsigned of_unsigned;
  unsigned long of_unsigned_long;
  unsigned long long of_unsigned_long_long;
};

constexpr unsigned power_average = 185, power_instant = 186;  // NVML_FI_DEV_POWER_*, mW
constexpr unsigned scope_gpu = 0;                             // NVML_POWER_SCOPE_GPU

struct FieldValue {  // nvmlFieldValue_t
  unsigned field;
  unsigned scope;
  long long timestamp;
  long long latency;
  int type;
  int result;
  Number value;
};
static_assert(sizeof(FieldValue) == 40);

struct PciInfo {  // nvmlPciInfo_t, version 3
  char bus_id_legacy[16];
  unsigned domain, bus, device, pci_device, pci_subsystem;
  char bus_id[32];
};
static_assert(sizeof(PciInfo) == 68);

using Init = int();                                    // nvmlInit_v2
using Shutdown = int();                                // nvmlShutdown
using ErrorString = const char*(int);                  // nvmlErrorString
using SystemText = int(char*, unsigned);               // nvmlSystemGetDriverVersion
using Count = int(unsigned*);                          // nvmlDeviceGetCount_v2
using HandleByIndex = int(unsigned, Device*);          // nvmlDeviceGetHandleByIndex_v2
using DeviceText = int(Device, char*, unsigned);       // nvmlDeviceGetName
using GetPci = int(Device, PciInfo*);                  // nvmlDeviceGetPciInfo_v3
using GetArchitecture = int(Device, unsigned*);        // nvmlDeviceGetArchitecture
using GetComputeCapability = int(Device, int*, int*);  // nvmlDeviceGetCudaComputeCapability
using GetEnergy = int(Device, unsigned long long*);    // nvmlDeviceGetTotalEnergyConsumption, mJ
using GetPower = int(Device, unsigned*);               // nvmlDeviceGetPowerUsage, mW
using GetFieldValues = int(Device, int, FieldValue*);  // nvmlDeviceGetFieldValues

}  // namespace layerwatt::nvml
