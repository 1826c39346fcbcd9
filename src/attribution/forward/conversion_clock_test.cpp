// SPDX-License-Identifier: Apache-2.0
#include "attribution/forward/conversion_clock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace layerwatt::forward {
namespace {

struct Reads {
  std::vector<double> conversion, stamp;
};

// Conversions every `period`, each read once after a lag and a uniform lateness; a share of reads very late.
Reads read_conversions(double period, std::size_t count, double spread, double late_share, unsigned seed) {
  std::mt19937_64 random{seed};
  std::uniform_real_distribution<double> unit{0, 1};
  Reads reads;
  for (std::size_t k = 0; k < count; ++k) {
    const double conversion = 5000 + period * static_cast<double>(k);
    double late = 100 + spread * unit(random);
    if (unit(random) < late_share) late += -1000 * std::log(1 - unit(random));
    double stamp = conversion + 700 + late;
    // One thread reads: after a late read the next one follows as soon as it can.
    if (!reads.stamp.empty()) stamp = std::max(stamp, reads.stamp.back() + 50);
    reads.conversion.push_back(conversion);
    reads.stamp.push_back(stamp);
  }
  return reads;
}

struct Left {
  double rms = 0;        // of reliable stamps around their conversions
  double misplaced = 0;  // share of reliable reads put a whole conversion off
};

Left left_over(const Reads& reads, const ConversionClock& clock) {
  std::vector<double> off;
  for (std::size_t i = 0; i < reads.stamp.size(); ++i)
    if (clock.reliable[i]) off.push_back(clock.stamp_us[i] - reads.conversion[i]);
  std::vector<double> sorted = off;
  std::sort(sorted.begin(), sorted.end());
  const double middle = sorted[sorted.size() / 2];
  double squares = 0, kept = 0;
  for (const double one : off) {
    if (std::abs(one - middle) > clock.period_us / 2) continue;
    squares += (one - middle) * (one - middle);
    kept += 1;
  }
  return {std::sqrt(squares / kept), 1 - kept / static_cast<double>(off.size())};
}

// Uniform lateness over 200 us has sd 58 us; a line through 1001 points leaves about 58 / sqrt(1001) = 1.8 us
// inside and up to twice that at the two ends.
TEST(ConversionClock, RemovesReadLatency) {
  const Reads reads = read_conversions(1608 * 1.01, 8000, 200, 0, 3);
  const auto clock = fit_conversion_clock(reads.stamp, 1608);
  ASSERT_TRUE(clock);
  EXPECT_LT(left_over(reads, *clock).rms, 3.6);
  EXPECT_EQ(left_over(reads, *clock).misplaced, 0);
  EXPECT_NEAR(clock->period_us, 1608 * 1.01, 0.01);
}

TEST(ConversionClock, IsNotMovedByLateReads) {
  const Reads reads = read_conversions(1608, 8000, 200, 0.05, 4);
  const auto clock = fit_conversion_clock(reads.stamp, 1608);
  ASSERT_TRUE(clock);
  EXPECT_LT(left_over(reads, *clock).rms, 6);
  // A read late by almost exactly one period can look on time; 5 % are late, and nearly all of those stand
  // beside a read of the same conversion, which gives them away.
  EXPECT_LT(left_over(reads, *clock).misplaced, 0.001);
  const auto kept = std::count(clock->reliable.begin(), clock->reliable.end(), true);
  // 5 % are late and 1 % of the others stand next to one; nothing else may be given up.
  EXPECT_GT(static_cast<double>(kept) / static_cast<double>(reads.stamp.size()), 0.92);
}

TEST(ConversionClock, CountsConversionsThatNobodyRead) {
  Reads reads = read_conversions(840, 3000, 50, 0, 5);
  Reads thinned;
  for (std::size_t i = 0; i < reads.stamp.size(); ++i)
    if (i % 7 != 3) {
      thinned.stamp.push_back(reads.stamp[i]);
      thinned.conversion.push_back(reads.conversion[i]);
    }
  const auto clock = fit_conversion_clock(thinned.stamp, 840);
  ASSERT_TRUE(clock);
  EXPECT_EQ(clock->index.back(),
            std::llround((thinned.conversion.back() - thinned.conversion.front()) / 840));
}

TEST(ConversionClock, RefusesReadsThatFollowNoSuchClock) {
  std::mt19937_64 random{6};
  std::uniform_real_distribution<double> gap{100, 3000};
  std::vector<double> stamps{0};
  for (int i = 0; i < 2000; ++i) stamps.push_back(stamps.back() + gap(random));
  EXPECT_FALSE(fit_conversion_clock(stamps, 1608));
  EXPECT_FALSE(fit_conversion_clock(std::vector<double>(10, 1.0), 1608));
}

}  // namespace
}  // namespace layerwatt::forward
