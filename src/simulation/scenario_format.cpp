// SPDX-License-Identifier: Apache-2.0
// JSON to and from the list of scenario_fields.h.
#include "simulation/scenario_format.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "simulation/scenario_check.h"
#include "simulation/scenario_fields.h"

namespace layerwatt::simulation {

using nlohmann::ordered_json;

namespace {

constexpr std::size_t largest_text = 1 << 20;
constexpr int deepest = 4;
constexpr double most_exact = 9007199254740992.0;  // 2^53

// Takes settings out of one object; what is left over is not known.
class Reader {
 public:
  Reader(const ordered_json& object, std::string section)
      : left_(object), section_{std::move(section)} {  // braces would make an array of it
    if (!left_.is_object()) fail("", "must be an object");
  }

  void number(const char* name, double& member, double, double) {
    if (const auto value = take(name)) member = *value;
  }
  void number(const char* name, std::uint32_t& member, double low, double high) {
    whole(name, member, low, high);
  }
  void number(const char* name, int& member, double low, double high) { whole(name, member, low, high); }
  void number(const char* name, Moment& member, double, double) {
    if (const auto value = take(name)) member = microseconds(*value);
  }
  void number(const char* name, std::optional<Moment>& member, double, double) {
    if (left_.is_object() && left_.contains(name) && left_[name].is_null()) {
      left_.erase(name);
      member.reset();
      return;
    }
    if (const auto value = take(name)) member = microseconds(*value);
  }
  void number(const char* name, Watts& member, double, double) {
    if (const auto value = take(name)) member = Watts{*value};
  }
  void number(const char* name, Joules& member, double, double) {
    if (const auto value = take(name)) member = Joules{*value};
  }
  void flag(const char* name, bool& member) {
    const auto value = take_any(name);
    if (!value) return;
    if (!value->is_boolean()) return fail(name, "must be true or false");
    member = value->get<bool>();
  }
  template <class Enum, class Spellings>
  void choice(const char* name, Enum& member, const Spellings& spellings) {
    const auto value = take_any(name);
    if (!value) return;
    std::string names;
    for (const auto& [known, spelling] : spellings) {
      if (value->is_string() && value->get_ref<const std::string&>() == spelling) {
        member = known;
        return;
      }
      names += (names.empty() ? "" : ", ") + std::string{spelling};
    }
    fail(name, "must be one of " + names);
  }

  std::optional<ordered_json> take_any(const std::string& name) {
    if (!left_.is_object() || !left_.contains(name)) return std::nullopt;
    ordered_json value = std::move(left_[name]);
    left_.erase(name);
    return value;
  }
  void fail(const std::string& name, const std::string& what) {
    if (failure) return;
    const std::string dot = section_.empty() || name.empty() ? "" : ".";
    failure = Error{Errc::malformed, section_ + dot + name.substr(0, 80), what};
  }
  // The first thing that was wrong, if any.
  std::optional<Error> finish() {
    if (left_.is_object() && !left_.empty()) fail(left_.begin().key(), "is not a setting of a scenario");
    return failure;
  }

  std::optional<Error> failure;

 private:
  std::optional<double> take(const char* name) {
    const auto value = take_any(name);
    if (!value) return std::nullopt;
    if (!value->is_number()) {
      fail(name, "must be a number");
      return std::nullopt;
    }
    return value->get<double>();
  }
  // The limits are checked here too, since the member could not hold what lies outside.
  template <class Integer>
  void whole(const char* name, Integer& member, double low, double high) {
    const auto value = take(name);
    if (!value) return;
    if (!(*value >= low && *value <= high) || std::floor(*value) != *value)
      return fail(name, "must be a whole number from " + std::to_string(static_cast<long long>(low)) +
                            " to " + std::to_string(static_cast<long long>(high)));
    member = static_cast<Integer>(*value);
  }

  ordered_json left_;
  std::string section_;
};

class Writer {
 public:
  void number(const char* name, double value, double, double) { object[name] = value; }
  void number(const char* name, std::uint32_t value, double, double) { object[name] = value; }
  void number(const char* name, int value, double, double) { object[name] = value; }
  void number(const char* name, Moment value, double, double) { object[name] = value / microseconds(1); }
  void number(const char* name, const std::optional<Moment>& value, double, double) {
    object[name] = value ? ordered_json(*value / microseconds(1)) : ordered_json(nullptr);
  }
  void number(const char* name, Watts value, double, double) { object[name] = value.value(); }
  void number(const char* name, Joules value, double, double) { object[name] = value.value(); }
  void flag(const char* name, bool value) { object[name] = value; }
  template <class Enum, class Spellings>
  void choice(const char* name, Enum value, const Spellings& spellings) {
    for (const auto& [known, spelling] : spellings)
      if (known == value) object[name] = std::string{spelling};
  }

  ordered_json object = ordered_json::object();
};

std::string known_sensors() {
  std::string names;
  for (const std::string& name : sensor_names()) names += (names.empty() ? "" : ", ") + name;
  return names;
}

void read_sensor(Reader& whole, SensorSettings& sensor) {
  auto value = whole.take_any("sensor");
  if (!value) return;
  if (value->is_string()) {
    ordered_json named;
    named["preset"] = std::move(*value);
    value = std::move(named);
  }
  Reader reader{*value, "sensor"};
  if (const auto preset = reader.take_any("preset")) {
    const auto known = preset->is_string() ? sensor_named(preset->get_ref<const std::string&>())
                                           : std::optional<SensorSettings>{};
    if (known)
      sensor = *known;
    else
      reader.fail("preset", "must be one of " + known_sensors());
  }
  visit_sensor(sensor, reader);
  if (const auto failure = reader.finish(); failure && !whole.failure) whole.failure = failure;
}

void read_name_and_seed(Reader& reader, Scenario& scenario) {
  if (const auto name = reader.take_any("name")) {
    if (name->is_string() && name->get_ref<const std::string&>().size() <= 200)
      scenario.name = name->get<std::string>();
    else
      reader.fail("name", "must be a string of at most 200 characters");
  }
  if (const auto seed = reader.take_any("seed")) {
    const double value = seed->is_number() ? seed->get<double>() : -1;
    if (value >= 0 && value < most_exact && std::floor(value) == value)
      scenario.seed = static_cast<std::uint64_t>(value);
    else
      reader.fail("seed", "must be a whole number from 0 to 2^53");
  }
}

}  // namespace

Result<Scenario> parse_scenario(std::string_view json, const std::string& where) {
  if (json.size() > largest_text) return Error{Errc::malformed, where, "a scenario has at most 1 MiB"};
  // What is nested deeply is dropped while it is read: copying it would take as deep a stack.
  bool too_deep = false;
  const auto shallow = [&](int depth, ordered_json::parse_event_t, ordered_json&) {
    too_deep = too_deep || depth > deepest;
    return depth <= deepest;
  };
  const ordered_json whole = ordered_json::parse(json.begin(), json.end(), shallow, false);
  if (too_deep) return Error{Errc::malformed, where, "is nested deeper than a scenario"};
  if (whole.is_discarded()) return Error{Errc::malformed, where, "is not JSON"};
  Scenario scenario;
  Reader reader{whole, ""};
  read_name_and_seed(reader, scenario);
  if (const auto network = reader.take_any("network")) {
    Reader section{*network, "network"};
    visit_network(scenario.network, section);
    if (const auto failure = section.finish(); failure && !reader.failure) reader.failure = failure;
  }
  if (const auto run = reader.take_any("run")) {
    Reader section{*run, "run"};
    visit_run(scenario.run, section);
    if (const auto failure = section.finish(); failure && !reader.failure) reader.failure = failure;
  }
  read_sensor(reader, scenario.sensor);
  auto failure = reader.finish();
  if (!failure)
    if (const auto sound = check(scenario); !sound) failure = sound.error();
  if (!failure) return scenario;
  failure->where = where + (failure->where.empty() ? "" : ", ") + failure->where;
  return *failure;
}

std::string write_scenario(const Scenario& scenario) {
  ordered_json whole;
  whole["name"] = scenario.name;
  whole["seed"] = scenario.seed;
  Writer network, run, sensor;
  visit_network(scenario.network, network);
  visit_run(scenario.run, run);
  visit_sensor(scenario.sensor, sensor);
  whole["network"] = std::move(network.object);
  whole["run"] = std::move(run.object);
  whole["sensor"] = std::move(sensor.object);
  return whole.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace layerwatt::simulation
