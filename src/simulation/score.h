// SPDX-License-Identifier: Apache-2.0
// How good an attribution is, when the truth is known: errors over layers and whether intervals cover.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/units.h"

namespace layerwatt::simulation {

// One row of a result file: what an estimator says of one layer on one rail.
struct LayerEstimate {
  std::size_t rail = 0, layer = 0;
  Joules energy{};  // of one inference
  struct Interval {
    Joules low{}, high{};
  };
  std::optional<Interval> interval;  // 95 %
};

struct LayerTruth {
  std::size_t rail = 0, layer = 0;
  Joules energy{};
};

struct Score {
  std::size_t layers = 0;                  // with a truth above zero
  std::size_t missing = 0;                 // of them, without an estimate
  double median_error = 0, p95_error = 0;  // |estimate / truth - 1|, over layers
  double total_error = 0;                  // sum of estimates / sum of truths - 1, over layers with both
  std::size_t intervals = 0;
  double coverage = 0;           // share of intervals that hold the truth
  double median_half_width = 0;  // relative to the truth
};

Score score(std::span<const LayerEstimate> estimates, std::span<const LayerTruth> truths);

// CSV with the header "rail,layer,energy_j,low_j,high_j"; low and high empty where there is no interval.
// malformed: names the line.
Result<std::vector<LayerEstimate>> parse_estimates(std::string_view csv, const std::string& where);
std::string write_estimates(std::span<const LayerEstimate> estimates);

// The value below which the share `q` of the values lies, between neighbours interpolated; empty for nothing.
std::optional<double> quantile(std::vector<double> values, double q);

}  // namespace layerwatt::simulation
