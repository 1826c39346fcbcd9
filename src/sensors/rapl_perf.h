// SPDX-License-Identifier: Apache-2.0
// RAPL through Linux' perf events: the search, for a machine's files and any way to open counts.
#pragma once
#include "core/perf_count.h"
#include "sensors/sensor.h"

namespace layerwatt::rapl_perf {

Found probe(const Machine& machine, const OpenPerfCount& open);

}  // namespace layerwatt::rapl_perf
