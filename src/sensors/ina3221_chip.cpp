// SPDX-License-Identifier: Apache-2.0
// The INA3221's tables; see ina3221_chip.h.
#include "sensors/ina3221_chip.h"

#include <array>
#include <cmath>
#include <cstdlib>

namespace layerwatt::ina3221 {

namespace {

constexpr std::array<long long, 8> conversion_times_us{140, 204, 332, 588, 1100, 2116, 4156, 8244};

// Bus voltage has 13 bits of 8 mV. Shunt voltage ends at 163.8 mV: beyond 1 kA the shunt would be below
// 0.17 mOhm, which nobody solders on a board.
constexpr long long largest_millivolts = 32'768;
constexpr long long largest_milliamperes = 1'000'000;
constexpr long long largest_milliwatts = largest_millivolts * largest_milliamperes / 1000;

constexpr long long rounded(long long a, long long b) { return (a + b / 2) / b; }

long long closest(long long us) {
  long long best = conversion_times_us.front();
  for (const long long t : conversion_times_us)
    if (std::llabs(t - us) < std::llabs(best - us)) best = t;
  return best;
}

// The conversion time with which `conversions` of them, rounded to milliseconds, make up the interval.
// Where two do, the one that writing this interval would set: the driver knows no other way to set it.
std::optional<long long> fitting(long long conversions, long long interval_ms) {
  std::optional<long long> found;
  int fits = 0;
  for (const long long t : conversion_times_us)
    if (rounded(conversions * t, 1000) == interval_ms) {
      found = t;
      ++fits;
    }
  if (fits < 2) return found;
  const long long written = closest(rounded(interval_ms * 1000, conversions));
  if (rounded(conversions * written, 1000) == interval_ms) return written;
  return std::nullopt;
}

Error implausible(const std::string& where, const char* what) {
  return Error{Errc::malformed, where, std::string{"out of the range of an INA3221: "} + what};
}

}  // namespace

bool is_client(const std::string& name) {
  constexpr std::size_t longest_bus = 9;  // digits
  const auto dash = name.find('-');
  if (dash == std::string::npos || dash == 0 || dash > longest_bus || name.size() != dash + 5) return false;
  return name.find_first_not_of("0123456789") == dash &&
         name.find_first_not_of("0123456789abcdef", dash + 1) == std::string::npos;
}

std::optional<Nanoseconds> conversion_time(int enabled_channels, long long samples, long long interval) {
  if (enabled_channels < 1 || enabled_channels > channel_count) return std::nullopt;
  if (samples < 1 || samples > 1024 || interval < 0 || interval > 60'000'000) return std::nullopt;
  // Linux 5.10 counts all samples, Linux 6.1 one cycle.
  const auto without = fitting(2LL * enabled_channels, interval);
  const auto with = fitting(2LL * enabled_channels * samples, interval);
  if (without && with && *without != *with) return std::nullopt;
  const auto found = without ? without : with;
  if (!found) return std::nullopt;
  return std::chrono::microseconds{*found};
}

Nanoseconds cycle(int enabled_channels, Nanoseconds conversion) { return 2 * enabled_channels * conversion; }

Watts power_quantum(Ohms shunt, Volts bus) {
  const Amperes step = Volts{40e-6} / shunt;
  return Watts{std::abs((step * bus).value())};
}

Result<Volts> volts_from_millivolts(long long value, const std::string& where) {
  if (value < -largest_millivolts || value > largest_millivolts)
    return implausible(where, "more than 32.8 V");
  return Volts{static_cast<double>(value) * 1e-3};
}

Result<Amperes> amperes_from_milliamperes(long long value, const std::string& where) {
  if (value < -largest_milliamperes || value > largest_milliamperes)
    return implausible(where, "more than 1 kA");
  return Amperes{static_cast<double>(value) * 1e-3};
}

Result<Watts> watts_from_milliwatts(long long value, const std::string& where) {
  if (value < -largest_milliwatts || value > largest_milliwatts)
    return implausible(where, "more than 32.8 kW");
  return Watts{static_cast<double>(value) * 1e-3};
}

}  // namespace layerwatt::ina3221
