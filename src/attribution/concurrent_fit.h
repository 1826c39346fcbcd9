// SPDX-License-Identifier: Apache-2.0
// The estimate of one rail where layers ran at the same time: how much they draw together is found out with
// the powers, and every moment's energy is divided between those that ran in it.
#pragma once
#include <optional>
#include <span>

#include "attribution/forward/estimate.h"
#include "attribution/forward_problem.h"

namespace layerwatt {

struct ConcurrentFit {
  // Power and covariance of layers are those of their shares of time, so that power x share is energy and
  // energies add up.
  forward::RailEstimate estimate;
  double activity = 0;  // as with_activity() has it; 0 is assumed, not found, where there were no pauses
  std::optional<double> activity_deviation;  // empty: assumed
};

// About the activity, to fit the window with. Empty when nothing tells: there were no pauses, or too few
// readings.
std::optional<double> rough_activity(const ForwardProblem& problem, const forward::Series& series,
                                     const forward::Window& window, const forward::EstimateOptions& options);

// `excess`: of each layer column, as LayerTime has it. `rough`: the activity to start from; empty: 0 is
// assumed. Empty when there are too few readings.
std::optional<ConcurrentFit> fit_concurrent(const ForwardProblem& problem, std::span<const double> excess,
                                            const forward::Series& series, const forward::Window& window,
                                            const forward::EstimateOptions& options,
                                            std::optional<double> rough);

}  // namespace layerwatt
