// SPDX-License-Identifier: Apache-2.0
// To JSON and back; see calibration_file.h.
#include "calibration/calibration_file.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

namespace layerwatt {

namespace {

using nlohmann::ordered_json;

constexpr const char* schema = "layerwatt.calibrations/1";
constexpr std::size_t most_entries = 1000;
constexpr double longest_response_s = 3600;

// ---- Writing ------------------------------------------------------------------------------------------

ordered_json json_of_line(const RailCalibration& line) {
  ordered_json json{{"gain", line.gain},
                    {"gain_half_width", line.gain_half_width},
                    {"at_w", line.at.value()},
                    {"reads_w", line.reads.value()},
                    {"reads_half_width_w", line.reads_half_width.value()},
                    {"from_w", line.from.value()},
                    {"to_w", line.to.value()}};
  if (const auto& accuracy = line.meter_accuracy) {
    json["meter_gain"] = accuracy->gain;
    json["meter_offset_w"] = accuracy->offset.value();
  }
  json["meter"] = line.meter;
  json["made"] = line.made;
  return json;
}

ordered_json json_of_loss(const SupplyLoss& loss) {
  return {{"idle_w", loss.idle.value()},
          {"idle_half_width_w", loss.idle_half_width.value()},
          {"loaded_w", loss.loaded.value()},
          {"loaded_half_width_w", loss.loaded_half_width.value()},
          {"idle_supply_w", loss.idle_supply.value()},
          {"loaded_supply_w", loss.loaded_supply.value()},
          {"meter", loss.meter},
          {"made", loss.made}};
}

ordered_json json_of_response(const MeasuredResponse& response) {
  ordered_json json = ordered_json::object();
  if (const auto& delay = response.delay) {
    json["lag_s"] = seconds(delay->lag);
    json["lag_half_width_s"] = seconds(delay->lag_half_width);
    json["time_constant_s"] = seconds(delay->time_constant);
    json["time_constant_half_width_s"] = seconds(delay->time_constant_half_width);
  }
  if (const auto& refresh = response.refresh) {
    json["refresh_s"] = seconds(refresh->time);
    json["refresh_half_width_s"] = seconds(refresh->half_width);
  }
  json["made"] = response.made;
  return json;
}

ordered_json json_of_entry(const StoredCalibration& one) {
  ordered_json json{
      {"board", one.of.board}, {"sensor", one.of.sensor}, {"device", one.of.device}, {"rail", one.of.rail}};
  if (one.of.shunt) json["shunt_ohm"] = one.of.shunt->value();
  if (one.of.averaging) json["averaging"] = *one.of.averaging;
  json["mode"] = one.of.mode;
  if (one.line) json["line"] = json_of_line(*one.line);
  if (one.supply_loss) json["supply_loss"] = json_of_loss(*one.supply_loss);
  if (one.response) json["response"] = json_of_response(*one.response);
  if (const auto& lag = one.meter_lag)
    json["meter_lag"] = {{"lag_s", seconds(lag->lag)},
                         {"half_width_s", seconds(lag->half_width)},
                         {"meter", lag->meter},
                         {"made", lag->made}};
  json["provenance"] = one.provenance;
  return json;
}

// ---- Reading ------------------------------------------------------------------------------------------

// The members of one object; keeps the first thing that is wrong.
class Members {
 public:
  Members(const ordered_json& object, std::string path, std::string& wrong)
      : object_{object}, path_{std::move(path)}, wrong_{wrong} {
    if (!object.is_object()) fail("", "is no object");
  }
  std::string text(const char* key) {
    const ordered_json* found = member(key, true);
    if (found == nullptr) return {};
    if (!found->is_string()) fail(key, "is no text");
    return found->is_string() ? found->get<std::string>() : std::string{};
  }
  std::optional<double> number_if_there(const char* key, bool required = false) {
    const ordered_json* found = member(key, required);
    if (found == nullptr) return std::nullopt;
    if (!found->is_number()) fail(key, "is no number");
    return found->is_number() ? std::optional{found->get<double>()} : std::nullopt;
  }
  double number(const char* key) { return number_if_there(key, true).value_or(0); }
  Watts watts(const char* key) { return Watts{number(key)}; }
  Circumstances texts(const char* key) {
    Circumstances all;
    const ordered_json* found = member(key, true);
    if (found == nullptr) return all;
    if (!found->is_object()) fail(key, "is no object");
    for (const auto& [name, value] : found->items()) {
      if (!value.is_string()) fail(key, "holds what is no text");
      if (value.is_string()) all[name] = value.get<std::string>();
    }
    return all;
  }
  bool has(const char* key) { return member(key, false) != nullptr; }
  std::optional<Members> object(const char* key) {
    const ordered_json* found = member(key, false);
    if (found == nullptr) return std::nullopt;
    return Members{*found, path_ + "." + key, wrong_};
  }
  void fail(const std::string& key, const std::string& why) {
    if (wrong_.empty()) wrong_ = path_ + (key.empty() ? "" : "." + key) + " " + why;
  }

 private:
  const ordered_json* member(const char* key, bool required) {
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(key);
    if (found != object_.end()) return &*found;
    if (required) fail(key, "is missing");
    return nullptr;
  }
  const ordered_json& object_;
  std::string path_;
  std::string& wrong_;
};

RailCalibration line_from(Members in) {
  RailCalibration line{in.number("gain"),
                       in.number("gain_half_width"),
                       in.watts("at_w"),
                       in.watts("reads_w"),
                       in.watts("reads_half_width_w"),
                       in.watts("from_w"),
                       in.watts("to_w"),
                       {},
                       in.text("meter"),
                       in.text("made")};
  if (const auto gain = in.number_if_there("meter_gain"))
    line.meter_accuracy = {*gain, Watts{in.number("meter_offset_w")}};
  if (const auto fault = fault_of(line)) in.fail("", "cannot be used: " + *fault);
  return line;
}

SupplyLoss loss_from(Members in) {
  SupplyLoss loss{in.watts("idle_w"),        in.watts("idle_half_width_w"),
                  in.watts("loaded_w"),      in.watts("loaded_half_width_w"),
                  in.watts("idle_supply_w"), in.watts("loaded_supply_w"),
                  in.text("meter"),          in.text("made")};
  if (const auto fault = fault_of(loss)) in.fail("", "cannot be used: " + *fault);
  return loss;
}

Nanoseconds time_from(Members& in, const char* key, double least) {
  const double value = in.number(key);
  const bool inside = value >= least && value <= longest_response_s;
  if (!inside) in.fail(key, "is out of range");
  return from_seconds(inside ? value : 0);
}

MeasuredResponse response_from(Members in) {
  MeasuredResponse response;
  if (in.has("lag_s"))
    response.delay = {time_from(in, "lag_s", -longest_response_s), time_from(in, "lag_half_width_s", 0),
                      time_from(in, "time_constant_s", 0), time_from(in, "time_constant_half_width_s", 0)};
  if (in.has("refresh_s"))
    response.refresh = {time_from(in, "refresh_s", 1e-6), time_from(in, "refresh_half_width_s", 0)};
  response.made = in.text("made");
  return response;
}

MeterLag meter_lag_from(Members in) {
  return {time_from(in, "lag_s", -longest_response_s), time_from(in, "half_width_s", 0), in.text("meter"),
          in.text("made")};
}

StoredCalibration entry_from(Members in) {
  StoredCalibration one;
  one.of = {in.text("board"), in.text("sensor"), in.text("device"), in.text("rail"), {}, {},
            in.texts("mode")};
  if (const auto shunt = in.number_if_there("shunt_ohm")) {
    if (!(*shunt > 0)) in.fail("shunt_ohm", "is not above zero");
    one.of.shunt = Ohms{*shunt};
  }
  if (const auto averaging = in.number_if_there("averaging")) {
    const bool whole = *averaging >= 1 && *averaging <= 1 << 20 && *averaging == static_cast<int>(*averaging);
    if (!whole) in.fail("averaging", "is no count");
    if (whole) one.of.averaging = static_cast<int>(*averaging);
  }
  if (const auto line = in.object("line")) one.line = line_from(*line);
  if (const auto loss = in.object("supply_loss")) one.supply_loss = loss_from(*loss);
  if (const auto response = in.object("response")) one.response = response_from(*response);
  if (const auto lag = in.object("meter_lag")) one.meter_lag = meter_lag_from(*lag);
  one.provenance = in.texts("provenance");
  return one;
}

}  // namespace

std::string calibration_text(const std::vector<StoredCalibration>& stored) {
  ordered_json json{{"schema", schema}, {"calibrations", ordered_json::array()}};
  for (const StoredCalibration& one : stored) json["calibrations"].push_back(json_of_entry(one));
  // A label need not be UTF-8; JSON must be.
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

Result<std::vector<StoredCalibration>> parse_calibrations(const std::string& text, const std::string& where) {
  const auto malformed = [&](const std::string& why) {
    return Error{Errc::malformed, where, "calibrations: " + why};
  };
  if (text.size() > longest_calibration_file) return malformed("too long to be such a file");
  const ordered_json json = ordered_json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object()) return malformed("no JSON object, or cut short");
  const auto named = json.find("schema");
  if (named == json.end() || !named->is_string()) return malformed("schema is missing");
  if (*named != schema)
    return Error{Errc::unsupported, where,
                 fmt::format("calibrations: schema is {}, this layerwatt reads {}",
                             named->get<std::string>().substr(0, 60), schema)};
  const auto list = json.find("calibrations");
  if (list == json.end() || !list->is_array() || list->size() > most_entries)
    return malformed("calibrations is no list, or too long");
  std::vector<StoredCalibration> stored;
  std::string wrong;
  for (const ordered_json& entry : *list) {
    StoredCalibration one = entry_from(Members{entry, fmt::format("calibrations[{}]", stored.size()), wrong});
    if (!wrong.empty()) return malformed(wrong);
    for (const StoredCalibration& other : stored)
      if (other.of == one.of) return malformed("rail " + one.of.rail + " stands there twice");
    stored.push_back(std::move(one));
  }
  return stored;
}

}  // namespace layerwatt
