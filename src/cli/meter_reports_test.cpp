// SPDX-License-Identifier: Apache-2.0
#include "cli/meter_reports.h"

#include <gmock/gmock.h>

#include <sstream>

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

// A meter that sees 2 W, 2.1 W while the board is sampled and 6 W under load; the board's rail says 0.5 W
// less.
MeteredRun made() {
  MeteredRun run;
  run.meter.resize(1);
  run.rails.resize(1);
  run.meter[0].channel.rail = "supply";
  run.meter[0].sensor = "csv";
  run.rails[0].channel.rail = "VDD_IN";
  run.rails[0].channel.is_total = true;
  run.rails[0].channel.averaging = 1;
  run.meter[0].channel.averaging = 1;
  Instant now{};
  for (int i = 0; i < 12; ++i) {
    const bool sampled = i % 3 != 0, loaded = i % 3 == 2;
    run.parts.push_back({{now, now + 1s}, sampled, loaded});
    const double watts = (loaded ? 6 : 2) + (sampled ? 0.1 : 0) + (i % 2 == 0 ? 1e-3 : -1e-3);
    for (int k = 0; k <= 1000; ++k) {
      const Instant at = now + k * 1ms;
      run.meter[0].readings.push_back({at, at, Watts{watts}});
      if (sampled) run.rails[0].readings.push_back({at, at, Watts{watts - 0.5}});
    }
    now += 1500ms;
  }
  return run;
}

std::string printed(const MeterFound& found) {
  std::ostringstream out, err;
  Terminal terminal{out, err, {}, false};
  print_meter(found, terminal);
  return out.str();
}

TEST(MeterReports, SayWhatSamplingAddsAndWhatIsLostOnTheWay) {
  const auto found = meter_from(made(), "");
  ASSERT_TRUE(found) << found.error().detail;
  ASSERT_TRUE(found->sampling && found->rails.at(0).beside);
  EXPECT_NEAR(found->sampling->effect_w.value, 0.1, 2e-3);
  const RailBesideMeter& beside = *found->rails[0].beside;
  EXPECT_NEAR(beside.gain.value, 1, 1e-6);
  EXPECT_NEAR(beside.offset_w.value, -0.5, 1e-6);
  EXPECT_NEAR(beside.idle_missing_w.value, 0.5, 1e-6);
  EXPECT_THAT(printed(*found), HasSubstr("sampling adds 100."));
  EXPECT_THAT(printed(*found), HasSubstr("VDD_IN (total)"));
  EXPECT_NEAR(meter_json(*found).at("rails").at(0).at("gain").get<double>(), 1, 1e-6);
}

TEST(MeterReports, WhatAMeterDoesNotTellIsNull) {
  MeteredRun run = made();
  run.meter[0].readings.clear();
  const auto found = meter_from(run, "supply");
  ASSERT_TRUE(found);
  EXPECT_THAT(printed(*found), HasSubstr("what sampling adds is not known"));
  EXPECT_TRUE(meter_json(*found).at("sampling").is_null());
  EXPECT_TRUE(meter_json(*found).at("rails").at(0).at("gain").is_null());
}

TEST(MeterReports, ARailThatTheMeterHasNotIsSaid) {
  const auto found = meter_from(made(), "battery");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().detail, "the meter has: supply");
}

}  // namespace
}  // namespace layerwatt
