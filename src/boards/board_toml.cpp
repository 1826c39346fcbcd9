// SPDX-License-Identifier: Apache-2.0
// One board file into a Board. Strict: a key nobody knows, a number out of range or a rail that is not there
// is an error with its place, because a board file that is half understood gives wrong joules.
#include <toml++/toml.h>

#include <algorithm>
#include <initializer_list>

#include "boards/board.h"

namespace layerwatt {

namespace {

constexpr std::size_t largest_text = 1 << 20;
constexpr std::size_t longest_string = 400;

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

// Reads one table and remembers the first thing that was wrong, in `failure`, for all tables of a file.
class TableReader {
 public:
  TableReader(const toml::table& table, std::string where, std::optional<Error>& failure,
              std::initializer_list<std::string_view> known)
      : table_{table}, where_{std::move(where)}, failure_{failure} {
    for (const auto& [key, value] : table_)
      if (std::find(known.begin(), known.end(), key.str()) == known.end())
        fail(std::string{key.str()}, "is not a key of a board file");
  }

  std::string text(const char* key, bool required = true) {
    const toml::node* node = table_.get(key);
    if (node == nullptr) {
      if (required) fail(key, "is missing");
      return {};
    }
    return string_of(*node, key);
  }

  std::vector<std::string> texts(const char* key) {
    std::vector<std::string> found;
    const toml::node* node = table_.get(key);
    if (node == nullptr) return found;
    const toml::array* array = node->as_array();
    if (array == nullptr) {
      fail(key, "must be an array of strings");
      return found;
    }
    for (const toml::node& element : *array) found.push_back(string_of(element, key));
    return found;
  }

  // Comparing this way round refuses nan as well.
  std::optional<double> number(const char* key, double low, double high) {
    const toml::node* node = table_.get(key);
    if (node == nullptr) return std::nullopt;
    const auto value = node->is_number() ? node->value<double>() : std::nullopt;
    if (value && *value >= low && *value <= high) return value;
    fail(key, "must be a number from " + std::to_string(low) + " to " + std::to_string(high));
    return std::nullopt;
  }

  template <class Target, class Convert>
  void number_into(Target& target, const char* key, double low, double high, Convert convert) {
    if (const auto value = number(key, low, high)) target = convert(*value);
  }

  // The tables of an array of tables.
  std::vector<const toml::table*> tables(const char* key) {
    std::vector<const toml::table*> found;
    const toml::node* node = table_.get(key);
    if (node == nullptr) return found;
    const toml::array* array = node->as_array();
    if (array == nullptr) fail(key, "must be an array of tables");
    for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
      if (const toml::table* one = array->get(i)->as_table())
        found.push_back(one);
      else
        fail(key, "must be an array of tables");
    }
    return found;
  }

  const toml::table* table(const char* key) {
    const toml::node* node = table_.get(key);
    if (node == nullptr) return nullptr;
    if (node->as_table() == nullptr) fail(key, "must be a table");
    return node->as_table();
  }

  void fail(const std::string& key, const std::string& what) {
    if (!failure_) failure_ = Error{Errc::malformed, where_ + ", key " + key.substr(0, 80), what};
  }

 private:
  std::string string_of(const toml::node& node, const char* key) {
    const auto value = node.value<std::string>();
    if (!node.is_string() || !value || value->empty() || value->size() > longest_string ||
        !printable(*value)) {
      fail(key, "must be a printable string of 1 to " + std::to_string(longest_string) + " characters");
      return {};
    }
    return *value;
  }

  const toml::table& table_;
  std::string where_;
  std::optional<Error>& failure_;
};

Nanoseconds from_microseconds(double us) { return from_seconds(us * 1e-6); }
constexpr double day_us = 86400e6;

BoardRail read_rail(const toml::table& table, const std::string& where, std::optional<Error>& failure) {
  TableReader in{table,
                 where + ", rails",
                 failure,
                 {"name", "contains", "shunt_ohm", "shunt_tolerance", "nominal_v", "source"}};
  BoardRail rail;
  rail.name = in.text("name");
  rail.contains = in.texts("contains");
  in.number_into(rail.shunt, "shunt_ohm", 1e-6, 100, [](double v) { return Ohms{v}; });
  in.number_into(rail.shunt_tolerance, "shunt_tolerance", 0, 1, [](double v) { return v; });
  in.number_into(rail.nominal, "nominal_v", 0.1, 100, [](double v) { return Volts{v}; });
  rail.source = in.text("source");
  if (rail.shunt_tolerance && !rail.shunt) in.fail("shunt_tolerance", "is of no use without shunt_ohm");
  return rail;
}

BoardAccuracy read_accuracy(const toml::table& table, const std::string& where,
                            std::optional<Error>& failure) {
  TableReader in{table,
                 where + ", accuracy",
                 failure,
                 {"driver", "shunt_gain", "bus_gain", "shunt_offset_v", "bus_offset_v", "source"}};
  const auto volts = [](double v) { return Volts{v}; };
  const auto plain = [](double v) { return v; };
  BoardAccuracy accuracy;
  accuracy.driver = in.text("driver");
  in.number_into(accuracy.shunt_gain, "shunt_gain", 0, 1, plain);
  in.number_into(accuracy.bus_gain, "bus_gain", 0, 1, plain);
  in.number_into(accuracy.shunt_offset, "shunt_offset_v", 0, 1, volts);
  in.number_into(accuracy.bus_offset, "bus_offset_v", 0, 1, volts);
  accuracy.source = in.text("source");
  return accuracy;
}

BoardSensor read_sensor(const toml::table& table, const std::string& where, std::optional<Error>& failure) {
  TableReader in{table,
                 where + ", sensors",
                 failure,
                 {"driver", "device", "rails", "conversion_us", "averaging", "source"}};
  BoardSensor sensor;
  sensor.driver = in.text("driver");
  sensor.device = in.text("device");
  sensor.rails = in.texts("rails");
  in.number_into(sensor.conversion, "conversion_us", 1, 1e6, from_microseconds);
  in.number_into(sensor.averaging, "averaging", 1, 1024, [](double v) { return static_cast<int>(v); });
  sensor.source = in.text("source");
  return sensor;
}

BoardClock read_clock(const toml::table& table, const std::string& where, std::optional<Error>& failure) {
  TableReader in{table, where + ", clocks", failure, {"name", "path", "source"}};
  BoardClock clock{in.text("name"), in.text("path"), in.text("source")};
  if (!clock.path.empty() && clock.path.front() != '/') in.fail("path", "must be absolute");
  return clock;
}

BoardModel::Rail read_model_rail(const toml::table& table, const std::string& where,
                                 std::optional<Error>& failure) {
  TableReader in{
      table,
      where + ", model.rails",
      failure,
      {"name", "idle_w", "busy_w", "moving_w", "running_w", "loss", "noise_w", "a_read_j", "source"}};
  const auto watts = [](double v) { return Watts{v}; };
  BoardModel::Rail rail;
  rail.name = in.text("name");
  in.number_into(rail.idle, "idle_w", 0, 1e5, watts);
  in.number_into(rail.busy, "busy_w", 0, 1e5, watts);
  in.number_into(rail.moving, "moving_w", 0, 1e5, watts);
  in.number_into(rail.running, "running_w", 0, 1e5, watts);
  in.number_into(rail.loss, "loss", 0, 1, [](double v) { return v; });
  in.number_into(rail.noise, "noise_w", 0, 1e4, watts);
  in.number_into(rail.a_read, "a_read_j", 0, 1, [](double v) { return Joules{v}; });
  in.text("source", false);
  return rail;
}

BoardModel read_model(const toml::table& table, const std::string& where, std::optional<Error>& failure) {
  TableReader in{table,
                 where + ", model",
                 failure,
                 {"macs_per_second", "bytes_per_second", "launch_us", "load_us", "unload_us",
                  "layer_variation", "drift", "drift_time_s", "noise_time_us", "supply_tail_us",
                  "shortest_read_us", "mean_read_us", "longest_read_us", "rails", "source"}};
  const auto plain = [](double v) { return v; };
  BoardModel model;
  in.number_into(model.macs_per_second, "macs_per_second", 1, 1e18, plain);
  in.number_into(model.bytes_per_second, "bytes_per_second", 1, 1e18, plain);
  in.number_into(model.launch, "launch_us", 0, day_us, from_microseconds);
  in.number_into(model.load, "load_us", 0, day_us, from_microseconds);
  in.number_into(model.unload, "unload_us", 0, day_us, from_microseconds);
  in.number_into(model.layer_variation, "layer_variation", 0, 10, plain);
  in.number_into(model.drift, "drift", -1, 10, plain);
  in.number_into(model.drift_time, "drift_time_s", 1e-3, 86400, from_seconds);
  in.number_into(model.noise_time, "noise_time_us", 1, day_us, from_microseconds);
  in.number_into(model.supply_tail, "supply_tail_us", 0, day_us, from_microseconds);
  in.number_into(model.shortest_read, "shortest_read_us", 0, day_us, from_microseconds);
  in.number_into(model.mean_read, "mean_read_us", 0, day_us, from_microseconds);
  in.number_into(model.longest_read, "longest_read_us", 0, day_us, from_microseconds);
  model.source = in.text("source");
  if (model.macs_per_second <= 0) in.fail("macs_per_second", "is missing");
  if (model.bytes_per_second <= 0) in.fail("bytes_per_second", "is missing");
  if (model.shortest_read > model.mean_read || model.mean_read > model.longest_read)
    in.fail("mean_read_us", "must lie between shortest_read_us and longest_read_us");
  for (const toml::table* rail : in.tables("rails"))
    model.rails.push_back(read_model_rail(*rail, where, failure));
  return model;
}

bool has_rail(const Board& board, const std::string& name) {
  return std::any_of(board.rails.begin(), board.rails.end(),
                     [&](const BoardRail& rail) { return rail.name == name; });
}

// Every name refers to a rail; no rail stands twice, is fed twice, or feeds itself by a detour.
std::optional<std::string> inconsistency(const Board& board) {
  std::map<std::string, std::string> fed_by;
  for (std::size_t i = 0; i < board.rails.size(); ++i) {
    const BoardRail& rail = board.rails[i];
    for (std::size_t j = 0; j < i; ++j)
      if (board.rails[j].name == rail.name) return "rail " + rail.name + " stands twice";
    for (const std::string& part : rail.contains) {
      if (!has_rail(board, part)) return "rail " + rail.name + " contains " + part + ", which is no rail";
      if (!fed_by.emplace(part, rail.name).second) return "rail " + part + " is contained twice";
    }
  }
  for (const BoardRail& rail : board.rails) {
    std::string at = rail.name;
    for (std::size_t steps = 0; fed_by.count(at) != 0; ++steps) {
      if (steps > board.rails.size()) return "rail " + rail.name + " contains itself";
      at = fed_by[at];
    }
  }
  for (const BoardSensor& sensor : board.sensors)
    for (const std::string& name : sensor.rails)
      if (!has_rail(board, name)) return "sensor " + sensor.device + " has " + name + ", which is no rail";
  if (!board.model) return std::nullopt;
  for (const BoardModel::Rail& rail : board.model->rails)
    if (!has_rail(board, rail.name)) return "model.rails has " + rail.name + ", which is no rail";
  return std::nullopt;
}

Result<Board> board_from(const toml::table& table, const std::string& where) {
  std::optional<Error> failure;
  TableReader in{table,
                 where,
                 failure,
                 {"id", "name", "checked", "recognise", "rails", "sensors", "clocks", "accuracy", "model"}};
  Board board;
  board.id = in.text("id");
  board.name = in.text("name");
  board.checked = in.text("checked", false);
  if (const toml::table* recognise = in.table("recognise")) {
    TableReader how{*recognise, where + ", recognise", failure, {"compatible", "cpuinfo_key", "source"}};
    board.compatible = how.texts("compatible");
    board.cpuinfo_key = how.text("cpuinfo_key", false);
    board.recognise_source = how.text("source");
  }
  for (const toml::table* rail : in.tables("rails")) board.rails.push_back(read_rail(*rail, where, failure));
  for (const toml::table* sensor : in.tables("sensors"))
    board.sensors.push_back(read_sensor(*sensor, where, failure));
  for (const toml::table* clock : in.tables("clocks"))
    board.clocks.push_back(read_clock(*clock, where, failure));
  if (const toml::table* accuracy = in.table("accuracy"))
    board.accuracy = read_accuracy(*accuracy, where, failure);
  if (const toml::table* model = in.table("model")) board.model = read_model(*model, where, failure);
  if (failure) return *failure;
  if (const auto wrong = inconsistency(board)) return Error{Errc::malformed, where, *wrong};
  return board;
}

}  // namespace

Result<Board> parse_board(std::string_view text, const std::string& where) {
  if (text.size() > largest_text) return Error{Errc::malformed, where, "a board file has at most 1 MiB"};
  try {
    return board_from(toml::parse(text), where);
  } catch (const toml::parse_error& error) {
    return Error{Errc::malformed, where + ", line " + std::to_string(error.source().begin.line),
                 std::string{error.description()}};
  } catch (const std::exception& error) {
    return Error{Errc::malformed, where, error.what()};
  }
}

}  // namespace layerwatt
