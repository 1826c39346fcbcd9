// SPDX-License-Identifier: Apache-2.0
#include "runner/run_loop.h"

#include <gtest/gtest.h>

#include <set>

#include "core/machine.h"
#include "runner/testing/scripted_engine.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

class RunLoop : public testing::Test {
 protected:
  static bool never() { return false; }
  Result<RunOutcome> run(const RunPlan& plan, const std::string& level = "",
                         const std::function<bool()>& stop_asked = never) {
    EngineOptions options;
    options.level = level;
    auto engine = scripted_engine_driver.open(machine_, "", Network{}, options);
    return run_inferences(**(*engine)->make_context(), plan, nullptr, clock_, stop_asked);
  }
  ManualClock clock_;
  Machine machine_{"/", clock_};
};

TEST_F(RunLoop, RunsAsOftenAsAsked) {
  const auto ran = run({17, {}, {}, {}, 1});
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->inferences.size(), 17U);
  EXPECT_EQ(ran->stopped, Stopped::count);
}

TEST_F(RunLoop, LeavesGapsWithinTheirBoundsAndSpreadOverThem) {
  const auto ran = run({1000, {}, 2ms, 10ms, 1});
  ASSERT_TRUE(ran);
  std::set<long> eighths;
  for (std::size_t i = 1; i < ran->inferences.size(); ++i) {
    const Nanoseconds gap = ran->inferences[i].load_begin - ran->inferences[i - 1].unload_end;
    EXPECT_GE(gap, 2ms);
    EXPECT_LT(gap, 10ms);
    eighths.insert((gap - 2ms) / 1ms);
  }
  EXPECT_EQ(eighths.size(), 8U);
}

TEST_F(RunLoop, RepeatsItsGapsFromOneSeedOnly) {
  const auto gaps = [this](std::uint64_t seed) {
    const auto ran = run({10, {}, 0ms, 10ms, seed});
    std::vector<Nanoseconds> all;
    for (std::size_t i = 1; i < ran->inferences.size(); ++i)
      all.push_back(ran->inferences[i].load_begin - ran->inferences[i - 1].unload_end);
    return all;
  };
  const auto first = gaps(5);
  EXPECT_EQ(first, gaps(5));
  EXPECT_NE(first, gaps(6));
}

TEST_F(RunLoop, EndsWhenItsTimeIsOver) {
  // 50 ms each: the third would begin at 100 ms.
  const auto ran = run({1000, 100ms, {}, {}, 1}, "slow");
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->inferences.size(), 2U);
  EXPECT_EQ(ran->stopped, Stopped::time);
}

TEST_F(RunLoop, RunsOnceHoweverShortItsTime) {
  const auto ran = run({1000, 1ns, {}, {}, 1}, "slow");
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->inferences.size(), 1U);
}

TEST_F(RunLoop, StopsBetweenInferencesWhenAsked) {
  int asked = 0;
  const auto ran = run({1000, {}, {}, {}, 1}, "", [&asked] { return ++asked > 5; });
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->inferences.size(), 5U);
  EXPECT_EQ(ran->stopped, Stopped::request);
}

TEST_F(RunLoop, StopsInALongGap) {
  const auto stop = [this] { return clock_.now() >= Instant{1s}; };
  const auto ran = run({3, {}, 10s, 10s, 1}, "", stop);
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->inferences.size(), 1U);
  EXPECT_EQ(ran->stopped, Stopped::request);
  EXPECT_LT(clock_.now(), Instant{1s + 25ms});  // one slice of sleep
}

TEST_F(RunLoop, PassesTheEnginesErrorOn) {
  const auto ran = run({3, {}, {}, {}, 1}, "error");
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().where, "scripted");
}

}  // namespace
}  // namespace layerwatt
