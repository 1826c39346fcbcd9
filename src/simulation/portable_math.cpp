// SPDX-License-Identifier: Apache-2.0
// Range reduction and short series. This folder is compiled without contraction to fused multiply-adds, which
// would change the last bit from one processor to the next.
#include "simulation/portable_math.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace layerwatt::simulation {

namespace {

constexpr double ln2_high = 0x1.62e42feep-1;  // the first 32 bits: k * ln2_high is exact for |k| < 2^20
constexpr double ln2_low = 0x1.a39ef35793c76p-33;
constexpr int exp_steps = 32;

// 2^(i/32), from square roots alone.
std::array<double, exp_steps> powers_of_two() {
  std::array<double, exp_steps> powers{};
  for (int i = 0; i < exp_steps; ++i) {
    double power = 1, root = 2;
    for (int bit = exp_steps / 2; bit > 0; bit /= 2) {
      root = std::sqrt(root);
      if ((i & bit) != 0) power *= root;
    }
    powers[static_cast<std::size_t>(i)] = power;
  }
  return powers;
}

const std::array<double, exp_steps> thirty_seconds = powers_of_two();

double power_of_two(int exponent) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
}

// Horner's rule, highest power first.
template <std::size_t n>
double polynomial(const std::array<double, n>& coefficients, double x) {
  double value = coefficients[0];
  for (std::size_t i = 1; i < n; ++i) value = value * x + coefficients[i];
  return value;
}

constexpr std::array<double, 8> central_top{
    2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
    1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0};
constexpr std::array<double, 8> central_bottom{
    5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
    5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0};
constexpr std::array<double, 8> middle_top{7.74545014278341407640e-4, 2.27238449892691845833e-2,
                                           2.41780725177450611770e-1, 1.27045825245236838258e0,
                                           3.64784832476320460504e0,  5.76949722146069140550e0,
                                           4.63033784615654529590e0,  1.42343711074968357734e0};
constexpr std::array<double, 8> middle_bottom{1.05075007164441684324e-9, 5.47593808499534494600e-4,
                                              1.51986665636164571966e-2, 1.48103976427480074590e-1,
                                              6.89767334985100004550e-1, 1.67638483018380384940e0,
                                              2.05319162663775882187e0,  1.0};
constexpr std::array<double, 8> far_top{2.01033439929228813265e-7, 2.71155556874348757815e-5,
                                        1.24266094738807843860e-3, 2.65321895265761230930e-2,
                                        2.96560571828504891230e-1, 1.78482653991729133580e0,
                                        5.46378491116411436990e0,  6.65790464350110377720e0};
constexpr std::array<double, 8> far_bottom{2.04426310338993978564e-15, 1.42151175831644588870e-7,
                                           1.84631831751005468180e-5,  7.86869131145613259100e-4,
                                           1.48753612908506148525e-2,  1.36929880922735805310e-1,
                                           5.99832206555887937690e-1,  1.0};

}  // namespace

double portable_exp(double x) {
  const double scaled = x * (exp_steps / 0.69314718055994530942);
  const int steps = static_cast<int>(scaled + (scaled < 0 ? -0.5 : 0.5));
  // |r| <= ln 2 / 64: the first term left out of the series is below 4e-18.
  const double r = (x - steps * (ln2_high / exp_steps)) - steps * (ln2_low / exp_steps);
  const double series = 1 + r * (1 + r / 2 * (1 + r / 3 * (1 + r / 4 * (1 + r / 5 * (1 + r / 6)))));
  const int whole = steps >> 5;
  return power_of_two(whole) * (thirty_seconds[static_cast<std::size_t>(steps & (exp_steps - 1))] * series);
}

double portable_log(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  int exponent = static_cast<int>(bits >> 52) - 1023;
  double mantissa = std::bit_cast<double>((bits & 0x000fffffffffffffU) | 0x3ff0000000000000U);
  if (mantissa > 1.4142135623730951) {
    mantissa /= 2;
    ++exponent;
  }
  // log m = 2 artanh s; |s| < 0.172, so the first term left out is below 2e-18.
  const double s = (mantissa - 1) / (mantissa + 1);
  const double square = s * s;
  double series = 0;
  for (int k = 21; k >= 1; k -= 2) series = series * square + 1.0 / k;
  return exponent * ln2_high + (exponent * ln2_low + 2 * s * series);
}

double portable_sine(double turns) {
  // Adding and taking away 1.5 * 2^52 rounds to a whole number, whatever the processor.
  constexpr double rounder = 6755399441055744.0;
  double rest = turns - ((turns + rounder) - rounder);  // -0.5 ... 0.5
  if (rest > 0.25) rest = 0.5 - rest;
  if (rest < -0.25) rest = -0.5 - rest;
  const double angle = rest * 6.283185307179586477;
  const double square = angle * angle;
  double series = 1;
  for (int k = 20; k >= 2; k -= 2) series = 1 - series * square / (k * (k + 1));
  return angle * series;
}

double normal_quantile(double p) {
  const double q = p - 0.5;
  if (q >= -0.425 && q <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial(central_top, r) / polynomial(central_bottom, r);
  }
  const double r = std::sqrt(-portable_log(q < 0 ? p : 1 - p));
  const double size = r <= 5 ? polynomial(middle_top, r - 1.6) / polynomial(middle_bottom, r - 1.6)
                             : polynomial(far_top, r - 5) / polynomial(far_bottom, r - 5);
  return q < 0 ? -size : size;
}

}  // namespace layerwatt::simulation
