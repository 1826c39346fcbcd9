// SPDX-License-Identifier: Apache-2.0
#include "attribution/power_trace.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "attribution/testing/simple_run.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using testing::read_counter;
using testing::read_power;

Instant at(Nanoseconds t) { return Instant{t}; }

// 1 W for a second, 5 W for a second, 1 W for a second.
const std::vector<testing::Stretch> step{{1s, 1}, {2s, 5}, {3s, 1}};

TEST(PowerTrace, IntegratesAStepExactly) {
  const RailRecord rail = read_power(step, 1ms);
  const PowerTrace trace{rail};
  EXPECT_NEAR(trace.mean(at(1s), at(2s))->value(), 5, 0.0021);  // half a period at each edge is 2 W off
  EXPECT_NEAR(trace.mean(at(500ms), at(2500ms))->value(), 3, 1e-9);
}

TEST(PowerTrace, IntegratesACounterExactly) {
  const RailRecord rail = read_counter(step, 1ms);
  const PowerTrace trace{rail};
  EXPECT_NEAR(trace.mean(at(1s), at(2s))->value(), 5, 1e-9);
}

TEST(PowerTrace, KnowsNothingWhereNothingWasRead) {
  const RailRecord rail = read_power(step, 1ms);
  const PowerTrace trace{rail};
  EXPECT_FALSE(trace.mean(at(4s), at(5s)));
  EXPECT_FALSE(trace.mean(at(2800ms), at(4s)));  // less than half covered
  EXPECT_TRUE(trace.mean(at(2s), at(3500ms)));
  EXPECT_FALSE(trace.mean(at(2s), at(1s)));
  const RailRecord nothing;
  EXPECT_FALSE(PowerTrace{nothing}.mean(at(0s), at(1s)));
}

// From 0.9 s to 1.1 s nothing was read. What was: 0.1 s at 1 W, 0.2 s at 5 W. A trapezoid over the hole would
// make 3.4 W of it.
TEST(PowerTrace, DoesNotInventPowerInAHole) {
  RailRecord rail = read_power(step, 1ms);
  rail.readings.erase(rail.readings.begin() + 900, rail.readings.begin() + 1100);
  EXPECT_NEAR(PowerTrace{rail}.mean(at(800ms), at(1300ms))->value(), 1.1 / 0.3, 0.03);
}

// A counter counts on while nobody looks.
TEST(PowerTrace, BridgesAHoleOfACounter) {
  RailRecord rail = read_counter(step, 1ms);
  rail.readings.erase(rail.readings.begin() + 600, rail.readings.begin() + 2400);
  EXPECT_NEAR(PowerTrace{rail}.mean(at(500ms), at(2500ms))->value(), 3, 1e-9);
}

TEST(PowerTrace, TakesRecordedGapsForHolesHoweverShort) {
  RailRecord rail = read_power({{1s, 1}}, 1ms);
  rail.readings[500].value = Watts{1000};
  rail.gaps.push_back({rail.readings[499].after, rail.readings[501].before, "the sensor was busy"});
  EXPECT_NEAR(PowerTrace{rail}.mean(at(100ms), at(900ms))->value(), 1, 1e-9);
}

// What the INA3221 does: each cycle, register += (conversion - register) / N.
RailRecord averaged(const RailRecord& sharp, int averaging) {
  RailRecord rail = sharp;
  rail.channel.averaging = averaging;
  rail.channel.refresh = 840us;
  double state = std::get<Watts>(sharp.readings.front().value).value();
  for (Reading& reading : rail.readings) {
    state += (std::get<Watts>(reading.value).value() - state) / averaging;
    reading.value = Watts{state};
  }
  return rail;
}

TEST(PowerTrace, UndoesAnExponentialAverage) {
  const RailRecord rail = averaged(read_power(step, 840us), 64);
  const PowerTrace trace{rail};
  EXPECT_NEAR(seconds(*trace.time_constant()), 53.3e-3, 0.1e-3);  // -0.84 ms / ln(63/64)
  EXPECT_EQ(trace.settling(), 5 * *trace.time_constant());
  // Without undoing, 4 W x 53 ms / 1 s = 0.21 W are missing. With it, the discrete filter differs from the
  // continuous one by half a cycle, and edges from the reading grid by half a cycle: 4 W x 0.84 ms / 1 s.
  EXPECT_NEAR(trace.mean(at(1s), at(2s))->value(), 5, 4 * 0.84e-3);
}

TEST(PowerTrace, DoesNotClaimToKnowAnAverageThatTheSensorDoesNotTell) {
  RailRecord rail = read_power(step, 1ms);
  rail.channel.averaging.reset();
  const PowerTrace trace{rail};
  EXPECT_FALSE(trace.average_is_known());
  EXPECT_EQ(trace.settling(), 300ms);
}

TEST(PowerTrace, GivesAStepOfACounterToTheTimeSinceTheLast) {
  RailRecord rail;
  rail.channel.meaning = Meaning::energy_total;
  rail.channel.refresh = 1ms;
  // Read every 0.4 ms, counts every 1 ms at 2 W: 0, 0, 2, 2, 2, 4, ... mJ.
  for (int k = 0; k < 100; ++k) {
    const Instant when = at(k * 400us);
    rail.readings.push_back({when, when, Joules{std::floor(k * 0.4) * 2e-3}});
  }
  const PowerTrace trace{rail};
  EXPECT_TRUE(trace.powers_in(at(0s), at(1s)).empty());
  std::size_t known = 0;
  for (std::size_t i = 0; i + 1 < trace.size(); ++i) {
    const auto power = trace.stretch_power(i);
    ASSERT_TRUE(power);
    EXPECT_GT(power->value(), 1.5);  // 2 mJ over 0.8 to 1.2 ms
    EXPECT_LT(power->value(), 2.6);
    ++known;
  }
  EXPECT_GE(known, 38U);
}

TEST(PowerTrace, LetsACounterStandStillWhenItsRefreshDoesNotExplainIt) {
  RailRecord rail;
  rail.channel.meaning = Meaning::energy_total;  // no refresh: CPU time of a sleeping process stands still
  for (int k = 0; k < 10; ++k)
    rail.readings.push_back({at(k * 1ms), at(k * 1ms), Joules{k < 5 ? 0.0 : (k - 4) * 1e-3}});
  const PowerTrace trace{rail};
  EXPECT_NEAR(trace.mean(at(0ms), at(4ms))->value(), 0, 1e-12);
  EXPECT_NEAR(trace.mean(at(4ms), at(9ms))->value(), 1, 1e-9);
}

TEST(PowerTrace, DiscardsAndCountsWhatCannotBeAReading) {
  RailRecord rail = read_power(step, 1ms);
  rail.readings[10].value = Joules{3};  // wrong kind
  rail.readings[20].value = Watts{std::numeric_limits<double>::quiet_NaN()};
  rail.readings[30].before = at(2s);                             // ends before it begins
  rail.readings[40].before = rail.readings[40].after = at(1us);  // out of order
  const PowerTrace trace{rail};
  EXPECT_EQ(trace.discarded(), 4U);
  EXPECT_EQ(trace.readings(), rail.readings.size() - 4);
  EXPECT_EQ(trace.size(), trace.readings());
  EXPECT_EQ(trace.first_from(at(15ms)), 14U);  // without the eleventh
  EXPECT_EQ(trace.powers_in(at(0ms), at(25ms)).size(), 23U);
  EXPECT_NEAR(trace.mean(at(0ms), at(900ms))->value(), 1, 1e-9);
}

// Readings of 1 W, each as much later than the one before as the next step says.
RailRecord read_after(const std::vector<Nanoseconds>& steps) {
  RailRecord rail;
  rail.readings.push_back({at(0s), at(0s), Watts{1}});
  for (const Nanoseconds later : steps) {
    const Instant moment = rail.readings.back().before + later;
    rail.readings.push_back({moment, moment, Watts{1}});
  }
  return rail;
}

TEST(PowerTrace, PeriodIsTheMiddleStep) {
  const RailRecord of_one = read_after({});
  EXPECT_FALSE(PowerTrace{of_one}.period());
  const RailRecord of_two = read_after({3ms, 1ms});
  EXPECT_EQ(PowerTrace{of_two}.period(), 3ms);
  const RailRecord of_five = read_after({1ms, 900us, 40ms, 1ms, 2ms});
  EXPECT_EQ(PowerTrace{of_five}.period(), 1ms);
}

// Some stretches stand for a long record, and steps that take turns must not hide behind each other. The one
// pause is in none of those.
TEST(PowerTrace, PeriodOfALongRecordWhoseStepsComeInPatterns) {
  std::vector<Nanoseconds> steps;
  for (int i = 0; i < 100'000; ++i) {
    steps.insert(steps.end(), {500us, 1500us, 1ms});
    if (i == 50'021) steps.push_back(1h);
  }
  const RailRecord rail = read_after(steps);
  const PowerTrace trace{rail};
  EXPECT_EQ(trace.period(), 1ms);
  EXPECT_EQ(trace.longest_step(), 1h);
}

}  // namespace
}  // namespace layerwatt
