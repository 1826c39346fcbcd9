// SPDX-License-Identifier: Apache-2.0
// layerwatt's own way to find the power of a layer: every reading is a known mixture of what ran in its
// window, and the mixtures are unmixed together. forward/ has the parts; docs/forward.md derives them.
#pragma once
#include <functional>
#include <optional>

#include "attribution/profile.h"
#include "attribution/rail_profile.h"

namespace layerwatt {

FindPowers forward_method(const RunView& run, const AttributionOptions& options);

// Age of the middle of the sensor's window at a reading's stamp, us, as the unmixing finds it. Empty when
// there is nothing to fit it to. `run` must outlive what is returned; rails of one sensor share one search.
using FindLag = std::function<std::optional<double>(const RailRecord& rail)>;
FindLag fitted_lags_us(const RunView& run);

}  // namespace layerwatt
