// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "report/report.h"
#include "report/testing/golden.h"
#include "report/testing/sample_profile.h"
#include "report/text.h"

namespace layerwatt {
namespace {

using testing::expect_golden;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::sample_profile;

std::string shown(const Profile& profile, int columns = 100, bool verbose = false) {
  std::ostringstream out;
  report_named("uncertainty")->write(profile, {false, true, columns, verbose}, out);
  return out.str();
}

TEST(UncertaintyReport, LooksAsItDid) { expect_golden("uncertainty_utf8.txt", shown(sample_profile())); }

TEST(UncertaintyReport, FitsTheColumnsItIsGiven) {
  Profile profile = sample_profile();
  profile.worst_origin = Origin::simulated;
  for (const int width : {80, 100, 160}) {
    std::istringstream lines{shown(profile, width, true)};
    for (std::string line; std::getline(lines, line);)
      EXPECT_LE(width_of(line), static_cast<std::size_t>(width)) << line;
  }
}

TEST(UncertaintyReport, IsPureAsciiWithoutUtf8) {
  std::ostringstream out;
  report_named("uncertainty")->write(sample_profile(), Style{}, out);
  for (const char c : out.str()) ASSERT_GE(c, 0);
}

TEST(UncertaintyReport, ShowsOtherRailsWhenVerbose) {
  EXPECT_THAT(shown(sample_profile()), Not(HasSubstr("POM_5V_GPU")));
  EXPECT_THAT(shown(sample_profile(), 100, true), HasSubstr("One inference on POM_5V_GPU"));
}

TEST(UncertaintyReport, SaysWhyAnIntervalIsWithheldAndWhatHelps) {
  const std::string text = shown(sample_profile(), 100, true);
  EXPECT_THAT(text, HasSubstr("absolute: withheld; not known of this sensor: tolerance of shunt "
                              "(--shunt-tolerance 1% assumes one)"));
}

TEST(UncertaintyReport, SaysInTheTitleThatPowerIsSimulated) {
  Profile profile = sample_profile();
  profile.worst_origin = profile.rails[0].origin = Origin::simulated;
  const std::string text = shown(profile);
  EXPECT_THAT(text.substr(0, text.find('\n')), HasSubstr("SIMULATED"));
  EXPECT_THAT(text, HasSubstr("7.28 ms, SIMULATED"));
}

TEST(UncertaintyReport, SurvivesAnEmptyProfileAndAnAbsurdWidth) {
  EXPECT_THAT(shown(Profile{}, -5), HasSubstr("No rail was read"));
}

}  // namespace
}  // namespace layerwatt
