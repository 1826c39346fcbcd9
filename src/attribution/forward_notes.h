// SPDX-License-Identifier: Apache-2.0
// What a reader must know of an unmixed rail, as sentences.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "attribution/layer_powers.h"
#include "core/vocabulary.h"

namespace layerwatt {

// Precondition: powers.fit is there.
std::vector<std::string> forward_notes(const std::string& rail, const LayerPowers& powers,
                                       std::span<const Layer> layers);

}  // namespace layerwatt
