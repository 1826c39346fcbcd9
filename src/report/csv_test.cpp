// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <vector>

#include "report/report.h"
#include "report/testing/sample_profile.h"

namespace layerwatt {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;

std::vector<std::string> csv(const Profile& profile) {
  std::ostringstream out;
  report_named("csv")->write(profile, Style{}, out);
  std::istringstream in{out.str()};
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

double number_at(const std::string& line, int wanted) {
  std::istringstream in{line};
  std::string text;
  for (int i = 0; i <= wanted; ++i) std::getline(in, text, ',');
  return std::stod(text);
}

TEST(Csv, HasOneRowALayerAndRail) {
  const auto lines = csv(testing::sample_profile());
  ASSERT_EQ(lines.size(), 1U + 10 * 2);
  EXPECT_THAT(lines[1], StartsWith("0,conv1 + relu1,Conv,"));
  EXPECT_THAT(lines[1], ::testing::HasSubstr(",0.00193,POM_5V_IN,measured,1,0.0121783,"));
  EXPECT_THAT(lines[2], ::testing::HasSubstr(",POM_5V_GPU,measured,0,"));
}

TEST(Csv, HasBothIntervals) {
  const auto lines = csv(testing::sample_profile());
  EXPECT_THAT(lines[0],
              ::testing::HasSubstr(
                  ",energy_j,energy_low_j,energy_high_j,energy_absolute_low_j,energy_absolute_high_j,"));
  const auto cell = [&](int wanted) { return number_at(lines[1], wanted); };
  EXPECT_LT(cell(15), cell(13));  // the absolute interval holds the relative one
  EXPECT_LT(cell(13), cell(12));
  EXPECT_GT(cell(16), cell(14));
  EXPECT_THAT(lines[2], ::testing::HasSubstr(",,,"));  // withheld on the other rail
}

TEST(Csv, DividesByTheInputsOfABatchAndNotByInferencesInFlight) {
  Profile profile = testing::sample_profile();
  profile.batch = 4;
  profile.in_flight = 2;
  const auto lines = csv(profile);
  EXPECT_THAT(lines[0], EndsWith(",duration_per_input_s,energy_per_input_j,inference_time_per_input_s,"
                                 "inference_energy_per_input_j"));
  EXPECT_NEAR(number_at(lines[1], 24), 0.00193 / 4, 1e-9);
  EXPECT_NEAR(number_at(lines[1], 25), 0.0121783 / 4, 1e-9);
  EXPECT_NEAR(number_at(lines[1], 26), seconds(profile.inference_time) / 4, 1e-9);
  EXPECT_NEAR(number_at(lines[1], 27), profile.rails[0].inference.value.value() / 4, 1e-12);
}

TEST(Csv, FlagsSubstitutionsAndPartsOnEveryRow) {
  Profile profile = testing::sample_profile();
  profile.circumstances["model.part"] = "conv1";
  profile.circumstances["model.substitutions"] = "Pad for pool1";
  const auto lines = csv(profile);
  for (std::size_t i = 1; i < lines.size(); ++i)
    EXPECT_THAT(lines[i], ::testing::HasSubstr(",conv1,Pad for pool1,")) << lines[i];
  EXPECT_THAT(lines[1], ::testing::HasSubstr(",layer,,conv1,"));
}

TEST(Csv, SaysInWhichGroupALayerIsAddedUp) {
  Profile profile = testing::sample_profile();
  profile.roll_up = "type";
  profile.layers[0].group = "Conv";
  EXPECT_THAT(csv(profile)[1], ::testing::HasSubstr(",layer,Conv,"));
}

TEST(Csv, LeavesWhatIsNotKnownEmpty) {
  EXPECT_THAT(csv(testing::sample_profile())[13],
              ::testing::HasSubstr(",POM_5V_IN,measured,1,,,,,,,,0,reformat,,,,"));
}

TEST(Csv, HasAsManyCellsInEveryRowAlsoWithoutRails) {
  Profile profile = testing::sample_profile();
  const auto cells = [](const std::string& line) { return std::count(line.begin(), line.end(), ','); };
  for (const auto& line : csv(profile)) EXPECT_EQ(cells(line), 27) << line;
  profile.rails.clear();
  for (const auto& line : csv(profile)) EXPECT_EQ(cells(line), 27) << line;
}

TEST(Csv, QuotesNamesThatWouldBreakARow) {
  Profile profile = testing::sample_profile();
  profile.layers[0].layer.name = "a,\"b\"";
  EXPECT_THAT(csv(profile)[1], StartsWith("0,\"a,\"\"b\"\"\",Conv"));
}

}  // namespace
}  // namespace layerwatt
