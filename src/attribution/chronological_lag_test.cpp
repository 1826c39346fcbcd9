// SPDX-License-Identifier: Apache-2.0
#include "attribution/chronological_lag.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "attribution/chronological.h"
#include "attribution/profile.h"
#include "attribution/testing/hand_run.h"
#include "attribution/testing/simple_run.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using testing::at_ms;
using ::testing::Contains;
using testing::hand_rail;
using testing::hand_run;
using ::testing::HasSubstr;

TEST(ChronologicalLag, PutsReadsBackToTheMomentTheyShow) {
  const RailRecord rail = hand_rail({{5, 6, 5}, {11.2, 11.6, 3}});
  const auto moments = windows_before(rail, PowerTrace{rail}, 1500us);
  EXPECT_EQ(moments.at(0).from, at_ms(4));
  EXPECT_EQ(moments.at(0).to, at_ms(4));
  const Timeline timeline = hand_run();
  const Execution execution = execution_of(timeline);
  const auto powers = map_chronologically(moments, execution, execution.segments, 2);  // at 4 ms and 9.9 ms
  EXPECT_NEAR(powers.layers[0].mean->value(), 5, 1e-12);
  EXPECT_NEAR(powers.layers[1].mean->value(), 3, 1e-12);
}

TEST(ChronologicalLag, CountsFromTheBeginningOfAReadThatStartsTheConversion) {
  RailRecord rail = hand_rail({{5, 9, 5}});
  rail.channel.aperture = 140us;
  EXPECT_EQ(windows_before(rail, PowerTrace{rail}, -500us).at(0).from, at_ms(5.5));
}

TEST(ChronologicalLag, PutsBackWhatACounterCounted) {
  RailRecord rail;
  rail.channel.meaning = Meaning::energy_total;
  for (const auto& [when, joules] : std::vector<std::pair<double, double>>{{1, 0}, {3, 0.006}, {5, 0.016}})
    rail.readings.push_back({at_ms(when), at_ms(when), Joules{joules}});
  const auto windows = windows_before(rail, PowerTrace{rail}, 1700us);  // 0.7 ms behind the end
  EXPECT_EQ(windows.at(0).from, at_ms(0.3));
  EXPECT_EQ(windows.at(0).to, at_ms(2.3));
  EXPECT_DOUBLE_EQ(windows.at(0).power.value(), 3);
}

// A perfect sensor that shows everything 1.5 ms late, read every 100 us for 25 us or less around its moment.
// The fit tells the lag to a part of that period; were it off by all of it, a fortieth of the first layer's
// readings would show the 1 W before it, or the 3 W after it.
TEST(ChronologicalLag, FindsLayersBehindALag) {
  Timeline timeline = testing::simple_run();
  for (Reading& reading : timeline.rails[0].readings) {
    reading.before += 1500us;
    reading.after += 1500us;
  }
  AttributionOptions options;
  options.method = "chronological-lag";
  const auto profile = attribute(timeline, options);
  ASSERT_TRUE(profile);
  EXPECT_NEAR(profile->rails.at(0).layers[0].power->value(), 5, 4.0 / 40);
  EXPECT_NEAR(profile->rails.at(0).layers[1].power->value(), 3, 2.0 / 60);
  EXPECT_THAT(profile->notes, Contains(HasSubstr("put back by 1.5")));
  options.method = "chronological";
  // In the layer's first 1.5 of 4 ms the sensor still shows the 1 W from before it.
  EXPECT_NEAR(attribute(timeline, options)->rails.at(0).layers[0].power->value(), (1.5 * 1 + 2.5 * 5) / 4,
              1e-9);
}

}  // namespace
}  // namespace layerwatt
