// SPDX-License-Identifier: Apache-2.0
// Takes the random error out of layer marks. A mark's error moves energy between two neighbours, which shows
// as negative covariance of their durations; a smoother over the boundaries of each inference uses that.
#pragma once
#include <span>
#include <vector>

namespace layerwatt::forward {

// Boundaries of `inferences` inferences, each with `layers` + 1 ascending moments, one inference after
// another.
struct Boundaries {
  std::size_t layers = 0;
  std::vector<double> moment_us;
  double deviation_us = 0;  // of the moments' random errors, standard; of smoothed marks
  [[nodiscard]] std::size_t inferences() const { return moment_us.size() / (layers + 1); }
  [[nodiscard]] std::span<const double> of(std::size_t inference) const {
    return std::span{moment_us}.subspan(inference * (layers + 1), layers + 1);
  }
};

struct MarkNoise {
  double mark_variance = 0;            // of one boundary, us^2
  std::vector<double> layer_variance;  // of each layer's own duration, us^2
  std::vector<double> duration_us;     // of each layer at common speed 1
  std::vector<double> speed;           // of each inference: its length / the median length
};

// Needs at least 8 inferences; fewer give zero mark variance.
MarkNoise estimate_mark_noise(const Boundaries& marks);

// The same boundaries, ascending, with less random error. Durations that differ from the rest by more than
// 5 standard deviations are believed as marked.
Boundaries smooth_marks(const Boundaries& marks);

// How far from usual a layer's duration is to disturb its inference: so many standard deviations, and at
// least.
inline constexpr double disturbed_at = 6, disturbed_least_us = 30;

// True for inferences in which a layer took far longer or shorter than usual: preempted, throttled.
std::vector<bool> disturbed_inferences(const Boundaries& marks);

}  // namespace layerwatt::forward
