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

using ::testing::AllOf;
using testing::expect_golden;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::sample_profile;

std::string terminal(const Profile& profile, const Style& style) {
  std::ostringstream out;
  report_named("terminal")->write(profile, style, out);
  return out.str();
}

Style columns(int count) { return {false, true, count, false}; }

TEST(Terminal, LooksAsItDid) { expect_golden("terminal_utf8.txt", terminal(sample_profile(), columns(100))); }

TEST(Terminal, LosesOnlyLooksWithoutUtf8) {
  expect_golden("terminal_ascii.txt", terminal(sample_profile(), Style{}));
}

TEST(Terminal, IsPureAsciiWithoutUtf8) {
  Profile profile = sample_profile();
  profile.layers[0].layer.name = "café";
  for (const char c : terminal(profile, Style{})) ASSERT_GE(c, 0);
}

TEST(Terminal, ColoursNothingButWhatItPaints) {
  const std::string coloured = terminal(sample_profile(), {true, true, 100, false});
  std::string stripped;
  for (std::size_t i = 0; i < coloured.size(); ++i)
    if (coloured[i] == '\033')
      i = coloured.find('m', i);
    else
      stripped += coloured[i];
  EXPECT_NE(coloured, stripped);
  EXPECT_EQ(stripped, terminal(sample_profile(), columns(100)));
}

TEST(Terminal, FitsTheColumnsItIsGiven) {
  Profile profile = sample_profile();
  profile.worst_origin = Origin::simulated;
  for (const int width : {80, 100, 160}) {
    std::istringstream lines{terminal(profile, columns(width))};
    for (std::string line; std::getline(lines, line);)
      EXPECT_LE(width_of(line), static_cast<std::size_t>(width)) << line;
  }
}

std::string line_with(const std::string& text, const std::string& word) {
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);)
    if (line.find(word) != std::string::npos) return line;
  return {};
}

TEST(Terminal, DividesFusedLayersByMacsWhereThatIsAskedFor) {
  Profile profile = sample_profile();
  Layer& fused = profile.layers[0].layer;  // of 12.2 mJ
  fused.sources = {"conv1", "relu1", "conv1b"};
  fused.source_macs = {3000, 0, 1000};
  EXPECT_THAT(terminal(profile, columns(100)), Not(HasSubstr("MACs")));
  Style style = columns(100);
  style.split_fused = true;
  const std::string text = terminal(profile, style);
  EXPECT_THAT(line_with(text, "   conv1 "), AllOf(HasSubstr("by MACs"), HasSubstr("9.13 mJ")));
  EXPECT_THAT(line_with(text, "   relu1 "),
              AllOf(HasSubstr("by MACs"), HasSubstr(" 0 J"), Not(HasSubstr("±"))));
  EXPECT_THAT(line_with(text, "   conv1b "), AllOf(HasSubstr("by MACs"), HasSubstr("3.04 mJ")));
  EXPECT_THAT(text, HasSubstr("NOT MEASURED"));
}

TEST(Terminal, DividesNothingWhoseMacsAreNotKnown) {
  Profile profile = sample_profile();
  Style style = columns(100);
  style.split_fused = true;
  Layer& fused = profile.layers[0].layer;
  fused.sources = {"conv1", "relu1"};
  EXPECT_THAT(terminal(profile, style), HasSubstr("   not divided ")) << "as in old run files";
  fused.source_macs = {3000, -1};
  EXPECT_THAT(terminal(profile, style), HasSubstr("MACs unknown"));
  fused.source_macs = {0, 0};
  EXPECT_THAT(terminal(profile, style), HasSubstr("no MACs"));
}

TEST(Terminal, SaysInTheTitleThatPowerIsSimulated) {
  Profile profile = sample_profile();
  profile.worst_origin = Origin::simulated;
  const std::string text = terminal(profile, columns(100));
  EXPECT_THAT(text.substr(0, text.find('\n')), HasSubstr("SIMULATED"));
  EXPECT_THAT(text, HasSubstr("POM_5V_IN, SIMULATED"));
  EXPECT_THAT(text, Not(HasSubstr("UNCALIBRATED")));
  profile.circumstances["simulation"] = "execution and readings, SIMULATED, UNCALIBRATED";
  EXPECT_THAT(terminal(profile, columns(100)), HasSubstr("SIMULATED and UNCALIBRATED"));
}

TEST(Terminal, SaysInTheTitleThatPowerIsEstimated) {
  Profile profile = sample_profile();
  profile.worst_origin = Origin::estimated;
  const std::string text = terminal(profile, columns(100));
  EXPECT_THAT(text.substr(0, text.find('\n')), HasSubstr("ESTIMATED, proportional to CPU time"));
}

TEST(Terminal, SaysWhichIntervalItShows) {
  Profile profile = sample_profile();
  const std::string text = terminal(profile, columns(100));
  EXPECT_THAT(text, HasSubstr("± is the relative 95 % interval"));
  EXPECT_THAT(text, HasSubstr("(total), relative interval"));
  EXPECT_THAT(text, HasSubstr("absolute interval: what the sensor may be off included"));
  profile.rails[0].inference_absolute.reset();
  profile.rails[0].uncertainty.withheld = "not known of this sensor: tolerance of shunt";
  EXPECT_THAT(terminal(profile, columns(100)),
              HasSubstr("absolute interval withheld: not known of this sensor: tolerance of shunt"));
}

TEST(Terminal, DoesNotSpeakOfIntervalsWhereThereAreNone) {
  Profile profile = sample_profile();
  profile.rails[0].inference.interval.reset();
  for (LayerEnergy& layer : profile.rails[0].layers)
    if (layer.energy) layer.energy->interval.reset();
  EXPECT_THAT(terminal(profile, columns(100)), Not(HasSubstr("relative")));
}

TEST(Terminal, ShowsTimesWhenThereIsNoEnergy) {
  Profile profile = sample_profile();
  profile.rails.clear();
  const std::string text = terminal(profile, columns(100));
  EXPECT_THAT(text, HasSubstr("Where the time goes"));
  EXPECT_THAT(text, Not(HasSubstr(" W ")));
}

TEST(Terminal, ShowsANegativeRestAsOne) {
  Profile profile = sample_profile();
  RailProfile& rail = profile.rails[0];
  rail.inference.value -= rail.unexplained * 2;
  rail.unexplained = -rail.unexplained;
  EXPECT_THAT(terminal(profile, columns(100)), HasSubstr("+ gaps 1.40 mJ - unexplained 167 µJ = "));
}

TEST(Terminal, DoesNotShowRoundingAsUnexplained) {
  Profile profile = sample_profile();
  profile.rails[0].unexplained = Joules{-7e-18};
  EXPECT_THAT(terminal(profile, columns(100)), HasSubstr("+ unexplained 0 J = "));
}

TEST(Terminal, AddsLayersUpByModule) {
  Profile profile = sample_profile();
  for (std::size_t l = 0; l < profile.layers.size(); ++l)
    profile.layers[l].layer.module = l < 6 ? "front" : "back";
  const std::string text = terminal(profile, columns(100));
  expect_golden("terminal_modules.txt",
                text.substr(text.find(" module"), text.find("\n\n Notes") - text.find(" module")));
}

TEST(Terminal, ShowsTheIntervalOfAModuleAsItIsKnown) {
  Profile profile = sample_profile();
  for (std::size_t l = 0; l < profile.layers.size(); ++l)
    profile.layers[l].layer.module = l < 6 ? "front" : "back";
  ModuleEnergy front;
  front.name = "front";
  front.energy = Estimate<Joules>{Joules{1}, {{Joules{0.97}, Joules{1.03}}}};
  profile.rails[0].modules = {front};
  const std::string text = terminal(profile, columns(100));
  const std::string row = text.substr(text.find("\n front"));
  EXPECT_THAT(row.substr(0, row.find('\n', 1)), HasSubstr("± 3.0 %"));
}

TEST(Terminal, BracesLayersThatAreKnownOnlyTogether) {
  Profile profile = sample_profile();
  RailProfile& rail = profile.rails[0];
  JoinedLayers group;
  group.layers = {1, 2, 3};
  group.energy = Joules{2e-3};
  group.half_width = Joules{1e-4};
  rail.joined = {group};
  const std::string text = terminal(profile, columns(100));
  const auto row_of = [&](std::size_t layer) {
    const std::string& name = profile.layers[layer].layer.name;
    const std::size_t at = text.find("\n " + name.substr(0, name.find(' ')));
    return text.substr(at, text.find('\n', at + 1) - at);
  };
  EXPECT_THAT(row_of(0), Not(HasSubstr("┐")));
  EXPECT_THAT(row_of(1), HasSubstr("┐"));
  EXPECT_THAT(row_of(2), HasSubstr("│"));
  EXPECT_THAT(row_of(3), HasSubstr("┘ ± 5.0 %"));
  EXPECT_THAT(text, HasSubstr("in a brace only the sum is known well"));
  for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
    EXPECT_LE(width_of(text.substr(at, end - at)), 100U);
  Style ascii = columns(100);
  ascii.utf8 = false;
  EXPECT_THAT(terminal(profile, ascii), HasSubstr("/ +- 5.0 %"));
}

TEST(Terminal, HasNoTableOfModulesThatAreLayers) {
  Profile profile = sample_profile();
  for (LayerProfile& layer : profile.layers) layer.layer.module.clear();
  EXPECT_THAT(terminal(profile, columns(100)), Not(HasSubstr("module")));
}

TEST(Terminal, NamesAFewHotLayersAndCountsThem) {
  Profile profile = sample_profile();
  for (int i = 0; i < 40; ++i) testing::add_layer(profile, "extra" + std::to_string(i), "Conv", 1500, 6);
  const std::string text = terminal(profile, columns(100));
  EXPECT_THAT(text, HasSubstr("Half of the layers' energy is in 22 of 50: conv1 + relu1, extra0, extra1,"));
  EXPECT_THAT(text, HasSubstr("and 16 more."));
}

TEST(Terminal, ShowsFiguresForOneInputOfABatchOnly) {
  Profile profile = sample_profile();
  EXPECT_THAT(terminal(profile, columns(100)), Not(HasSubstr("per input")));
  profile.batch = 4;
  const RailProfile& rail = profile.rails[headline_rail(profile)];
  EXPECT_DOUBLE_EQ(energy_per_input(profile, rail).value.value(), rail.inference.value.value() / 4);
  EXPECT_DOUBLE_EQ(inputs_per_second(profile), 4 / seconds(profile.inference_time));
  const std::string text = terminal(profile, columns(100));
  EXPECT_THAT(text, HasSubstr("inputs/s, 4 in a tensor"));
  profile.in_flight = 2;
  EXPECT_THAT(terminal(profile, columns(100)), HasSubstr("2 in flight"));
}

TEST(Terminal, SurvivesAnEmptyProfileAndAnAbsurdWidth) {
  EXPECT_THAT(terminal(Profile{}, columns(-5)), HasSubstr("unnamed network"));
}

}  // namespace
}  // namespace layerwatt
