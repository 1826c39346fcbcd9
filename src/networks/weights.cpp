// SPDX-License-Identifier: Apache-2.0
// See weights.h.
#include "networks/weights.h"

#include <cmath>
#include <cstring>

namespace layerwatt {

// The sum of twelve uniform numbers, less its mean, has variance one and is close to normal (it ends at six
// deviations). Only integers are added, so nothing depends on a mathematical library. A 16-bit number has
// variance (2^32 - 1) / 12, so the sum of twelve has a deviation of 2^16, to one part in 2^33.
double RandomWeights::standard_normal() {
  std::int64_t sum = 0;
  for (int draw = 0; draw < 3; ++draw) {
    const std::uint64_t bits = generator_();
    for (int part = 0; part < 4; ++part) sum += static_cast<std::int64_t>((bits >> (16 * part)) & 0xffff);
  }
  constexpr std::int64_t mean = 12 * 65535 / 2;
  return static_cast<double>(sum - mean) / 65536.0;
}

std::string RandomWeights::normal(std::int64_t count, double deviation) {
  std::string bytes(static_cast<std::size_t>(count) * sizeof(float), '\0');
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(float)) {
    const auto value = static_cast<float>(standard_normal() * deviation);
    std::memcpy(bytes.data() + at, &value, sizeof value);
  }
  return bytes;
}

double he_deviation(std::int64_t inputs, bool before_relu) {
  return std::sqrt((before_relu ? 2.0 : 1.0) / static_cast<double>(inputs));
}

}  // namespace layerwatt
