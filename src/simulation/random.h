// SPDX-License-Identifier: Apache-2.0
// Random numbers that depend on nothing but a seed and the name of a stream: the same on every compiler and
// standard library, and one part's draws never shift another's.
#pragma once
#include <cstdint>
#include <string_view>

#include "simulation/portable_math.h"

namespace layerwatt::simulation {

// The same on every machine, unlike std::hash. FNV-1a, then mixed.
std::uint64_t portable_hash(std::string_view text);

// SplitMix64 (Steele, Lea, Flood 2014): the n-th number is a mixed count, so streams have no warm-up.
class Random {
 public:
  Random(std::uint64_t seed, std::string_view stream);

  std::uint64_t bits() { return mixed(state_ += 0x9e3779b97f4a7c15U); }
  // In (0, 1), never its ends.
  double uniform() { return (static_cast<double>(bits() >> 12) + 0.5) * 0x1p-52; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  double normal() { return normal_quantile(uniform()); }
  double exponential() { return -portable_log(uniform()); }            // of mean 1
  std::uint64_t below(std::uint64_t limit) { return bits() % limit; }  // limit << 2^64: bias negligible

  static std::uint64_t mixed(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
  }

 private:
  std::uint64_t state_;
};

}  // namespace layerwatt::simulation
