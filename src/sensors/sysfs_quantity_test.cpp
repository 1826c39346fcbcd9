// SPDX-License-Identifier: Apache-2.0
#include "sensors/sysfs_quantity.h"

#include <gmock/gmock.h>

#include <limits>

namespace layerwatt::sysfs {
namespace {

using ::testing::HasSubstr;

TEST(SysfsQuantity, MillionthsBecomeUnits) {
  EXPECT_DOUBLE_EQ(watts_from_microwatts(4'310'000, "f")->value(), 4.31);
  EXPECT_DOUBLE_EQ(watts_from_microwatts(-40'000, "f")->value(), -0.04);
  EXPECT_DOUBLE_EQ(joules_from_microjoules(61, "f")->value(), 61e-6);
}

TEST(SysfsQuantity, WhatNoMachineDrawsIsRefused) {
  for (const long long value :
       {1'000'000'000'001LL, -1'000'000'000'001LL, std::numeric_limits<long long>::min()})
    EXPECT_EQ(watts_from_microwatts(value, "f").error().code, Errc::malformed);
  EXPECT_EQ(watts_from_microwatts(1LL << 62, "power1_input").error().where, "power1_input");
}

TEST(SysfsQuantity, EnergyBelowZeroIsRefused) {
  EXPECT_EQ(joules_from_microjoules(-1, "f").error().code, Errc::malformed);
  EXPECT_TRUE(joules_from_microjoules(std::numeric_limits<long long>::max(), "f"));
}

TEST(SysfsQuantity, LabelsAreShortAndPrintable) {
  EXPECT_TRUE(is_label("package-0"));
  EXPECT_FALSE(is_label(""));
  EXPECT_FALSE(is_label("two words"));
  EXPECT_FALSE(is_label("\x1b[31m"));
  EXPECT_FALSE(is_label("\xff"));
  EXPECT_FALSE(is_label(std::string(65, 'a')));
}

TEST(SysfsQuantity, OnlyBusyAndLateSensorsAreTriedAgain) {
  EXPECT_TRUE(passes(Error{Errc::busy, {}, {}}));
  EXPECT_TRUE(passes(Error{Errc::timeout, {}, {}}));
  for (const Errc code : {Errc::permission, Errc::gone, Errc::malformed, Errc::io, Errc::unsupported})
    EXPECT_FALSE(passes(Error{code, {}, {}}));
}

TEST(SysfsQuantity, EveryReasonHasARemedy) {
  for (const Errc code : {Errc::permission, Errc::gone, Errc::malformed, Errc::io, Errc::not_found}) {
    const Skipped reason = skipped("rail", Error{code, "/sys/file", "broken"});
    EXPECT_THAT(reason.why, HasSubstr("/sys/file: broken"));
    EXPECT_FALSE(reason.remedy.empty());
  }
}

}  // namespace
}  // namespace layerwatt::sysfs
