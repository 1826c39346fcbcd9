// SPDX-License-Identifier: Apache-2.0
// layerwatt's own way to find the power of a layer: every reading is a known mixture of what ran in its
// window, and the mixtures are unmixed together. forward/ has the parts; docs/attribution.md derives them.
#pragma once
#include <memory>

#include "attribution/profile.h"
#include "attribution/rail_profile.h"

namespace layerwatt {

FindPowers forward_method(const RunView& run, const AttributionOptions& options);

}  // namespace layerwatt
