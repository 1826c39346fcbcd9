// SPDX-License-Identifier: Apache-2.0
#include "session/device_clock.h"

#include <gmock/gmock.h>

#include <random>

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

// A meter whose clock runs `slower` than ours and whose lines take 2 ms and a varying time more to come.
struct Meter {
  double slower;
  std::mt19937_64 random{1};
  std::exponential_distribution<double> more{1 / 0.005};
  Instant made(Nanoseconds stamp) const {
    return Instant{1000s} + from_seconds(seconds(stamp) * (1 + slower));
  }
  Instant arrival(Nanoseconds stamp) { return made(stamp) + 2ms + from_seconds(more(random)); }
};

DeviceClock fitted(Meter meter, Nanoseconds length, Nanoseconds step = 1ms) {
  DeviceClock clock;
  for (Nanoseconds stamp = 0ns; stamp < length; stamp += step) clock.add(stamp, meter.arrival(stamp));
  clock.fit();
  return clock;
}

// The least of n exponential delays of mean m has the mean m / n; of 1000 a second it is 5 us. The edge of
// the hull lies on two of them: 10 of those means hold in all but e^-10 of cases.
constexpr Nanoseconds least_of_a_second = 50us;

TEST(DeviceClock, FindsRateAndOffsetButTheLeastDelay) {
  for (const double slower : {0.0, 80e-6, -80e-6, 0.002}) {
    const DeviceClock clock = fitted({slower}, 60s);
    ASSERT_TRUE(clock.slower());
    EXPECT_NEAR(*clock.slower(), slower, seconds(least_of_a_second) / 30);  // an edge spans half of the time
    for (const Nanoseconds stamp : {0s, 30s, 60s}) {
      const Nanoseconds error = clock.at(stamp) - (Meter{slower}.made(stamp) + 2ms);
      EXPECT_LT(std::abs(error.count()), (3 * least_of_a_second).count()) << slower;
    }
  }
}

// Lines that come often tell the rate soon: of 1000 exponential delays of 5 ms in each half of two seconds
// the least is 5 us.
TEST(DeviceClock, FindsTheRateInTwoSecondsOfManyLines) {
  for (const double slower : {100e-6, -100e-6}) {
    EXPECT_FALSE(fitted({slower}, 1900ms).slower());
    const DeviceClock clock = fitted({slower}, 2500ms);
    ASSERT_TRUE(clock.slower());
    EXPECT_NEAR(*clock.slower(), slower, seconds(least_of_a_second) / 1.25);
  }
}

TEST(DeviceClock, TakesBothForEquallyFastWhileFewLinesSayMoreOfTheirDelays) {
  // Of 25 delays of 5 ms the least is 0.2 ms: 40 ppm and more over 5 s.
  const DeviceClock clock = fitted({100e-6}, 5s, 100ms);
  EXPECT_FALSE(clock.slower());
  EXPECT_EQ(clock.at(4s) - clock.at(1s), 3s);
  // 5 s at 100 ppm: what is missed is half a millisecond at most, and the least of 50 delays, 0.1 ms in the
  // mean; 10 of those.
  EXPECT_LE(std::abs((clock.at(5s) - Meter{100e-6}.made(5s) - 2ms).count()),
            Nanoseconds{500us + 1000us}.count());
  EXPECT_TRUE(fitted({100e-6}, 11s, 100ms).slower());
}

TEST(DeviceClock, IsNotLedAstrayByASlowStart) {
  // The first lines of a program wait for each other: a rate of 2 % that is none.
  DeviceClock clock;
  Meter meter{0};
  for (Nanoseconds stamp = 0s; stamp < 4s; stamp += 1ms)
    clock.add(stamp, meter.arrival(stamp) + std::max(0ns, 40ms - stamp / 50));
  clock.fit();
  EXPECT_LT(std::abs((clock.at(4s) - meter.made(4s) - 2ms).count()), least_of_a_second.count());
}

TEST(DeviceClock, IsNotLedAstrayByALongDelay) {
  DeviceClock clock;
  Meter meter{50e-6};
  for (Nanoseconds stamp = 0s; stamp < 60s; stamp += 1ms) {
    const bool held_up = stamp >= 20s && stamp < 40s;
    clock.add(stamp, meter.arrival(stamp) + (held_up ? 300ms : 0ms));
  }
  clock.fit();
  EXPECT_NEAR(*clock.slower(), 50e-6, seconds(least_of_a_second) / 30);
  EXPECT_GE(clock.unevenness(), 300ms);
}

TEST(DeviceClock, BeginsAnewWhenTheMeterDoes) {
  DeviceClock clock = fitted({0}, 20s);
  clock.add(0ns, Instant{5000s});
  EXPECT_FALSE(clock.is_known());
  clock.fit();
  EXPECT_EQ(clock.at(0ns), Instant{5000s});
}

TEST(DeviceClock, TakesNoMoreMemoryOverADay) {
  const DeviceClock clock = fitted({20e-6}, 24h, 100ms);
  EXPECT_NEAR(*clock.slower(), 20e-6, 1e-7);
}

TEST(DeviceClock, DoesNotBelieveStampsThatAreNoTimes) {
  DeviceClock clock;
  for (int i = 0; i < 100; ++i) clock.add(i * 1s, Instant{i * 2s});
  clock.fit();
  EXPECT_EQ(clock.at(10s) - clock.at(0s), 10s);
}

TEST(DeviceClock, OneStampIsEnoughToBegin) {
  DeviceClock clock;
  clock.fit();
  EXPECT_FALSE(clock.is_known());
  clock.add(7s, Instant{9s});
  clock.fit();
  EXPECT_EQ(clock.at(8s), Instant{10s});
}

}  // namespace
}  // namespace layerwatt
