// SPDX-License-Identifier: Apache-2.0
// Where the time of the mean inference goes: loading, layers, gaps between them, unloading; as it ran with
// marks on, and rescaled to the latency without. The rule: docs/attribution.md, "Rescaling".
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "attribution/execution.h"
#include "attribution/profile.h"

namespace layerwatt {

struct InferenceTimes {
  Nanoseconds load{}, unload{};
  Nanoseconds gap{};                // compute - sum of layers
  std::vector<Nanoseconds> layers;  // one for each layer of the timeline; zero when it never ran
  [[nodiscard]] Nanoseconds between() const { return load + gap + unload; }  // all that is not a layer
  [[nodiscard]] Nanoseconds whole() const;
};

// To whom a moment belongs in which several layers run.
enum class Moments {
  owned,  // to the layer begun last
  shared  // to all of them, in equal parts
};

// Means of the marked inferences of the energy pass; of all of them when none was marked. `runs`: of
// execution.runs() by layer, where they are known, so that most runs need not be added up again.
InferenceTimes marked_times(const Execution& execution, std::size_t layers, Moments moments = Moments::owned,
                            std::span<const Distribution> runs = {});

// The same at the mean latency of the latency pass: marks made the gaps longer, so gaps give the difference
// back first; layers shrink only when that is not enough, and grow, with the gaps, when the marked pass was
// the faster one.
InferenceTimes unmarked_times(const InferenceTimes& marked, const std::vector<Inference>& latency);

}  // namespace layerwatt
