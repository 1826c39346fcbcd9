// SPDX-License-Identifier: Apache-2.0
// Graphics cards that give power or energy through hwmon: amdgpu, i915, xe, nouveau. Not taken by itself:
// what it reads says nothing of a network that runs on the CPU. Facts: hwmon_chips.h.
#include "sensors/hwmon_chips.h"

namespace layerwatt {

namespace {

Found probe(const Machine& machine, const Workload&) { return hwmon::probe(machine, hwmon::is_gpu); }

}  // namespace

extern const SensorDriver hwmon_gpu_driver;
const SensorDriver hwmon_gpu_driver{"hwmon_gpu", "graphics cards of AMD and Intel (Linux hwmon)",
                                    Origin::measured, probe};

}  // namespace layerwatt
