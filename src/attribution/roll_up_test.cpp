// SPDX-License-Identifier: Apache-2.0
#include "attribution/roll_up.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "attribution/profile.h"
#include "attribution/testing/simple_run.h"

namespace layerwatt {
namespace {

using ::testing::HasSubstr;

Layer convolution() {
  Layer layer;
  layer.name = "layer2.0.conv1 + relu";
  layer.type = "Conv";
  layer.module = "layer2.0";
  layer.implementation = "gemm:jit";
  return layer;
}

TEST(RollUp, GoesByWhatIsAskedFor) {
  EXPECT_EQ(RollUp::by("module")->group_of(convolution()), "layer2.0");
  EXPECT_EQ(RollUp::by("type")->group_of(convolution()), "Conv");
  EXPECT_EQ(RollUp::by("implementation")->group_of(convolution()), "gemm:jit");
  EXPECT_EQ(RollUp::by("layer[0-9]")->group_of(convolution()), "layer2");
  EXPECT_EQ(RollUp::by("(conv|fc)[0-9]")->group_of(convolution()), "conv");
}

TEST(RollUp, NamesWhatHasNoGroup) {
  EXPECT_EQ(RollUp::by("^fc")->group_of(convolution()), "(others)");
  EXPECT_EQ(RollUp::by("x*")->group_of(convolution()), "(others)");  // matches nothing, everywhere
  EXPECT_EQ(RollUp::by("implementation")->group_of(Layer{}), "(not told)");
  EXPECT_EQ(RollUp::by("module")->group_of(Layer{}), "");
}

TEST(RollUp, RefusesWhatIsNoExpression) {
  EXPECT_THAT(RollUp::by("(conv").error().where, HasSubstr("(conv"));
  EXPECT_FALSE(RollUp::by(""));
  EXPECT_FALSE(RollUp::by(std::string(1000, 'a')));
}

TEST(RollUp, LongNamesAreNotSearched) {
  Layer layer;
  layer.name = std::string(1'000'000, 'a');
  EXPECT_EQ(RollUp::by("(a|b)*")->group_of(layer), "(others)");
}

// Each layer is in one group, so that groups conserve energy as layers do.
TEST(RollUp, GroupsOfARunAddUpToItsLayers) {
  const Timeline run = testing::simple_run();
  for (const char* by : {"type", "implementation", "^(.)"}) {
    AttributionOptions options;
    options.method = "chronological";
    options.roll_up = by;
    const auto profile = attribute(run, options);
    ASSERT_TRUE(profile) << profile.error().detail;
    const RailProfile& rail = profile->rails.at(0);
    Joules layers{}, groups{};
    std::size_t members = 0;
    for (const LayerEnergy& layer : rail.layers) layers += layer.energy->value;
    for (const ModuleEnergy& group : rail.modules) {
      groups += group.energy->value;
      members += group.layers.size();
    }
    EXPECT_EQ(members, rail.layers.size()) << by;
    EXPECT_NEAR(groups / layers, 1, 1e-12) << by;
  }
  AttributionOptions options;
  options.roll_up = "(";
  EXPECT_EQ(attribute(run, options).error().code, Errc::malformed);
}

}  // namespace
}  // namespace layerwatt
