// SPDX-License-Identifier: Apache-2.0
#include "attribution/precision.h"

#include <gtest/gtest.h>

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

// Layers of 1 J and 10 ms each, with these half-widths, after 100 inferences.
Profile profile_with(const std::vector<double>& half_widths) {
  Profile profile;
  profile.method = "forward";
  profile.mark_bias = 1us;
  profile.inferences = 100;
  profile.marked_whole.mean = 90ms;
  RailProfile rail;
  rail.rail = "VDD_IN";
  rail.pause = 10ms;
  for (const double half_width : half_widths) {
    LayerProfile layer;
    layer.runs = 100;
    layer.marked.mean = layer.duration = 10ms;
    profile.layers.push_back(layer);
    LayerEnergy energy;
    energy.energy = {Joules{1}, {{Joules{1 - half_width}, Joules{1 + half_width}}}};
    rail.layers.push_back(energy);
  }
  profile.rails = {rail};
  return profile;
}

Precision precision_with(Nanoseconds mark_bias, Profile profile, double target) {
  profile.mark_bias = mark_bias;
  return precision_of(profile, target);
}

void join(std::vector<std::size_t> layers, double half_width, Profile& profile,
          std::optional<Nanoseconds> more_time = {}) {
  JoinedLayers group;
  group.more_time = more_time;
  group.energy = Joules{static_cast<double>(layers.size())};
  group.half_width = group.energy * half_width;
  group.layers = std::move(layers);
  profile.rails[0].joined.push_back(group);
}

// The neighbour draws three times as much, so 200 W are at stake at one end and 100 W at the other.
TEST(Precision, ReckonsWithNeighboursThatDrawMore) {
  Profile profile = profile_with({0.10, 0.04});
  profile.rails[0].layers[1].power = Watts{300};
  EXPECT_FALSE(
      precision_with(115us, profile, 0.05).needed);          // 1.96 sqrt(200^2 + 100^2) 115 us / 1 J = 5.04 %
  EXPECT_TRUE(precision_with(113us, profile, 0.05).needed);  // 4.95 %
}

TEST(Precision, IsReachedWhenNineteenOfTwentyLayersAreWithin) {
  std::vector<double> widths(20, 0.04);
  widths[7] = 0.5;
  const Precision reached = precision_with(0ns, profile_with(widths), 0.05);
  EXPECT_TRUE(reached.reached());
  EXPECT_EQ(reached.units, 20u);
  EXPECT_EQ(reached.within, 19u);
  EXPECT_NEAR(*reached.half_width, 0.04, 1e-12);
  EXPECT_EQ(brief(reached), "19 of 20 within 5 %");
  widths[8] = 0.5;
  EXPECT_FALSE(precision_with(0ns, profile_with(widths), 0.05).reached());
}

TEST(Precision, NeedsInferencesWithTheSquareOfTheHalfWidth) {
  const Precision precision = precision_with(0ns, profile_with({0.04, 0.10}), 0.05);
  EXPECT_FALSE(precision.reached());
  EXPECT_NEAR(static_cast<double>(*precision.needed), 400, 1);  // 100 (0.10 / 0.05)^2
}

// Marks of 100 us at both ends of 10 ms: 1.96 sqrt(2) 0.01 = 2.77 % that stay. Of 10 % the rest, squared
// 0.01 - 0.000768, has to fall to 0.0025 - 0.000768: 5.33 times as many.
TEST(Precision, ExpectsNothingOfTimeThatMarksLeaveOpen) {
  const Profile profile = profile_with({0.04, 0.10});
  EXPECT_EQ(precision_with(100us, profile, 0.05).needed, 534u);
  const Precision hopeless = precision_with(200us, profile, 0.05);
  EXPECT_FALSE(hopeless.needed);
  EXPECT_EQ(hopeless.too_short, 1u);
  EXPECT_NEAR(*hopeless.reachable, 0.0554, 0.0001);
  EXPECT_NEAR(*hopeless.half_width, 0.10, 1e-12);
}

TEST(Precision, IsNotReachedWhileTheLagIsAmbiguous) {
  Profile profile = profile_with({0.04, 0.04});
  profile.rails[0].fit.emplace().lag_margin = 49;
  EXPECT_FALSE(precision_with(0ns, profile, 0.05).reached());
  EXPECT_FALSE(precision_with(0ns, profile, 0.05).needed);
  profile.rails[0].fit->lag_margin = 51;
  EXPECT_TRUE(precision_with(0ns, profile, 0.05).reached());
}

TEST(Precision, CountsLayersThatAreKnownOnlyTogetherOnce) {
  Profile profile = profile_with({0.9, 0.9, 0.9, 0.04});
  join({0, 1, 2}, 0.03, profile);
  const Precision precision = precision_with(0ns, profile, 0.05);
  EXPECT_EQ(precision.units, 2u);
  EXPECT_EQ(precision.groups, 1u);
  EXPECT_EQ(precision.grouped, 3u);
  EXPECT_TRUE(precision.reached());
}

TEST(Precision, IsNotReachedByTheSumOfAllLayers) {
  Profile profile = profile_with({0.9, 0.9});
  join({0, 1}, 0.01, profile);
  EXPECT_FALSE(precision_with(0ns, profile, 0.05).reached());
  EXPECT_FALSE(precision_with(0ns, profile, 0.05).needed);
}

// 10 s were measured. A group of 6 % needs 1.44 times as long, and does not part in four times as long. One
// that parts in 1.25 times as long has a layer known to 20 % then, so to 22.4 % now: 20 times as long.
TEST(Precision, ExpectsGroupsThatPartBeforeTheyAreWithinToNeedWhatTheirLayersDo) {
  Profile profile = profile_with({0.9, 0.9, 0.04});
  join({0, 1}, 0.06, profile, 30s);
  EXPECT_NEAR(static_cast<double>(*precision_with(0ns, profile, 0.05).needed), 144, 1);
  profile.rails[0].joined[0].more_time = 2500ms;
  EXPECT_NEAR(static_cast<double>(*precision_with(0ns, profile, 0.05).needed), 2000, 1);
  profile.rails[0].joined[0].always_together = true;
  EXPECT_NEAR(static_cast<double>(*precision_with(0ns, profile, 0.05).needed), 144, 1);
}

// Of all layers together nothing can be told before they part: in 30 s, with 20 %, 4 x 16 times as long as
// now.
TEST(Precision, ExpectsASingleGroupToPart) {
  Profile profile = profile_with({0.9, 0.9});
  join({0, 1}, 0.01, profile, 30s);
  EXPECT_NEAR(static_cast<double>(*precision_with(0ns, profile, 0.05).needed), 6400, 1);
}

TEST(Precision, LooksAtTheTotalWhereThereIsOne) {
  Timeline timeline;
  timeline.rails.resize(3);
  timeline.rails[2].channel.is_total = true;
  timeline.rails[1].readings.resize(1);
  timeline.rails[2].readings.resize(1);
  Timeline without = timeline;
  without.rails[2].channel.is_total = false;
  without.rails[1].channel.rail = "first that was read";
  keep_headline_rail(timeline);
  ASSERT_EQ(timeline.rails.size(), 1u);
  EXPECT_TRUE(timeline.rails[0].channel.is_total);
  keep_headline_rail(without);
  ASSERT_EQ(without.rails.size(), 1u);
  EXPECT_EQ(without.rails[0].channel.rail, "first that was read");
}

TEST(Precision, TellsNothingWithoutIntervals) {
  Profile profile = profile_with({0.04, 0.04});
  profile.rails[0].layers[1].energy->interval.reset();
  const Precision precision = precision_with(0ns, profile, 0.05);
  EXPECT_FALSE(precision.reached());
  EXPECT_FALSE(precision.half_width);
  EXPECT_FALSE(precision.needed);
  EXPECT_EQ(precision.within, 1u);
  profile.rails.clear();
  EXPECT_FALSE(precision_with(0ns, profile, 0.05).reached());
}

TEST(Precision, LeavesOutLayersThatNeverRan) {
  Profile profile = profile_with({0.04, 0.04});
  profile.layers[1].runs = 0;
  profile.rails[0].layers[1].energy.reset();
  EXPECT_EQ(precision_with(0ns, profile, 0.05).units, 1u);
  EXPECT_TRUE(precision_with(0ns, profile, 0.05).reached());
}

TEST(PrecisionNotes, SayNothingUnlessAPrecisionWasAskedForAndTheMethodKnows) {
  Profile profile = profile_with({0.1});
  EXPECT_TRUE(precision_notes(profile, {}).empty());
  profile.circumstances["precision"] = "5%";
  EXPECT_FALSE(precision_notes(profile, {}).empty());
  profile.method = "chronological";
  EXPECT_TRUE(precision_notes(profile, {}).empty());
}

TEST(PrecisionNotes, SayWhatWouldHelpMostHelpfulFirst) {
  Profile profile = profile_with({0.04, 0.10});
  profile.circumstances["precision"] = "5%";
  profile.rails[0].period = 3ms;
  std::vector<RailRecord> rails(2);
  rails[0].channel.rail = "VDD_IN";
  rails[1].channel.rail = "VDD_GPU";
  for (RailRecord& rail : rails) rail.readings.resize(1);
  rails[0].channel.averaging = 64;
  rails[0].channel.aperture = 20ms;
  rails[0].channel.refresh = 1ms;
  const auto notes = precision_notes(profile, rails);
  ASSERT_EQ(notes.size(), 2u);
  EXPECT_NE(notes[0].find("not reached: 1 of 2 layers"), std::string::npos) << notes[0];
  EXPECT_NE(notes[0].find("10 %"), std::string::npos) << notes[0];
  // 100 (0.10 / 0.05)^2, and a little for marks of 1 us.
  const std::string& help = notes[1];
  const auto average = help.find("does not average"), alone = help.find("-e VDD_IN, or a longer conversion"),
             time = help.find("about 31 s more (401 inferences");
  EXPECT_LT(average, alone) << help;
  EXPECT_LT(alone, time) << help;
  EXPECT_NE(time, std::string::npos) << help;
  EXPECT_EQ(help.find("shorter"), std::string::npos) << help;
}

TEST(PrecisionNotes, WantShorterConversionsOnlyWhereReadsKeepUp) {
  Profile profile = profile_with({0.04, 0.10});
  profile.circumstances["precision"] = "5%";
  std::vector<RailRecord> rails(1);
  rails[0].channel.rail = "VDD_IN";
  rails[0].channel.aperture = 20ms;
  rails[0].channel.refresh = 30ms;
  profile.rails[0].period = 3ms;  // keeps up with a refresh of 3 / 0.9 ms, a ninth of this one
  EXPECT_NE(precision_notes(profile, rails)[1].find("20 ms is longer than 2 of 2 layers; down to 2.22 ms"),
            std::string::npos);
  profile.rails[0].period = 31ms;
  EXPECT_NE(precision_notes(profile, rails)[1].find("a longer conversion time (VDD_IN is read every 31 ms"),
            std::string::npos);
}

TEST(PrecisionNotes, AskForNothingOnceItIsReached) {
  Profile profile = profile_with({0.04});
  profile.circumstances["precision"] = "5%";
  const auto notes = precision_notes(profile, {});
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_NE(notes[0].find("reached: 1 of 1"), std::string::npos);
}

}  // namespace
}  // namespace layerwatt
