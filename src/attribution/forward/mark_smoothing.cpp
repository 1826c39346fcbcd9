// SPDX-License-Identifier: Apache-2.0
// Rauch-Tung-Striebel smoothing of boundaries; see mark_smoothing.h and docs/forward.md.
#include "attribution/forward/mark_smoothing.h"

#include <algorithm>
#include <cmath>

#include "attribution/forward/robust.h"

namespace layerwatt::forward {

namespace {

constexpr std::size_t fewest_inferences = 8;
constexpr double gate = 5;             // standard deviations beyond which a mark is believed
constexpr double free_variance = 1e6;  // us^2: "anything"

// Deviation of each duration from what its layer takes at the inference's speed, [inference][layer].
std::vector<double> deviations(const Boundaries& marks, const MarkNoise& noise) {
  std::vector<double> left(marks.inferences() * marks.layers);
  for (std::size_t r = 0; r < marks.inferences(); ++r) {
    const auto moments = marks.of(r);
    for (std::size_t l = 0; l < marks.layers; ++l)
      left[r * marks.layers + l] = moments[l + 1] - moments[l] - noise.duration_us[l] * noise.speed[r];
  }
  return left;
}

// Returns the sum over boundaries of the variance that is left.
double smooth_one(std::span<double> moments, const MarkNoise& noise, std::size_t inference,
                  std::span<const double> deviation) {
  const std::size_t layers = deviation.size();
  const double v = noise.mark_variance, speed = noise.speed[inference];
  std::vector<double> mean(moments.begin(), moments.end()), variance(layers + 1, v);
  std::vector<double> predicted(mean), predicted_variance(layers + 1, v);
  for (std::size_t l = 0; l < layers; ++l) {
    const bool wild = std::abs(deviation[l]) > gate * std::sqrt(noise.layer_variance[l] + 2 * v);
    predicted[l + 1] = mean[l] + noise.duration_us[l] * speed;
    predicted_variance[l + 1] = variance[l] + (wild ? free_variance : noise.layer_variance[l]);
    const double gain = predicted_variance[l + 1] / (predicted_variance[l + 1] + v);
    mean[l + 1] = predicted[l + 1] + gain * (moments[l + 1] - predicted[l + 1]);
    variance[l + 1] = (1 - gain) * predicted_variance[l + 1];
  }
  double left = variance[layers];
  for (std::size_t l = layers; l-- > 0;) {
    const double gain = variance[l] / predicted_variance[l + 1];
    mean[l] += gain * (mean[l + 1] - predicted[l + 1]);
    variance[l] += gain * gain * (variance[l + 1] - predicted_variance[l + 1]);
    left += variance[l];
  }
  double latest = mean.front();
  for (std::size_t l = 0; l <= layers; ++l) moments[l] = latest = std::max(latest, mean[l]);
  return left;
}

}  // namespace

MarkNoise estimate_mark_noise(const Boundaries& marks) {
  const std::size_t n = marks.inferences(), layers = marks.layers;
  MarkNoise noise;
  std::vector<double> length(n), column(n);
  for (std::size_t r = 0; r < n; ++r) length[r] = marks.of(r)[layers] - marks.of(r)[0];
  const double usual = median(length);
  noise.speed.assign(n, 1);
  if (usual > 0)
    for (std::size_t r = 0; r < n; ++r) noise.speed[r] = std::max(length[r] / usual, 1e-3);
  noise.duration_us.resize(layers);
  for (std::size_t l = 0; l < layers; ++l) {
    for (std::size_t r = 0; r < n; ++r) column[r] = (marks.of(r)[l + 1] - marks.of(r)[l]) / noise.speed[r];
    noise.duration_us[l] = median(column);
  }
  noise.layer_variance.assign(layers, 1e-4);
  if (n < fewest_inferences || layers < 2) return noise;

  std::vector<double> left = deviations(marks, noise);
  for (std::size_t l = 0; l < layers; ++l) {
    for (std::size_t r = 0; r < n; ++r) column[r] = std::abs(left[r * layers + l]);
    const double limit = 4 * 1.4826 * median(column) + 1e-9;
    for (std::size_t r = 0; r < n; ++r) {
      double& one = left[r * layers + l];
      one = std::clamp(one, -limit, limit);
    }
  }
  const auto count = static_cast<double>(n);
  std::vector<double> covariance(layers - 1);
  for (std::size_t l = 0; l + 1 < layers; ++l)
    for (std::size_t r = 0; r < n; ++r)
      covariance[l] += left[r * layers + l] * left[r * layers + l + 1] / count;
  noise.mark_variance = std::max(-median(covariance), 0.0);
  for (std::size_t l = 0; l < layers; ++l) {
    double sum = 0, squares = 0;
    for (std::size_t r = 0; r < n; ++r) {
      sum += left[r * layers + l];
      squares += left[r * layers + l] * left[r * layers + l];
    }
    const double variance = squares / count - (sum / count) * (sum / count);
    noise.layer_variance[l] = std::max(variance - 2 * noise.mark_variance, 0.02 * noise.mark_variance + 1e-4);
  }
  return noise;
}

Boundaries smooth_marks(const Boundaries& marks) {
  const MarkNoise noise = estimate_mark_noise(marks);
  if (noise.mark_variance <= 1e-6) return marks;
  Boundaries smooth = marks;
  const std::vector<double> left = deviations(marks, noise);
  double latest = smooth.moment_us.front(), variance = 0;
  for (std::size_t r = 0; r < marks.inferences(); ++r) {
    const std::span<double> moments =
        std::span{smooth.moment_us}.subspan(r * (marks.layers + 1), marks.layers + 1);
    variance += smooth_one(moments, noise, r, std::span{left}.subspan(r * marks.layers, marks.layers));
    for (double& moment : moments) moment = latest = std::max(latest, moment);
  }
  smooth.deviation_us = std::sqrt(variance / static_cast<double>(smooth.moment_us.size()));
  return smooth;
}

std::vector<bool> disturbed_inferences(const Boundaries& marks) {
  const MarkNoise noise = estimate_mark_noise(marks);
  const std::vector<double> left = deviations(marks, noise);
  std::vector<bool> disturbed(marks.inferences(), false);
  for (std::size_t r = 0; r < marks.inferences(); ++r)
    for (std::size_t l = 0; l < marks.layers; ++l) {
      const double spread = std::sqrt(noise.layer_variance[l] + 2 * noise.mark_variance);
      const double limit = std::max(disturbed_at * spread, disturbed_least_us);
      if (std::abs(left[r * marks.layers + l]) > limit) disturbed[r] = true;
    }
  return disturbed;
}

}  // namespace layerwatt::forward
