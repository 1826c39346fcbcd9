// SPDX-License-Identifier: Apache-2.0
#include "calibration/calibration_file.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace layerwatt {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

std::vector<StoredCalibration> two() {
  StoredCalibration one;
  one.of = {"jetson-nano", "ina3221", "6-0040", "POM_5V_IN", Ohms{0.005}, 64, {{"running_mode", "1"}}};
  one.line = RailCalibration{1.0312345678901234,
                             0.002,
                             Watts{4},
                             Watts{4.1},
                             Watts{0.01},
                             Watts{2},
                             Watts{7},
                             {{0.001, Watts{0.002}}},
                             "csv:/dev/ttyUSB0, rail \"a\"",
                             "2026-11-22 04:35 UTC"};
  one.provenance = {{"line.kernel", "4.9.140-tegra"}, {"line.stretches", "30 of 10 s"}};
  StoredCalibration other;
  other.of = {"", "nvml", "0000:01:00.0", "GPU", {}, {}, {}};
  other.supply_loss =
      SupplyLoss{Watts{0.3}, Watts{0.1}, Watts{0.6}, Watts{0.1}, Watts{2}, Watts{7}, "m", "d"};
  other.response =
      MeasuredResponse{MeasuredResponse::Delay{Nanoseconds{-1'234'567}, Nanoseconds{89},
                                               Nanoseconds{53'300'001}, Nanoseconds{7}},
                       MeasuredResponse::Refresh{Nanoseconds{840'000}, Nanoseconds{300'000}}, "d"};
  other.meter_lag = MeterLag{Nanoseconds{-5'000'001}, Nanoseconds{1'000}, "m", "d"};
  return {one, other};
}

Error error_of(const std::string& text) {
  const auto parsed = parse_calibrations(text, "calibrations.json");
  EXPECT_FALSE(parsed) << text.substr(0, 200);
  return parsed ? Error{Errc::exists, "", ""} : parsed.error();
}

// The file of two() with one value changed.
std::string detail_with(const std::string& pointer, const json& value) {
  json file = json::parse(calibration_text(two()));
  file[json::json_pointer{pointer}] = value;
  return error_of(file.dump()).detail;
}

TEST(CalibrationFile, GivesBackWhatWasWrittenToTheLastBit) {
  const auto parsed = parse_calibrations(calibration_text(two()), "");
  ASSERT_TRUE(parsed) << parsed.error().detail;
  EXPECT_EQ(*parsed, two());
}

TEST(CalibrationFile, CutShortAnywhereItIsRefused) {
  const std::string text = calibration_text(two());
  for (std::size_t length = 0; length + 2 < text.size(); length += 7)
    EXPECT_EQ(error_of(text.substr(0, length)).code, Errc::malformed) << length;
}

TEST(CalibrationFile, SaysWhichValueCannotBe) {
  const std::string line = "/calibrations/0/line/";
  EXPECT_THAT(detail_with(line + "gain", -1.03), HasSubstr("calibrations[0].line cannot be used: its gain"));
  EXPECT_THAT(detail_with(line + "gain", 0), HasSubstr("its gain"));
  EXPECT_THAT(detail_with(line + "gain", "1.03"), HasSubstr("calibrations[0].line.gain is no number"));
  EXPECT_THAT(detail_with(line + "gain", nullptr), HasSubstr("is no number"));
  EXPECT_THAT(detail_with(line + "gain_half_width", -0.1), HasSubstr("below zero"));
  EXPECT_THAT(detail_with(line + "meter_gain", -0.1), HasSubstr("below zero"));
  EXPECT_THAT(detail_with(line + "to_w", 2), HasSubstr("not in order"));
  EXPECT_THAT(detail_with(line + "made", 7), HasSubstr("made is no text"));
  EXPECT_THAT(detail_with("/calibrations/1/supply_loss/loaded_half_width_w", -1), HasSubstr("below zero"));
  const std::string response = "/calibrations/1/response/";
  EXPECT_THAT(detail_with(response + "refresh_s", 0), HasSubstr("response.refresh_s is out of range"));
  EXPECT_THAT(detail_with(response + "lag_s", 1e300), HasSubstr("lag_s is out of range"));
  EXPECT_THAT(detail_with(response + "time_constant_s", -1e-3), HasSubstr("out of range"));
  EXPECT_THAT(detail_with("/calibrations/1/meter_lag/half_width_s", -1), HasSubstr("out of range"));
  EXPECT_THAT(detail_with("/calibrations/1/meter_lag", 5), HasSubstr("meter_lag is no object"));
  EXPECT_THAT(detail_with("/calibrations/0/shunt_ohm", 0), HasSubstr("not above zero"));
  EXPECT_THAT(detail_with("/calibrations/0/averaging", 1e300), HasSubstr("no count"));
  EXPECT_THAT(detail_with("/calibrations/0/averaging", 1.5), HasSubstr("no count"));
  EXPECT_THAT(detail_with("/calibrations/0/mode", json::array()), HasSubstr("mode is no object"));
  EXPECT_THAT(detail_with("/calibrations/0/mode/running_mode", 1), HasSubstr("no text"));
  EXPECT_THAT(detail_with("/calibrations/0", 5), HasSubstr("calibrations[0] is no object"));
  EXPECT_THAT(detail_with("/calibrations", "none"), HasSubstr("no list"));
}

TEST(CalibrationFile, MissingValuesAreNamed) {
  for (const char* key : {"board", "sensor", "device", "rail", "mode", "provenance"}) {
    json file = json::parse(calibration_text(two()));
    file["calibrations"][0].erase(key);
    EXPECT_THAT(error_of(file.dump()).detail, HasSubstr(std::string{key} + " is missing"));
  }
  json file = json::parse(calibration_text(two()));
  file["calibrations"][0]["line"].erase("meter_offset_w");
  EXPECT_THAT(error_of(file.dump()).detail, HasSubstr("meter_offset_w is missing"));
}

TEST(CalibrationFile, NumbersThatAreNoneHugeFilesAndOtherSchemasAreRefused) {
  std::string text = calibration_text(two());
  const auto gain = text.find("1.0312345678901234");
  for (const char* number : {"NaN", "Infinity", "1e999"})
    EXPECT_EQ(error_of(std::string{text}.replace(gain, 18, number)).code, Errc::malformed) << number;
  EXPECT_THAT(error_of(std::string(longest_calibration_file + 1, ' ')).detail, HasSubstr("too long"));
  EXPECT_EQ(error_of(std::string(longest_calibration_file, '[')).code, Errc::malformed);
  EXPECT_EQ(error_of(R"({"schema": "layerwatt.calibrations/2", "calibrations": []})").code,
            Errc::unsupported);
  EXPECT_EQ(error_of(R"({"schema": 1, "calibrations": []})").code, Errc::malformed);
}

TEST(CalibrationFile, TheSameSensorTwiceIsRefused) {
  auto twice = two();
  twice[1] = twice[0];
  EXPECT_THAT(error_of(calibration_text(twice)).detail, HasSubstr("twice"));
}

}  // namespace
}  // namespace layerwatt
