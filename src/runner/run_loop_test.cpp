// SPDX-License-Identifier: Apache-2.0
#include "runner/run_loop.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "core/machine.h"
#include "runner/testing/scripted_engine.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

class RunLoop : public ::testing::Test {
 protected:
  static bool never() { return false; }
  Result<RunOutcome> run(const RunPlan& plan, const std::string& level = "",
                         const std::function<bool()>& stop_asked = never) {
    EngineOptions options;
    options.level = level;
    auto engine = scripted_engine_driver.open(machine_, "", Network{}, options);
    std::vector<std::unique_ptr<ExecutionContext>> contexts;
    contexts.push_back(std::move(*(*engine)->make_context()));
    return run_inferences(contexts, plan, {}, clock_, stop_asked);
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

// ---- Several in flight: real threads and the real clock; what they wait for is each other -----------------

// Each inference waits in compute until `together` of them are there at once, or one has failed.
class Meeting {
 public:
  explicit Meeting(int together) : together_{together} {}
  void arrive_and_wait() {
    std::unique_lock lock{mutex_};
    const std::uint64_t round = round_;
    if (++there_ == together_) {
      there_ = 0;
      ++round_;
      all_.notify_all();
    }
    all_.wait(lock, [&] { return round_ != round || over_; });
  }
  void call_off() {
    const std::lock_guard lock{mutex_};
    over_ = true;
    all_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_;
  int together_, there_ = 0;
  std::uint64_t round_ = 0;
  bool over_ = false;
};

enum class Fails { never, by_error, by_throwing };

class MeetingContext final : public ExecutionContext {
 public:
  MeetingContext(Meeting& meeting, Fails fails) : meeting_{meeting}, fails_{fails} {}
  Result<void> load(std::uint64_t input) override {
    loaded.push_back(input);
    thread = std::this_thread::get_id();
    return {};
  }
  Result<void> compute() override {
    if (fails_ != Fails::never && loaded.size() == 3) {
      meeting_.call_off();
      if (fails_ == Fails::by_throwing) throw std::runtime_error{"told to throw"};
      return Error{Errc::io, "meeting", "told to fail"};
    }
    meeting_.arrive_and_wait();
    return {};
  }
  Result<void> compute_marked(SpanSink&) override { return compute(); }
  Result<void> unload() override { return {}; }
  [[nodiscard]] std::span<const float> output() const override { return {}; }

  std::vector<std::uint64_t> loaded;
  std::thread::id thread;

 private:
  Meeting& meeting_;
  Fails fails_;
};

class RunLoopInFlight : public ::testing::Test {
 protected:
  Result<RunOutcome> run(
      const RunPlan& plan, Fails last_one = Fails::never,
      const std::function<bool()>& stop_asked = [] { return false; }) {
    for (int i = 0; i < 3; ++i) {
      auto context = std::make_unique<MeetingContext>(meeting_, i == 2 ? last_one : Fails::never);
      contexts_.push_back(context.get());
      owned_.push_back(std::move(context));
    }
    return run_inferences(owned_, plan, {}, system_clock(), stop_asked);
  }
  Meeting meeting_{3};
  std::vector<std::unique_ptr<ExecutionContext>> owned_;
  std::vector<MeetingContext*> contexts_;
  int asked_ = 0;
};

TEST_F(RunLoopInFlight, ComputesInferencesAtTheSameTimeOnThreadsOfTheirOwn) {
  const auto ran = run({30, {}, {}, {}, 1});  // would wait for ever if they ran one after the other
  ASSERT_TRUE(ran);
  ASSERT_EQ(ran->inferences.size(), 30U);
  for (std::size_t first = 0; first < 30; first += 3) {
    Instant last_begin{}, first_end = Instant::max();
    for (std::size_t i = first; i < first + 3; ++i) {
      last_begin = std::max(last_begin, ran->inferences[i].compute_begin);
      first_end = std::min(first_end, ran->inferences[i].compute_end);
    }
    EXPECT_LE(last_begin, first_end);
  }
  std::set<std::thread::id> threads{std::this_thread::get_id()};
  std::set<std::uint64_t> inputs;
  for (const MeetingContext* context : contexts_) {
    threads.insert(context->thread);
    inputs.insert(context->loaded.begin(), context->loaded.end());
  }
  EXPECT_EQ(threads.size(), 4U);
  EXPECT_EQ(inputs.size(), 30U);  // none twice
}

TEST_F(RunLoopInFlight, LeavesGapsInEachThread) {
  const auto ran = run({12, {}, 2ms, 3ms, 1});
  ASSERT_TRUE(ran);
  for (std::size_t first = 3; first < ran->inferences.size(); first += 3) {
    Instant first_end = Instant::max(), next_begin = Instant::max();
    for (std::size_t i = first; i < first + 3; ++i) {
      first_end = std::min(first_end, ran->inferences[i - 3].compute_end);
      next_begin = std::min(next_begin, ran->inferences[i].load_begin);
    }
    EXPECT_GE(next_begin - first_end, 2ms);
  }
}

TEST_F(RunLoopInFlight, EndsWhenItsTimeIsOver) {
  const auto ran = run({3, 1ns, {}, {}, 1});
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->inferences.size(), 3U);
}

TEST_F(RunLoopInFlight, StopsWhenAskedAndAnswersWithWhatIsOver) {
  const auto ran = run({3000, {}, {}, {}, 1}, Fails::never, [this] {
    const bool enough = asked_++ > 60;
    if (enough) meeting_.call_off();
    return enough;
  });
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->stopped, Stopped::request);
  EXPECT_GT(ran->inferences.size(), 3U);
  EXPECT_LT(ran->inferences.size(), 3000U);
}

TEST_F(RunLoopInFlight, EndsAllOfThemWhenOneFails) {
  const auto ran = run({3000, {}, {}, {}, 1}, Fails::by_error);
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().where, "meeting");
}

TEST_F(RunLoopInFlight, HandsOnWhatOneOfThemThrows) {
  EXPECT_THROW((void)run({3000, {}, {}, {}, 1}, Fails::by_throwing), std::runtime_error);
}

}  // namespace
}  // namespace layerwatt
