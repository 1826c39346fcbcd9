// SPDX-License-Identifier: Apache-2.0
// True layer powers to try: none is known, so the range of what could be.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "reanalysis/experiment.h"
#include "reanalysis/networks.h"

namespace layerwatt::reanalysis {

struct Case {
  std::string name;
  std::vector<Watts> powers;  // one a layer; their mean in time is the same in all cases
};

inline constexpr const char* random_case = "random, 1.5 W";
inline constexpr const char* slowest_case = "first half 4 W above the second";

// `mean`: of the layers, in time. `lowest`: no layer draws less.
std::vector<Case> cases(const std::vector<NetworkLayer>& network, Watts mean, Watts lowest);

// Independent from layer to layer, another for each `draw`.
Case random_draw(const std::vector<NetworkLayer>& network, Watts mean, Watts lowest, Watts deviation,
                 std::uint64_t draw);

// Over layers.
struct Spread {
  double deviation = 0, low = 0, high = 0;
};
Spread spread_of(const std::vector<double>& values);
double correlation(const std::vector<double>& a, const std::vector<double>& b);

std::vector<double> truths(const Observation& seen);  // in watts
std::vector<double> apparent(const Observation& seen);
double median_energy_error(const Observation& seen);  // relative

}  // namespace layerwatt::reanalysis
