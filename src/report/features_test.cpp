// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "report/report.h"
#include "report/testing/sample_profile.h"

namespace layerwatt {
namespace {

std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> all{""};
  bool inside = false;
  for (const char c : line)
    if (c == '"')
      inside = !inside;
    else if (c == ',' && !inside)
      all.emplace_back();
    else
      all.back() += c;
  return all;
}

// Rows by column.
std::vector<std::map<std::string, std::string>> features(const Profile& profile) {
  std::ostringstream out;
  report_named("features")->write(profile, Style{}, out);
  std::istringstream in{out.str()};
  std::string line;
  std::getline(in, line);
  const auto head = cells(line);
  std::vector<std::map<std::string, std::string>> rows;
  while (std::getline(in, line)) {
    const auto row = cells(line);
    EXPECT_EQ(row.size(), head.size()) << line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i == 0) rows.emplace_back();
      rows.back()[head.at(i)] = row[i];
    }
  }
  return rows;
}

TEST(Features, TellsWhatALayerComputesAndWhatItTook) {
  Profile profile = testing::sample_profile();
  Layer& layer = profile.layers[0].layer;
  layer.inputs = {{2, 3, 224, 225}};
  layer.outputs = {{2, 64, 111, 112}};
  layer.kernel = {3, 5};
  layer.stride = {2, 1};
  layer.groups = 1;
  layer.macs = 300;
  layer.bytes = 200;
  layer.implementation = "gemm:jit, twice";
  profile.circumstances["engine"] = "onednn";
  const auto row = features(profile).at(0);
  const auto expect = [&](const std::string& column, const std::string& value) {
    EXPECT_EQ(row.at(column), value) << column;
  };
  expect("engine", "onednn");
  expect("batch", "2");
  expect("input_channels", "3");
  expect("input_width", "225");
  expect("output_shape", "2x64x111x112");
  expect("kernel_width", "5");
  expect("stride_height", "2");
  expect("macs_per_byte", "1.5");
  expect("implementation", "gemm:jit, twice");
  expect("energy_j", "0.0121783");
  EXPECT_LT(std::stod(row.at("energy_low_j")), 0.0121783);
}

TEST(Features, NamesTheSettingsOfARun) {
  Profile profile = testing::sample_profile();
  const std::map<std::string, std::string> columns{
      {"engine.version", "engine_version"},
      {"engine.level", "engine_level"},
      {"engine.convolutions", "engine_convolutions"},
      {"engine.convolutions_not_as_asked", "engine_convolutions_not_as_asked"},
      {"engine.fusion", "engine_fusion"},
      {"engine.instructions", "engine_instructions"},
      {"engine.marks", "engine_marks"},
      {"engine.spinning", "spinning"},
      {"engine.threads", "threads"},
      {"in_flight", "in_flight"},
      {"seed", "seed"},
      {"input", "input"},
      {"input.copies", "input_copies"},
      {"input.hash", "input_hash"}};
  for (const auto& [key, column] : columns) profile.circumstances[key] = "this is " + key;
  const auto row = features(profile).at(0);
  for (const auto& [key, column] : columns) EXPECT_EQ(row.at(column), "this is " + key);
}

TEST(Features, HasFiguresForOneInput) {
  Profile profile = testing::sample_profile();
  profile.batch = 4;
  const auto row = features(profile).at(0);
  EXPECT_DOUBLE_EQ(std::stod(row.at("energy_per_input_j")), std::stod(row.at("energy_j")) / 4);
  EXPECT_NEAR(std::stod(row.at("duration_per_input_s")), std::stod(row.at("duration_s")) / 4, 1e-9);
  EXPECT_EQ(std::stod(row.at("inference_time_per_input_s")), seconds(time_per_input(profile)));
  EXPECT_EQ(std::stod(row.at("inference_energy_per_input_j")),
            energy_per_input(profile, profile.rails[0]).value.value());
}

TEST(Features, LeavesEmptyWhatIsNotKnown) {
  Profile profile = testing::sample_profile();
  Layer& layer = profile.layers[0].layer;
  layer = Layer{};
  layer.outputs = {{-1, 10}};
  const auto row = features(profile).at(0);
  EXPECT_EQ(row.at("output_shape"), "?x10");
  for (const char* column :
       {"batch", "input_shape", "output_height", "kernel_height", "macs", "macs_per_byte"})
    EXPECT_EQ(row.at(column), "") << column;
  profile.rails.clear();
  EXPECT_EQ(features(profile).at(0).at("energy_j"), "");
}

TEST(Features, GoesOnBelowAnotherRunWithoutAHeading) {
  std::ostringstream out;
  Style style;
  style.continued = true;
  report_named("features")->write(testing::sample_profile(), style, out);
  EXPECT_THAT(out.str(), ::testing::Not(::testing::HasSubstr("layer_index")));
}

TEST(Features, EveryColumnIsDocumented) {
  std::ifstream file{LAYERWATT_SOURCE "/docs/features.md"};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  const auto row = features(testing::sample_profile()).at(0);
  for (const auto& [column, value] : row)
    EXPECT_NE(text.find("`" + column + "`"), std::string::npos) << column;
}

}  // namespace
}  // namespace layerwatt
