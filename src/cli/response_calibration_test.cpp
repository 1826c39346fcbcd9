// SPDX-License-Identifier: Apache-2.0
#include "cli/response_calibration.h"

#include <gtest/gtest.h>

#include "core/temporary_tree.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

RailResponse seen_by_load() {
  RailResponse found;
  found.rail.sensor = "virtual";
  found.rail.channel.rail = "POM_5V_IN";
  found.rail.channel.origin = Origin::simulated;
  found.response.emplace();
  found.response->lag = 1ms;
  found.response->time_constant = 53ms;
  found.pace.emplace();
  found.pace->between = 300us;
  found.pace->renewed = 840us;
  return found;
}

TEST(ResponseCalibration, KeepsWhatARailToldAndNoMore) {
  const auto both = measured_response(seen_by_load(), "now");
  ASSERT_TRUE(both && both->delay && both->refresh);
  EXPECT_EQ(both->delay->time_constant, 53ms);
  EXPECT_EQ(both->refresh->half_width, 300us);
  RailResponse still = seen_by_load();
  still.response.reset();
  EXPECT_FALSE(measured_response(still, "now")->delay);
  still.pace->renewed.reset();
  EXPECT_FALSE(measured_response(still, "now"));
}

TEST(ResponseCalibration, IsFoundAgainInTheFileForTheSameVirtualBoard) {
  const TemporaryTree folder;
  CalibrationPlace place{folder.at("c.json"), {}};
  const auto kept = keep_responses({seen_by_load()}, "virtual:jetson-nano", "20s", place);
  ASSERT_TRUE(kept) << kept.error().detail;
  EXPECT_EQ(*kept, "POM_5V_IN");
  const auto stored = load_calibrations(place.file);
  ASSERT_TRUE(stored) << stored.error().detail;
  EXPECT_EQ(stored->at(0).of.board, "NVIDIA Jetson Nano Developer Kit (virtual)");
  EXPECT_EQ(stored->at(0).provenance.at("response.origin"), "simulated");
  EXPECT_EQ(stored->at(0).response->made.size(), std::string{"2026-11-22 04:35 UTC"}.size());
}

TEST(ResponseCalibration, NothingToldIsNotKept) {
  const TemporaryTree folder;
  CalibrationPlace place{folder.at("c.json"), {}};
  RailResponse still;
  EXPECT_EQ(keep_responses({still}, "virtual:jetson-nano", "20s", place).error().code, Errc::not_found);
  EXPECT_FALSE(std::filesystem::exists(place.file));
}

}  // namespace
}  // namespace layerwatt
