// SPDX-License-Identifier: Apache-2.0
#include "attribution/forward/polled_clock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace layerwatt::forward {
namespace {

constexpr double read_us = 100;

struct Polled {
  std::vector<double> begin, stamp, value;
  std::vector<std::int64_t> shown;  // conversion that each read shows
  [[nodiscard]] PolledReads reads() const { return {begin, stamp, value}; }
};

// Conversions end at phase + k x period; a timer reads every `poll`, the value is fetched 40 % into the read.
Polled poll(double period, double poll_us, std::size_t count, double change, unsigned seed) {
  std::mt19937_64 random{seed};
  std::normal_distribution<double> normal;
  std::vector<double> of_conversion;
  Polled polled;
  for (std::size_t i = 0; i < count; ++i) {
    const double begin = 1000 + poll_us * static_cast<double>(i) + 5 * std::abs(normal(random));
    const auto conversion = static_cast<std::int64_t>(std::floor((begin + 0.4 * read_us - 333) / period));
    while (static_cast<std::int64_t>(of_conversion.size()) <= conversion)
      of_conversion.push_back(5 + change * normal(random));
    polled.begin.push_back(begin);
    polled.stamp.push_back(begin + read_us / 2);
    polled.value.push_back(of_conversion[static_cast<std::size_t>(conversion)]);
    polled.shown.push_back(conversion);
  }
  return polled;
}

struct Check {
  std::size_t misplaced = 0;
  double spread = 0;  // of stamp - end of conversion, us
};

Check compare(const Polled& polled, const PolledClock& clock, double period) {
  std::vector<double> late;
  Check check;
  const std::int64_t first = clock.index.front() - polled.shown[clock.read.front()];
  for (std::size_t i = 0; i < clock.read.size(); ++i) {
    check.misplaced += clock.index[i] - polled.shown[clock.read[i]] != first;
    late.push_back(clock.stamp_us[i] - (333 + period * static_cast<double>(polled.shown[clock.read[i]])));
  }
  const auto [low, high] = std::minmax_element(late.begin(), late.end());
  check.spread = *high - *low;
  return check;
}

// A change is known to half a poll, uniform: 300 / sqrt(12) = 87 us, over 1001 changes 2.7 us; the ends of
// the run have half as many and the slope to pay for: allow 8 deviations of 5.5 us for the whole range.
TEST(PolledClock, FindsConversionsFromPollsThatKnowNothingOfThem) {
  const double period = 840 * 1.013;
  const Polled polled = poll(period, 300, 20'000, 0.2, 1);
  const auto clock = fit_polled_clock(polled.reads(), 840, 0);
  ASSERT_TRUE(clock);
  EXPECT_NEAR(clock->period_us, period, 1e-4 * period);
  const Check check = compare(polled, *clock, period);
  EXPECT_EQ(check.misplaced, 0U);
  EXPECT_LT(check.spread, 44);
  EXPECT_GT(clock->read.size(), 0.95 * 20'000 * 300 / period);
}

TEST(PolledClock, FindsThemWhenMostValuesRepeat) {
  const double period = 1608 * 0.991;
  Polled polled = poll(period, 700, 20'000, 0.02, 2);
  for (double& value : polled.value) value = std::round(value / 0.04) * 0.04;
  const auto clock = fit_polled_clock(polled.reads(), 1608, 0.024);
  ASSERT_TRUE(clock);
  EXPECT_NEAR(clock->period_us, period, 1e-4 * period);
  EXPECT_EQ(compare(polled, *clock, period).misplaced, 0U);
}

// Each conversion shown by two values, as when a voltage comes 140 us after its current: small changes are
// not counted as conversions.
TEST(PolledClock, IsNotMisledByTheVoltageThatComesBetween) {
  const double period = 840 * 1.007;
  Polled polled = poll(period, 250, 20'000, 0.2, 3);
  for (std::size_t i = 0; i < polled.value.size(); ++i) {
    const double age = polled.begin[i] + 0.4 * read_us - 333 - period * static_cast<double>(polled.shown[i]);
    if (age > 420) polled.value[i] *= 1.0016;
  }
  const auto clock = fit_polled_clock(polled.reads(), 840, 0.0375);
  ASSERT_TRUE(clock);
  EXPECT_EQ(compare(polled, *clock, period).misplaced, 0U);
}

TEST(PolledClock, IsSilentWithoutAClock) {
  std::mt19937_64 random{4};
  std::normal_distribution<double> normal;
  Polled polled = poll(840, 300, 5000, 0.2, 4);
  for (double& value : polled.value) value = 5 + normal(random);  // every read is new
  EXPECT_FALSE(fit_polled_clock(polled.reads(), 840, 0));
  EXPECT_FALSE(fit_polled_clock({}, 840, 0));
  for (double& value : polled.value) value = 5;  // none is
  EXPECT_FALSE(fit_polled_clock(polled.reads(), 840, 0));
}

}  // namespace
}  // namespace layerwatt::forward
