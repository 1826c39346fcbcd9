// SPDX-License-Identifier: Apache-2.0
// Spans that run at the same time: which of them are parts of others (a module, its layers, their kernels),
// and which layers share each moment. Knows times only, never what anything cost.
#pragma once
#include "attribution/execution.h"

namespace layerwatt {

// Takes Execution::segments, clipped and as marked, and where some of them run at the same time gives each
// moment one owner, and fills spans, stretches, running and nestings. `marked` must be known already.
// `layers`: their names and modules tell parts where times alone do not.
void resolve_overlaps(const std::vector<Layer>& layers, Execution& execution);

}  // namespace layerwatt
