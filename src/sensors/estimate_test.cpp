// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sensors/sensor.h"

namespace layerwatt {
extern const SensorDriver estimate_driver;

namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(Estimate, SaysThatItIsEstimatedAndFromWhat) {
  const Found found = estimate_driver.probe(Machine::host(), {});
  ASSERT_THAT(found.sensors, SizeIs(1));
  const Channel& channel = found.sensors[0]->channels()[0];
  EXPECT_EQ(channel.origin, Origin::estimated);
  EXPECT_EQ(channel.meaning, Meaning::energy_total);
  EXPECT_THAT(found.sensors[0]->mode().at("curve"), HasSubstr("CPU time"));
  EXPECT_THAT(found.sensors[0]->mode().at("curve_source"), HasSubstr("SPECpower"));
}

TEST(Estimate, EnergyIsProportionalToCpuTime) {
  ManualClock clock;
  const Found found = estimate_driver.probe(Machine{"/nonexistent", clock}, Workload{1});
  clock.set_cpu_time(1s);
  const double after_one = std::get<Joules>(*found.sensors[0]->read(0)).value();
  clock.set_cpu_time(3s);
  const double after_three = std::get<Joules>(*found.sensors[0]->read(0)).value();
  EXPECT_DOUBLE_EQ(after_one, 2.76);  // documented in estimate.cpp
  EXPECT_DOUBLE_EQ(after_three, 3 * after_one);
}

TEST(Estimate, IsListedWithoutAWorkloadButCannotBeRead) {
  const Found found = estimate_driver.probe(Machine::host(), {});
  const auto value = found.sensors[0]->read(0);
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, Errc::unsupported);
  EXPECT_THAT(value.error().detail, HasSubstr("needs a workload"));
}

TEST(Estimate, ProcessThatEndedIsGone) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  const Found found = estimate_driver.probe(Machine::host(), Workload{child});
  const auto value = found.sensors[0]->read(0);
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, Errc::gone);
}

}  // namespace
}  // namespace layerwatt
