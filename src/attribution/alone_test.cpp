// SPDX-License-Identifier: Apache-2.0
#include "attribution/alone.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "attribution/testing/simple_run.h"

namespace layerwatt {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A convolution between two reorders; every part has a power of its own.
Timeline cut_out() {
  testing::SimpleRun run;
  run.layers = {{std::chrono::milliseconds{2}, 4},
                {std::chrono::milliseconds{6}, 5},
                {std::chrono::milliseconds{3}, 2}};
  Timeline timeline = testing::simple_run(run);
  timeline.layers[0].type = timeline.layers[2].type = "layout";
  timeline.circumstances["model.part"] = "conv1";
  return timeline;
}

Profile chronological(const Timeline& timeline) {
  AttributionOptions options;
  options.method = "chronological";
  auto profile = attribute(timeline, options);
  EXPECT_TRUE(profile) << profile.error().detail;
  return profile ? std::move(*profile) : Profile{};
}

TEST(Alone, LeavesTheReformatOutOfTheLayers) {
  const Profile profile = chronological(cut_out());
  ASSERT_TRUE(profile.alone);
  EXPECT_EQ(profile.alone->what, "conv1");
  EXPECT_THAT(profile.alone->layers, ElementsAre(1));
  EXPECT_THAT(profile.alone->reformat, ElementsAre(0, 2));
  EXPECT_EQ(profile.alone->time, profile.layers[1].duration);
  const RailProfile& rail = profile.rails.at(0);
  ASSERT_TRUE(rail.alone && rail.alone->layers && rail.alone->reformat);
  EXPECT_DOUBLE_EQ(rail.alone->layers->value.value(), rail.layers[1].energy->value.value());
  EXPECT_NEAR(rail.alone->reformat->value.value(),
              (rail.layers[0].energy->value + rail.layers[2].energy->value).value(), 1e-12);
  EXPECT_GT(rail.alone->reformat->value.value(), 0.0);
  // Nothing is lost by it.
  const Joules all = rail.alone->layers->value + rail.alone->reformat->value + rail.gaps + rail.unexplained;
  EXPECT_NEAR(all / rail.inference.value, 1, 1e-12);
}

TEST(Alone, IsNothingThatAWholeNetworkHas) {
  Timeline whole = cut_out();
  whole.circumstances.erase("model.part");
  const Profile profile = chronological(whole);
  EXPECT_FALSE(profile.alone);
  EXPECT_FALSE(profile.rails.at(0).alone);
}

TEST(Alone, WithoutReformatTheRestIsZeroAndNotUnknown) {
  Timeline plain = cut_out();
  plain.layers[0].type = plain.layers[2].type = "Conv";
  const Profile profile = chronological(plain);
  ASSERT_TRUE(profile.alone);
  EXPECT_THAT(profile.alone->reformat, IsEmpty());
  EXPECT_EQ(profile.rails.at(0).alone->reformat->value, Joules{});
}

}  // namespace
}  // namespace layerwatt
