// SPDX-License-Identifier: Apache-2.0
#include "session/sampling_loop.h"

#include <gmock/gmock.h>

#include <functional>

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A sensor whose reads the test scripts; each takes 10 us of the clock.
class ScriptedSensor final : public Sensor {
 public:
  ScriptedSensor(ManualClock& clock, std::function<Result<Value>(int)> script)
      : clock_{clock}, script_{std::move(script)} {
    channel_.rail = "RAIL";
  }
  [[nodiscard]] std::string device() const override { return {}; }
  [[nodiscard]] std::span<const Channel> channels() const override { return {&channel_, 1}; }
  Result<Value> read(std::size_t) override {
    clock_.sleep_until(clock_.now() + 10us);
    return script_(reads_++);
  }
  [[nodiscard]] int reads() const { return reads_; }

 private:
  ManualClock& clock_;
  std::function<Result<Value>(int)> script_;
  Channel channel_;
  int reads_ = 0;
};

Result<Value> good(int) { return Value{Watts{2}}; }

struct Taken {
  std::vector<Reading> readings;
  std::vector<Gap> gaps;
};

std::vector<Taken> take_all(SamplingLoop& loop) {
  std::vector<std::vector<Reading>> readings(loop.rail_count());
  std::vector<std::vector<Gap>> gaps(loop.rail_count());
  loop.take(readings, gaps);
  std::vector<Taken> taken;
  for (std::size_t i = 0; i < readings.size(); ++i) taken.push_back({readings[i], gaps[i]});
  return taken;
}

Taken take(SamplingLoop& loop) { return take_all(loop).at(0); }

void run(SamplingLoop& loop, const ManualClock& clock, int ticks) {
  for (int i = 0; i < ticks; ++i) {
    const Instant planned = clock.now() + 1ms;
    clock.sleep_until(planned);
    loop.tick(planned, 500us);
  }
}

TEST(SamplingLoop, RailsNeverShareAStamp) {
  ManualClock clock;
  ScriptedSensor one{clock, good}, other{clock, good};
  SamplingLoop loop{clock, {{&one, 0}, {&other, 0}}, 16};
  run(loop, clock, 1);
  const auto taken = take_all(loop);
  const Reading first = taken[0].readings.at(0), second = taken[1].readings.at(0);
  EXPECT_EQ(first.before, Instant{1ms});
  EXPECT_EQ(first.after, Instant{1010us});
  EXPECT_EQ(second.before, Instant{1010us});
  EXPECT_EQ(second.after, Instant{1020us});
}

TEST(SamplingLoop, BusyReadIsRetriedNextTickAndLeavesAGap) {
  ManualClock clock;
  ScriptedSensor sensor{clock, [](int n) -> Result<Value> {
                          if (n == 1 || n == 2) return Error{Errc::busy, "bus", "maximum retries"};
                          return Value{Watts{2}};
                        }};
  SamplingLoop loop{clock, {{&sensor, 0}}, 16};
  run(loop, clock, 4);
  const Taken taken = take(loop);
  ASSERT_THAT(taken.readings, SizeIs(2));
  ASSERT_THAT(taken.gaps, SizeIs(1));
  EXPECT_GT(taken.gaps[0].from, taken.readings[0].after);
  EXPECT_EQ(taken.gaps[0].to, taken.readings[1].before);
  EXPECT_EQ(taken.gaps[0].why, "bus: maximum retries");
}

TEST(SamplingLoop, SensorThatIsGoneStopsWithOneGapToTheEnd) {
  ManualClock clock;
  ScriptedSensor leaving{clock, [](int n) -> Result<Value> {
                           if (n >= 2) return Error{Errc::gone, "curr1_input", "No such device"};
                           return Value{Watts{2}};
                         }};
  ScriptedSensor staying{clock, good};
  SamplingLoop loop{clock, {{&leaving, 0}, {&staying, 0}}, 16};
  run(loop, clock, 10);
  loop.close_gaps(clock.now());
  const auto taken = take_all(loop);
  EXPECT_THAT(taken[0].readings, SizeIs(2));
  ASSERT_THAT(taken[0].gaps, SizeIs(1));
  EXPECT_EQ(taken[0].gaps[0].to, clock.now());
  EXPECT_THAT(taken[0].gaps[0].why, HasSubstr("gone: curr1_input"));
  EXPECT_EQ(leaving.reads(), 3);  // not asked again
  EXPECT_THAT(taken[1].readings, SizeIs(10));
}

Result<Value> leaves_after_two(int n) {
  if (n >= 2) return Error{Errc::gone, "curr1_input", "No such device"};
  return Value{Watts{2}};
}

TEST(SamplingLoop, RailThatIsGivenBackGoesOnWhereItsGapEnds) {
  ManualClock clock;
  ScriptedSensor leaving{clock, leaves_after_two}, returned{clock, [](int) { return Value{Watts{3}}; }};
  SamplingLoop loop{clock, {{&leaving, 0}}, 16};
  run(loop, clock, 5);
  EXPECT_THAT(loop.lost(), ElementsAre(0));
  EXPECT_EQ(loop.losses(), 1u);
  EXPECT_FALSE(loop.uses(&returned));
  loop.give_back(0, {&returned, 0});
  EXPECT_TRUE(loop.uses(&returned));
  EXPECT_THAT(loop.take_returns(), IsEmpty());  // not read yet
  run(loop, clock, 2);
  EXPECT_THAT(loop.lost(), IsEmpty());
  EXPECT_FALSE(loop.uses(&leaving));
  const Taken taken = take(loop);
  ASSERT_THAT(taken.readings, SizeIs(4));
  ASSERT_THAT(taken.gaps, SizeIs(1));
  EXPECT_THAT(taken.gaps[0].why, HasSubstr("gone: curr1_input"));
  EXPECT_GT(taken.gaps[0].from, taken.readings[1].after);
  EXPECT_EQ(taken.gaps[0].to, taken.readings[2].before);
  EXPECT_EQ(taken.readings[2].value, Value{Watts{3}});
  const auto returns = loop.take_returns();
  ASSERT_THAT(returns, SizeIs(1));
  EXPECT_EQ(returns[0].left, taken.gaps[0].from);
  EXPECT_EQ(returns[0].back, taken.gaps[0].to);
}

TEST(SamplingLoop, RailThatIsGivenBackInVainStaysInTheSameGap) {
  ManualClock clock;
  ScriptedSensor leaving{clock, leaves_after_two};
  ScriptedSensor dead{clock, [](int) -> Result<Value> { return Error{Errc::gone, "in1_input", "again"}; }};
  SamplingLoop loop{clock, {{&leaving, 0}}, 16};
  run(loop, clock, 3);
  loop.give_back(0, {&dead, 0});
  run(loop, clock, 3);
  EXPECT_EQ(dead.reads(), 1);
  EXPECT_EQ(loop.losses(), 2u);
  loop.close_gaps(clock.now());
  EXPECT_THAT(loop.take_returns(), IsEmpty());
  EXPECT_THAT(take(loop).gaps, SizeIs(1));
}

TEST(SamplingLoop, RailThatIsGivenBackWhileOthersHaveTheirTurnWaits) {
  ManualClock clock;
  ScriptedSensor leaving{clock, leaves_after_two}, other{clock, good}, returned{clock, good};
  SamplingLoop loop{clock, {{&leaving, 0}, {&other, 0}}, 16};
  run(loop, clock, 3);
  loop.read_only(1, clock.now());
  loop.give_back(0, {&returned, 0});
  run(loop, clock, 2);
  EXPECT_EQ(returned.reads(), 0);
  loop.read_only(0, clock.now());
  run(loop, clock, 2);
  EXPECT_EQ(returned.reads(), 2);
  const auto gaps = take_all(loop)[0].gaps;
  ASSERT_THAT(gaps, SizeIs(2));
  EXPECT_THAT(gaps[0].why, HasSubstr("gone"));
  EXPECT_EQ(gaps[0].to, gaps[1].from);
  EXPECT_EQ(gaps[1].why, turn_of_others);
}

TEST(SamplingLoop, SensorThatKeepsFailingIsGivenUp) {
  ManualClock clock;
  ScriptedSensor sensor{clock, [](int) -> Result<Value> {
                          return Error{Errc::io, "bus", "Remote I/O error"};
                        }};
  SamplingLoop loop{clock, {{&sensor, 0}}, 16};
  run(loop, clock, 150);
  EXPECT_EQ(sensor.reads(), 100);
  loop.close_gaps(clock.now());
  EXPECT_THAT(take(loop).gaps.at(0).why, HasSubstr("broken: bus"));
}

TEST(SamplingLoop, BusySensorIsNeverGivenUp) {
  ManualClock clock;
  ScriptedSensor sensor{clock, [](int) -> Result<Value> { return Error{Errc::timeout, "bus", "timed out"}; }};
  SamplingLoop loop{clock, {{&sensor, 0}}, 16};
  run(loop, clock, 300);
  EXPECT_EQ(sensor.reads(), 300);
}

TEST(SamplingLoop, FullRingLosesReadingsButSaysSo) {
  ManualClock clock;
  ScriptedSensor sensor{clock, good};
  SamplingLoop loop{clock, {{&sensor, 0}}, 4};
  run(loop, clock, 6);
  EXPECT_THAT(take(loop).readings, SizeIs(4));
  run(loop, clock, 1);
  const Taken later = take(loop);
  EXPECT_THAT(later.readings, SizeIs(1));
  ASSERT_THAT(later.gaps, SizeIs(1));
  EXPECT_THAT(later.gaps[0].why, HasSubstr("not fetched in time"));
}

TEST(SamplingLoop, PauseIsAGapOnLivingRailsOnly) {
  ManualClock clock;
  ScriptedSensor living{clock, good};
  ScriptedSensor gone{clock, [](int) -> Result<Value> { return Error{Errc::gone, "f", "gone"}; }};
  SamplingLoop loop{clock, {{&living, 0}, {&gone, 0}}, 16};
  run(loop, clock, 1);
  loop.add_pause(clock.now(), clock.now() + 1s);
  const auto taken = take_all(loop);
  EXPECT_THAT(taken[0].gaps, SizeIs(1));
  EXPECT_THAT(taken[1].gaps, IsEmpty());
}

TEST(SamplingLoop, RailsThatWaitForTheirTurnAreNotReadAndSaySo) {
  ManualClock clock;
  ScriptedSensor first{clock, good}, second{clock, good};
  SamplingLoop loop{clock, {{&first, 0}, {&second, 0}}, 16};
  run(loop, clock, 1);
  const Instant turn = clock.now();
  loop.read_only(0, turn);
  run(loop, clock, 2);
  loop.add_pause(clock.now(), clock.now() + 1ms);  // another pause is no gap of a rail that waits anyway
  const Instant next_turn = clock.now();
  loop.read_only(1, next_turn);
  run(loop, clock, 3);
  loop.read_only({}, clock.now());
  run(loop, clock, 1);
  EXPECT_EQ(first.reads(), 1 + 2 + 1);
  EXPECT_EQ(second.reads(), 1 + 3 + 1);
  const auto taken = take_all(loop);
  ASSERT_THAT(taken[0].gaps, SizeIs(2));
  EXPECT_EQ(taken[0].gaps[0].why, sampler_off);
  EXPECT_EQ(taken[0].gaps[1].from, next_turn);
  EXPECT_EQ(taken[0].gaps[1].why, turn_of_others);
  ASSERT_THAT(taken[1].gaps, SizeIs(1));
  EXPECT_EQ(taken[1].gaps[0].from, turn);
  EXPECT_EQ(taken[1].gaps[0].to, next_turn);
  EXPECT_TRUE(is_wanted(taken[1].gaps[0]));
}

TEST(SamplingLoop, RailThatFailsWhenItsTurnEndsKeepsBothReasons) {
  ManualClock clock;
  ScriptedSensor busy{clock, [](int i) -> Result<Value> {
                        return i == 1 ? Result<Value>{Error{Errc::busy, "f", "bus"}} : good(i);
                      }};
  ScriptedSensor other{clock, good};
  SamplingLoop loop{clock, {{&busy, 0}, {&other, 0}}, 16};
  run(loop, clock, 2);
  loop.read_only(1, clock.now());
  run(loop, clock, 1);
  loop.close_gaps(clock.now());
  const auto gaps = take_all(loop)[0].gaps;
  ASSERT_THAT(gaps, SizeIs(2));
  EXPECT_THAT(gaps[0].why, HasSubstr("bus"));
  EXPECT_EQ(gaps[0].to, gaps[1].from);
  EXPECT_EQ(gaps[1].why, turn_of_others);
}

TEST(SamplingLoop, LateTicksAreCountedAndSorted) {
  ManualClock clock;
  ScriptedSensor sensor{clock, good};
  SamplingLoop loop{clock, {{&sensor, 0}}, 16};
  clock.sleep_until(Instant{10ms});
  loop.tick(clock.now(), 500us);          // in time
  loop.tick(clock.now() - 499us, 500us);  // 499 us: bin of 256 to 512
  loop.tick(clock.now() - 700us, 500us);  // late: bin of 512 to 1024
  loop.tick(clock.now() + 100us, 500us);  // woken early: counts as in time
  EXPECT_EQ(loop.ticks(), 4u);
  EXPECT_EQ(loop.late_ticks(), 1u);
  EXPECT_EQ(loop.lateness()[0], 2u);
  EXPECT_EQ(loop.lateness()[9], 1u);
  EXPECT_EQ(loop.lateness()[10], 1u);
}

}  // namespace
}  // namespace layerwatt
