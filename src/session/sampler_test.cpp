// SPDX-License-Identifier: Apache-2.0
#include "session/sampler.h"

#include <gmock/gmock.h>
#include <sched.h>

#include <atomic>
#include <numeric>

#include "core/temporary_tree.h"
#include "session/core_share.h"

namespace layerwatt {
extern const SensorDriver ina3221_driver;

namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// A power_now sensor with two rails that counts its reads; fails on request.
class CountingSensor final : public Sensor {
 public:
  struct State {
    std::atomic<int> reads{0};
    std::atomic<bool> gone{false};
    std::atomic<int> refused{0};
  };
  explicit CountingSensor(State& state) : state_{state} {
    channels_[0].rail = "ONE";
    channels_[1].rail = "OTHER";
  }
  [[nodiscard]] std::string device() const override { return "6-0040"; }
  [[nodiscard]] std::span<const Channel> channels() const override { return channels_; }
  Result<Value> read(std::size_t channel) override {
    ++state_.reads;
    if (state_.gone) {
      ++state_.refused;
      return Error{Errc::gone, "f", "No such device"};
    }
    return Value{Watts{static_cast<double>(channel + 1)}};
  }

 private:
  State& state_;
  std::array<Channel, 2> channels_;
};

class SamplerTest : public ::testing::Test {
 protected:
  std::unique_ptr<Sampler> make(const SamplerOptions& options) {
    std::vector<std::unique_ptr<Sensor>> sensors;
    sensors.push_back(std::make_unique<CountingSensor>(state_));
    auto sampler =
        Sampler::create(Machine{"/nonexistent", system_clock()}, "counting", std::move(sensors), options);
    return std::move(*sampler);
  }
  // Waits for what happens, not for time: a busy machine only makes it longer.
  template <class Condition>
  static bool wait_until(Condition condition) {
    const Instant deadline = system_clock().now() + 30s;
    while (!condition() && system_clock().now() < deadline)
      system_clock().sleep_until(system_clock().now() + 1ms);
    return condition();
  }
  void wait_for_reads(int more) const {
    const int wanted = state_.reads + more;
    ASSERT_TRUE(wait_until([&] { return state_.reads >= wanted; }));
  }
  CountingSensor::State state_;
};

// Threads of this process that carry the sampler's name: it is not there, not merely asleep.
int sampling_threads() {
  int count = 0;
  for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
    std::ifstream file{task.path() / "comm"};
    std::string name;
    if (std::getline(file, name) && name == "lw-sampler") ++count;
  }
  return count;
}

TEST_F(SamplerTest, IsOffUntilItIsResumed) {
  const auto sampler = make({});
  EXPECT_EQ(sampling_threads(), 0);
  EXPECT_EQ(state_.reads, 0);
}

TEST_F(SamplerTest, ReadsEveryRailAndHandsOverInOrder) {
  SamplerOptions options;
  options.period = 1ms;
  const auto sampler = make(options);
  sampler->resume();
  EXPECT_EQ(sampling_threads(), 1);
  wait_for_reads(40);
  sampler->pause();
  const auto taken = sampler->take({}, {});
  ASSERT_THAT(taken, SizeIs(2));
  EXPECT_EQ(taken[0].readings.size(), taken[1].readings.size());
  EXPECT_GE(taken[0].readings.size(), 20u);
  Instant last{};
  for (std::size_t i = 0; i < taken[0].readings.size(); ++i) {
    const Reading& one = taken[0].readings[i];
    const Reading& other = taken[1].readings[i];
    EXPECT_LT(last, one.before);
    EXPECT_LE(one.before, one.after);
    EXPECT_LE(one.after, other.before);
    EXPECT_EQ(std::get<Watts>(other.value), Watts{2});
    last = other.after;
  }
}

TEST_F(SamplerTest, PausedMeansNoThreadAndNoRead) {
  SamplerOptions options;
  options.period = 1ms;
  const auto sampler = make(options);
  sampler->resume();
  wait_for_reads(10);
  sampler->pause();
  const int reads = state_.reads;
  EXPECT_EQ(sampling_threads(), 0);
  system_clock().sleep_until(system_clock().now() + 20ms);
  EXPECT_EQ(state_.reads, reads);
  sampler->take({}, {});
  sampler->resume();
  wait_for_reads(10);
  sampler->finish();
  const auto taken = sampler->take({}, {});
  ASSERT_THAT(taken[0].gaps, SizeIs(1));
  EXPECT_EQ(taken[0].gaps[0].why, "sampler off");
  EXPECT_GE(taken[0].gaps[0].to - taken[0].gaps[0].from, 20ms);
  EXPECT_GE(taken[0].readings.front().before, taken[0].gaps[0].to);
}

TEST_F(SamplerTest, TicksOfTheRecordAreTheReadings) {
  SamplerOptions options;
  options.period = 1ms;
  const auto sampler = make(options);
  sampler->resume();
  wait_for_reads(40);
  sampler->pause();
  sampler->resume();
  wait_for_reads(40);
  const SamplerRecord record = sampler->finish();
  EXPECT_EQ(sampling_threads(), 0);
  const auto taken = sampler->take({}, {});
  EXPECT_EQ(record.ticks, taken[0].readings.size());
  EXPECT_EQ(std::accumulate(record.lateness.begin(), record.lateness.end(), std::uint64_t{0}), record.ticks);
  EXPECT_EQ(record.period, 1ms);
  EXPECT_GT(record.cpu_time, 0ns);
  EXPECT_GE(record.elapsed, record.cpu_time);
}

// As the kernel does with a thread whose core is taken offline.
void let_sampling_thread_run_anywhere(const cpu_set_t& cores) {
  for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
    std::ifstream file{task.path() / "comm"};
    std::string name;
    if (std::getline(file, name) && name == "lw-sampler") {
      EXPECT_EQ(sched_setaffinity(std::stoi(task.path().filename()), sizeof cores, &cores), 0);
    }
  }
}

TEST_F(SamplerTest, CoreThatWasTakenFromTheThreadOnceIsNotInTheRecord) {
  cpu_set_t all;
  CPU_ZERO(&all);
  ASSERT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
  SamplerOptions options;
  options.period = 1ms;
  options.core = sampling_core();
  if (!options.core) GTEST_SKIP() << "one core: the thread is not pinned";
  const auto sampler = make(options);
  sampler->resume();
  sampler->pause();
  EXPECT_EQ(sampler->record().core, options.core);
  sampler->resume();
  let_sampling_thread_run_anywhere(all);
  sampler->pause();
  EXPECT_FALSE(sampler->record().core);
  sampler->resume();  // pinned again, which does not make it so for the whole run
  EXPECT_FALSE(sampler->finish().core);
}

TEST_F(SamplerTest, CoreThatTheThreadIsRefusedIsNotInTheRecord) {
  SamplerOptions options;
  options.period = 1ms;
  options.core = CPU_SETSIZE - 1;  // no machine that runs this has as many
  const auto sampler = make(options);
  sampler->resume();
  EXPECT_FALSE(sampler->finish().core);
}

TEST_F(SamplerTest, SensorThatLeavesStopsItsRailsWithOneGap) {
  SamplerOptions options;
  options.period = 1ms;
  const auto sampler = make(options);
  sampler->resume();
  wait_for_reads(10);
  state_.gone = true;
  ASSERT_TRUE(wait_until([&] { return state_.refused == 2; }));
  sampler->finish();
  const auto taken = sampler->take({}, {});
  for (const auto& rail : taken) {
    ASSERT_THAT(rail.gaps, SizeIs(1));
    EXPECT_THAT(rail.gaps[0].why, HasSubstr("gone"));
  }
  EXPECT_EQ(state_.refused, 2);  // each rail was asked once more, and then no longer
}

TEST_F(SamplerTest, ReadsOnlyTheRailsThatAreWanted) {
  SamplerOptions options;
  options.period = 1ms;
  options.rails = {"OTHER"};
  const auto sampler = make(options);
  ASSERT_THAT(sampler->rails(), SizeIs(1));
  EXPECT_EQ(sampler->rails()[0].channel.rail, "OTHER");
  EXPECT_EQ(sampler->rails()[0].sensor, "counting");
  EXPECT_EQ(sampler->rails()[0].device, "6-0040");
}

TEST_F(SamplerTest, WantedRailThatIsNotThereIsAnErrorThatListsTheRails) {
  std::vector<std::unique_ptr<Sensor>> sensors;
  sensors.push_back(std::make_unique<CountingSensor>(state_));
  SamplerOptions options;
  options.rails = {"THIRD"};
  const auto sampler =
      Sampler::create(Machine{"/nonexistent", system_clock()}, "counting", std::move(sensors), options);
  ASSERT_FALSE(sampler);
  EXPECT_EQ(sampler.error().code, Errc::not_found);
  EXPECT_THAT(sampler.error().detail, HasSubstr("ONE, OTHER"));
}

TEST_F(SamplerTest, LongPeriodDoesNotHoldUpTheEnd) {
  SamplerOptions options;
  options.period = 24h;
  const auto sampler = make(options);
  sampler->resume();
  const Instant from = system_clock().now();
  sampler->finish();
  EXPECT_LT(system_clock().now() - from, 1h);  // that it ends at all
}

TEST_F(SamplerTest, ReadsOnlyTheRailWhoseTurnItIs) {
  auto sampler = make({});
  sampler->resume();
  wait_for_reads(4);
  sampler->read_only(1);
  EXPECT_EQ(sampling_threads(), 1);
  wait_for_reads(5);
  sampler->read_only({});
  wait_for_reads(4);
  sampler->finish();
  const auto taken = sampler->take({}, {});
  const auto waited = std::find_if(taken[0].gaps.begin(), taken[0].gaps.end(),
                                   [](const Gap& gap) { return gap.why == turn_of_others; });
  ASSERT_NE(waited, taken[0].gaps.end());
  const auto within = [&](const Reading& r) { return r.before >= waited->from && r.after <= waited->to; };
  EXPECT_TRUE(std::none_of(taken[0].readings.begin(), taken[0].readings.end(), within));
  EXPECT_GE(std::count_if(taken[1].readings.begin(), taken[1].readings.end(), within), 5);
}

TEST_F(SamplerTest, DoesNotReadAgainBecauseATurnCameWhileItWasOff) {
  auto sampler = make({});
  sampler->read_only(0);
  EXPECT_EQ(sampling_threads(), 0);
  EXPECT_EQ(state_.reads, 0);
}

TEST(SamplerOnABoard, RailsCarryTheBoardsFacts) {
  const Machine nano{LAYERWATT_FIXTURES "/boards/jetson-nano-l4t32", system_clock()};
  auto sampler = Sampler::create(nano, "ina3221", ina3221_driver.probe(nano, {}).sensors, {});
  ASSERT_TRUE(sampler);
  const auto rails = (*sampler)->rails();
  ASSERT_THAT(rails, SizeIs(3));
  EXPECT_TRUE(rails[0].channel.is_total);
  EXPECT_EQ(rails[1].channel.part_of, "POM_5V_IN");
  EXPECT_EQ(rails[0].channel.averaging, 64);
  (*sampler)->resume();
  std::vector<Reading> readings;
  const Instant deadline = system_clock().now() + 30s;
  while (readings.empty() && system_clock().now() < deadline) readings = (*sampler)->take({}, {})[0].readings;
  ASSERT_THAT(readings, Not(IsEmpty()));
  EXPECT_DOUBLE_EQ(std::get<Watts>(readings[0].value).value(), 4.294);
}

Channel refreshing(std::optional<Nanoseconds> refresh) {
  Channel channel;
  channel.refresh = refresh;
  return channel;
}

TEST(FastestUsefulPeriod, FollowsTheFastestRailWithinItsFloor) {
  EXPECT_EQ(fastest_useful_period({refreshing(6600us), refreshing(840us)}), 336us);
  EXPECT_EQ(fastest_useful_period({refreshing(280us)}), 200us);
  EXPECT_EQ(fastest_useful_period({refreshing(std::nullopt)}), 1ms);
  EXPECT_EQ(fastest_useful_period({refreshing(std::nullopt), refreshing(10ms)}), 4ms);
  EXPECT_EQ(fastest_useful_period({}), 1ms);
}

}  // namespace
}  // namespace layerwatt
