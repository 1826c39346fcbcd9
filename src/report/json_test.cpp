// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "report/report.h"
#include "report/testing/sample_profile.h"

namespace layerwatt {
namespace {

using testing::sample_profile;

std::string text_of(const Profile& profile) {
  std::ostringstream out;
  report_named("json")->write(profile, Style{}, out);
  return out.str();
}
nlohmann::json json_of(const Profile& profile) { return nlohmann::json::parse(text_of(profile)); }

// tools/validate_json.py gives 0 for valid, 1 for invalid, 77 when the machine lacks python3-jsonschema.
void expect_valid(const std::string& text) {
  const auto file = std::filesystem::path{::testing::TempDir()} /
                    ("layerwatt-profile-" + std::to_string(::getpid()) + ".json");
  std::ofstream{file} << text;
  const std::string root = LAYERWATT_SOURCE;
  const std::string command = "python3 '" + root + "/tools/validate_json.py' '" + root +
                              "/docs/profile.schema.json' '" + file.string() + "'";
  const int status = std::system(command.c_str());
  std::filesystem::remove(file);
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  if (code == 77 || code == 127)
    GTEST_SKIP() << "python3-jsonschema is not installed: the schema was not checked";
  EXPECT_EQ(code, 0);
}

TEST(Json, KeepsToItsSchema) { expect_valid(text_of(sample_profile())); }

TEST(Json, KeepsToItsSchemaWhenAlmostNothingIsKnown) { expect_valid(text_of(Profile{})); }

TEST(Json, KeepsToItsSchemaWithoutIdleIntervalsAndLatency) {
  Profile profile = sample_profile();
  profile.latency_whole = profile.latency_compute = {};
  profile.distortion.reset();
  profile.stacked = Residual::spread;
  profile.worst_origin = Origin::estimated;
  for (RailProfile& rail : profile.rails) {
    rail.idle.reset();
    rail.idle_before.reset();
    rail.idle_after.reset();
    rail.net.reset();
    rail.inference.interval.reset();
    rail.period.reset();
    rail.time_constant.reset();
  }
  expect_valid(text_of(profile));
}

TEST(Json, CarriesBothIntervalsAndWhatTheAbsoluteOneIsMadeOf) {
  const auto json = json_of(sample_profile());
  const auto& rail = json["rails"][0];
  EXPECT_LT(rail["energy_absolute_low_j"], rail["energy_low_j"]);
  EXPECT_GT(rail["energy_absolute_high_j"], rail["energy_high_j"]);
  EXPECT_LT(json["layers"][0]["energy_absolute_low_j"], json["layers"][0]["energy_low_j"]);
  double squares = 0;
  for (const auto& component : rail["uncertainty"]["components"]) {
    ASSERT_EQ(component["layers_j"].size(), json["layers"].size());
    if (component["not_assessed"].is_null()) squares += std::pow(component["inference_j"].get<double>(), 2);
  }
  EXPECT_NEAR(std::sqrt(squares), rail["uncertainty"]["combined_j"].get<double>(), 1e-15);
  EXPECT_TRUE(rail["uncertainty"]["withheld"].is_null());
  EXPECT_TRUE(json["rails"][1]["energy_absolute_low_j"].is_null());
  EXPECT_EQ(json["rails"][1]["uncertainty"]["withheld"], "not known of this sensor: tolerance of shunt");
}

TEST(Json, CarriesBothIntervalsOfLayersThatAreReportedTogether) {
  Profile profile = sample_profile();
  JoinedLayers joined;
  joined.layers = {2, 3};
  joined.energy = Joules{0.004};
  joined.half_width = Joules{0.0002};
  joined.more_time = std::chrono::seconds{8};
  profile.rails[0].joined = {joined};
  ASSERT_TRUE(assess_uncertainty(profile));
  expect_valid(text_of(profile));
  const auto shown = json_of(profile)["rails"][0]["joined"][0];
  EXPECT_EQ(shown["layers"], (std::vector<std::size_t>{2, 3}));
  EXPECT_DOUBLE_EQ(shown["energy_low_j"], 0.0038);
  EXPECT_LT(shown["energy_absolute_low_j"], shown["energy_low_j"]);
  EXPECT_GT(shown["energy_absolute_high_j"], shown["energy_high_j"]);
  EXPECT_EQ(shown["more_time_s"], 8);
}

TEST(Json, AddsUp) {
  const auto json = json_of(sample_profile());
  ASSERT_EQ(json["conservation"].size(), 2U);
  for (const auto& sum : json["conservation"]) {
    const double all =
        sum["layers_j"].get<double>() + sum["gaps_j"].get<double>() + sum["unexplained_j"].get<double>();
    EXPECT_DOUBLE_EQ(all, sum["inference_j"].get<double>());
  }
  double layers = 0;
  for (const auto& layer : json["layers"])
    layers += layer["energy_j"].is_null() ? 0 : layer["energy_j"].get<double>();
  EXPECT_DOUBLE_EQ(layers, json["conservation"][0]["layers_j"].get<double>());
}

TEST(Json, DiffersBetweenIdenticalRunsOnlyInProvenance) {
  const Profile first = sample_profile();
  Profile second = first;
  second.circumstances["command"] = "layerwatt profile /elsewhere/squeezenet1.1.onnx -o b.lw";
  second.circumstances["model"] = "/elsewhere/squeezenet1.1.onnx";
  second.circumstances["kernel"] = "6.1.0";
  second.circumstances["engine.library"] = "/opt/libonnxruntime.so";
  second.circumstances["something.new"] = "today";
  second.sampler.cpu_time *= 3;
  second.sampler.elapsed *= 2;
  second.sampler.late_ticks = 7;
  auto a = json_of(first), b = json_of(second);
  EXPECT_NE(a["provenance"], b["provenance"]);
  a.erase("provenance");
  b.erase("provenance");
  EXPECT_EQ(a, b);
}

TEST(Json, HasNullForWhatIsNotKnown) {
  const auto json = json_of(sample_profile());
  EXPECT_TRUE(json["layers"][6]["energy_j"].is_null());
  EXPECT_TRUE(json["layers"][6]["power_w"].is_null());
  EXPECT_TRUE(json["layers"][0]["parameters"].is_null());
}

TEST(Json, IsJsonEvenWhenANameIsNotUtf8) {
  Profile profile = sample_profile();
  profile.layers[0].layer.name = "conv\xff\x01";
  EXPECT_EQ(json_of(profile)["layers"][0]["name"], "conv\uFFFD\x01");
}

TEST(Json, CarriesTheWarningInItsTitle) {
  Profile profile = sample_profile();
  profile.worst_origin = Origin::simulated;
  EXPECT_EQ(json_of(profile)["title"],
            "squeezenet1.1 - SIMULATED: power comes from a virtual board, nothing was measured");
  EXPECT_EQ(json_of(profile)["origin"], "simulated");
}

}  // namespace
}  // namespace layerwatt
