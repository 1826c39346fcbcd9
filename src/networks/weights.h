// SPDX-License-Identifier: Apache-2.0
// Random weights that are the same on every machine: the generator and its use are defined to the last bit,
// which std::normal_distribution is not.
#pragma once
#include <cstdint>
#include <random>
#include <string>

namespace layerwatt {

class RandomWeights {
 public:
  explicit RandomWeights(std::uint64_t seed) : generator_{seed} {}
  // Little-endian float32 with mean 0 and the given standard deviation.
  std::string normal(std::int64_t count, double deviation);

 private:
  double standard_normal();
  std::mt19937_64 generator_;
};

// He et al. 2015, https://arxiv.org/abs/1502.01852: the deviation that keeps the variance of activations
// through a layer of `inputs` inputs an output, followed by a ReLU; without one, half the variance does.
double he_deviation(std::int64_t inputs, bool before_relu);

}  // namespace layerwatt
