// SPDX-License-Identifier: Apache-2.0
#include "session/returning_sensors.h"

#include <gmock/gmock.h>

#include "core/temporary_tree.h"
#include "sensors/testing/leaving_file.h"
#include "session/sampler.h"
#include "session/thread_cpu_time.h"

namespace layerwatt {
extern const SensorDriver ina3221_driver;

namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string clients = "/sys/bus/i2c/drivers/ina3221/";

// An INA3221 with one rail, as Linux 6.1 shows it, that can be unplugged and plugged in again.
class ReturningSensorsTest : public ::testing::Test {
 protected:
  ReturningSensorsTest() {
    put_chip("1-0040", "hwmon3");
    leaving_.emplace(tree_.at(clients + "1-0040/hwmon/hwmon3/curr1_input"), 400);
  }
  void put_chip(const std::string& client, const std::string& hwmon, const std::string& label = "VDD_IN",
                int samples = 1) const {
    const std::string folder = clients + client + "/hwmon/" + hwmon;
    tree_.put(folder + "/in1_label", label + "\n");
    tree_.put(folder + "/in1_input", "5000\n");
    tree_.put(folder + "/curr1_input", "800\n");
    tree_.put(folder + "/samples", std::to_string(samples) + "\n");
    tree_.put(folder + "/update_interval", "7\n");
    tree_.put(folder + "/name", "ina3221\n");  // last: before it nobody takes the folder for a chip
  }
  void unplug() {
    leaving_->leave();
    tree_.remove(clients + "1-0040/hwmon/hwmon3");
  }
  void start() {
    const Machine machine = tree_.machine();
    SamplerOptions options;
    options.period = 1ms;
    options.look_every = 5ms;
    options.look_again = [this, machine] {
      ++looks_;
      return ina3221_driver.probe(machine, {}).sensors;
    };
    auto sampler = Sampler::create(machine, "ina3221", ina3221_driver.probe(machine, {}).sensors, options);
    ASSERT_TRUE(sampler);
    sampler_ = std::move(*sampler);
    sampler_->resume();
    ASSERT_TRUE(wait_until([&] { return readings_.size() >= 5; }));
  }
  void take() {
    for (auto& rail : sampler_->take({}, {})) {
      readings_.insert(readings_.end(), rail.readings.begin(), rail.readings.end());
      gaps_.insert(gaps_.end(), rail.gaps.begin(), rail.gaps.end());
    }
    for (Event& event : sampler_->take_events()) events_.push_back(std::move(event));
  }
  // Waits for what happens, not for time: a busy machine only makes it longer.
  template <class Condition>
  bool wait_until(Condition condition) {
    const Instant deadline = system_clock().now() + 30s;
    for (take(); !condition() && system_clock().now() < deadline; take())
      system_clock().sleep_until(system_clock().now() + 1ms);
    return condition();
  }
  bool wait_for_looks(int more) {
    const int wanted = looks_ + more;
    return wait_until([&] { return looks_ >= wanted; });
  }
  bool wait_for_return() {
    return wait_until([&] { return readings_.back().value == Value{Watts{4}}; });
  }

  TemporaryTree tree_;
  std::optional<testing::LeavingFile> leaving_;
  std::atomic<int> looks_{0};
  std::unique_ptr<Sampler> sampler_;
  std::vector<Reading> readings_;
  std::vector<Gap> gaps_;
  std::vector<Event> events_;
};

TEST_F(ReturningSensorsTest, ChipThatComesBackUnderAnotherNumberIsReadOn) {
  start();
  EXPECT_EQ(looks_, 0);
  unplug();
  ASSERT_TRUE(wait_for_looks(2));
  const std::size_t before = readings_.size();
  ASSERT_TRUE(wait_for_looks(2));
  EXPECT_EQ(readings_.size(), before);
  put_chip("1-0040", "hwmon5");
  ASSERT_TRUE(wait_for_return());
  sampler_->finish();
  take();
  ASSERT_THAT(gaps_, SizeIs(1));
  EXPECT_THAT(gaps_[0].why, HasSubstr("gone: "));
  EXPECT_GT(gaps_[0].from, readings_[before - 1].after);
  EXPECT_EQ(gaps_[0].to, readings_[before].before);
  EXPECT_EQ(readings_[before - 1].value, Value{Watts{2}});
  EXPECT_EQ(readings_[before].value, Value{Watts{4}});
  ASSERT_THAT(events_, SizeIs(1));
  EXPECT_EQ(events_[0].kind, "sensor_back");
  EXPECT_EQ(events_[0].at, gaps_[0].to);
  EXPECT_THAT(events_[0].text, HasSubstr("VDD_IN of 1-0040"));
}

TEST_F(ReturningSensorsTest, NothingIsLookedForOnceAllIsThereAgain) {
  start();
  unplug();
  ASSERT_TRUE(wait_for_looks(1));
  put_chip("1-0040", "hwmon5");
  ASSERT_TRUE(wait_for_return());
  const int looks = looks_;
  const std::size_t enough = readings_.size() + 50;
  ASSERT_TRUE(wait_until([&] { return readings_.size() >= enough; }));
  EXPECT_LE(looks_, looks + 1);  // one may have been on its way
}

TEST_F(ReturningSensorsTest, AnotherChipOrRailDoesNotStandIn) {
  start();
  unplug();
  put_chip("1-0041", "hwmon3");
  put_chip("1-0040", "hwmon4", "VDD_SOC");
  ASSERT_TRUE(wait_for_looks(3));
  sampler_->finish();
  take();
  EXPECT_EQ(readings_.back().value, Value{Watts{2}});
  EXPECT_THAT(events_, IsEmpty());
  ASSERT_THAT(gaps_, SizeIs(1));
}

TEST_F(ReturningSensorsTest, ChipThatIsSetOtherwiseIsNotReadUntilItIsSetBack) {
  start();
  unplug();
  put_chip("1-0040", "hwmon5", "VDD_IN", 64);
  ASSERT_TRUE(wait_until([&] { return !events_.empty(); }));
  ASSERT_TRUE(wait_for_looks(2));
  ASSERT_THAT(events_, SizeIs(1));  // said once
  EXPECT_EQ(events_[0].kind, "sensor_otherwise");
  EXPECT_THAT(events_[0].text, AllOf(HasSubstr("VDD_IN of 1-0040"), HasSubstr("averaging")));
  EXPECT_EQ(readings_.back().value, Value{Watts{2}});
  put_chip("1-0040", "hwmon5");
  EXPECT_TRUE(wait_for_return());
}

TEST_F(ReturningSensorsTest, ChipThatCameBackWhileTheSamplerWasOffIsFoundAfterwards) {
  start();
  unplug();
  ASSERT_TRUE(wait_for_looks(1));
  sampler_->pause();
  const int looks = looks_;
  put_chip("1-0040", "hwmon5");
  system_clock().sleep_until(system_clock().now() + 20ms);
  EXPECT_EQ(looks_, looks);
  sampler_->resume();
  ASSERT_TRUE(wait_for_return());
  EXPECT_THAT(gaps_, SizeIs(1));  // one stretch, with the pause in it
}

// ---- With sensors of no machine --------------------------------------------------------------------------

class GoneSensor final : public Sensor {
 public:
  explicit GoneSensor(Meaning meaning) {
    channel_.rail = "RAIL";
    channel_.meaning = meaning;
  }
  [[nodiscard]] std::string device() const override { return "chip"; }
  [[nodiscard]] std::span<const Channel> channels() const override { return {&channel_, 1}; }
  Result<Value> read(std::size_t) override { return Error{Errc::gone, "f", "No such device"}; }

 private:
  Channel channel_;
};

std::unique_ptr<Sampler> sampler_of(Meaning meaning, const std::function<void()>& at_look) {
  const auto sensors = [meaning] {
    std::vector<std::unique_ptr<Sensor>> made;
    made.push_back(std::make_unique<GoneSensor>(meaning));
    return made;
  };
  SamplerOptions options;
  options.period = 1ms;
  options.look_every = 1ms;
  options.look_again = [=] {
    at_look();
    return sensors();
  };
  return std::move(*Sampler::create(Machine{"/nonexistent", system_clock()}, "gone", sensors(), options));
}

bool wait_for(const std::atomic<int>& count, int wanted) {
  const Instant deadline = system_clock().now() + 30s;
  while (count < wanted && system_clock().now() < deadline)
    system_clock().sleep_until(system_clock().now() + 1ms);
  return count >= wanted;
}

TEST(ReturningSensors, LookingIsInTheSamplersProcessorTime) {
  std::atomic<int> looks{0};
  const auto sampler = sampler_of(Meaning::power_now, [&] {
    const Nanoseconds from = thread_cpu_time();
    while (thread_cpu_time() < from + 20ms) {
    }
    ++looks;
  });
  sampler->resume();
  ASSERT_TRUE(wait_for(looks, 2));
  EXPECT_GE(sampler->finish().cpu_time, 40ms);
}

TEST(ReturningSensors, CounterThatLeftIsNotReadOn) {
  std::atomic<int> looks{0};
  const auto sampler = sampler_of(Meaning::energy_total, [&] { ++looks; });
  sampler->resume();
  ASSERT_TRUE(wait_for(looks, 3));
  sampler->finish();
  const auto events = sampler->take_events();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_THAT(events[0].text, HasSubstr("counter"));
}

TEST(SetOtherwise, VoltageOfTheMomentAndNeighboursDoNotCount) {
  Channel before, now;
  before.rail = "ch1";
  now.rail = "ch1@1-0040";
  now.quantum = Watts{0.04};
  now.accuracy.bus = Volts{5};
  now.is_total = true;
  EXPECT_THAT(set_otherwise(before, now), IsEmpty());
  now.averaging = 64;
  now.accuracy.shunt = Ohms{0.005};
  EXPECT_EQ(set_otherwise(before, now), "averaging, shunt");
}

}  // namespace
}  // namespace layerwatt
