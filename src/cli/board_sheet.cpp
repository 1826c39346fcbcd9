// SPDX-License-Identifier: Apache-2.0
// What is printed of a board. What follows from its facts is worked out where the sensors' channels are
// (with_board_facts), so that both say the same.
#include "cli/board_sheet.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>

#include "core/joined.h"
#include "report/text.h"
#include "report/text_table.h"

namespace layerwatt {

namespace {

using nlohmann::json;

const BoardSensor* sensor_of(const Board& board, const std::string& rail) {
  for (const BoardSensor& sensor : board.sensors)
    if (std::find(sensor.rails.begin(), sensor.rails.end(), rail) != sensor.rails.end()) return &sensor;
  return nullptr;
}

// As a channel of the sensor knows it where nothing was set since the board was shipped.
Channel as_shipped(const Board& board, const BoardSensor& sensor, const std::string& rail) {
  Channel channel;
  channel.rail = rail;
  return with_board_facts(board, sensor.driver, sensor.device, {{"running_mode", "continuous"}}, channel);
}

Channel channel_of(const Board& board, const BoardRail& rail) {
  if (const BoardSensor* sensor = sensor_of(board, rail.name)) return as_shipped(board, *sensor, rail.name);
  Channel unknown;
  unknown.rail = rail.name;
  return unknown;
}

// Of the power that is read, from the offset of the shunt's voltage alone.
std::optional<Watts> largest_offset(const Channel& channel) {
  const Accuracy& known = channel.accuracy;
  if (!known.shunt_offset || !known.shunt || !known.bus) return std::nullopt;
  return *known.bus * (*known.shunt_offset / *known.shunt);
}

std::string watts(std::optional<Watts> power) {
  if (!power) return "not known";
  return power->value() < 0.1 ? fmt::format("{:.3g} mW", power->value() * 1e3)
                              : fmt::format("{:.3g} W", power->value());
}

// Rails in the order of a tree, each with its depth.
void walk(const Board& board, const BoardRail& rail, std::size_t depth,
          std::vector<std::pair<const BoardRail*, std::size_t>>& found) {
  found.emplace_back(&rail, depth);
  for (const std::string& part : rail.contains)
    for (const BoardRail& other : board.rails)
      if (other.name == part) walk(board, other, depth + 1, found);
}

std::vector<std::pair<const BoardRail*, std::size_t>> as_tree(const Board& board) {
  std::set<std::string> parts;
  for (const BoardRail& rail : board.rails) parts.insert(rail.contains.begin(), rail.contains.end());
  std::vector<std::pair<const BoardRail*, std::size_t>> found;
  for (const BoardRail& rail : board.rails)
    if (parts.count(rail.name) == 0) walk(board, rail, 0, found);
  return found;
}

void print_rails(const Board& board, const Style& style, std::ostream& out) {
  TextTable table;
  table.columns = {{"rail"},          {"sensor"},        {"shunt", true},
                   {"voltage", true}, {"step", true, 1}, {"offset", true, 2}};
  for (const auto& [rail, depth] : as_tree(board)) {
    const Channel channel = channel_of(board, *rail);
    const BoardSensor* sensor = sensor_of(board, rail->name);
    const std::string branch = depth == 0 ? "" : std::string(2 * depth - 2, ' ') + (style.utf8 ? "└ " : "- ");
    table.rows.push_back({{branch + rail->name + (channel.is_total ? " (total)" : ""),
                           sensor != nullptr ? sensor->driver + " " + sensor->device : "another chip",
                           rail->shunt ? fmt::format("{:.3g} mOhm", rail->shunt->value() * 1e3) : "as read",
                           rail->nominal ? fmt::format("{:.3g} V", rail->nominal->value()) : "as read",
                           watts(channel.quantum), watts(largest_offset(channel))},
                          {}});
  }
  out << text_table(table, style);
  out << "A rail that stands below another is contained in it: the two are never added.\n"
         "step: of power, from one step of the shunt's voltage. offset: of power, what the chip's data "
         "sheet\n"
         "allows the shunt's voltage to be off at most.\n";
}

void print_sensors(const Board& board, const Style& style, std::ostream& out) {
  for (const BoardSensor& sensor : board.sensors) {
    std::string text = fmt::format("{} {}", sensor.driver, sensor.device);
    const Channel channel =
        as_shipped(board, sensor, sensor.rails.empty() ? std::string{} : sensor.rails.front());
    if (!sensor.conversion) {
      text += " as shipped: not known from a source; `layerwatt sensors` on the board reads how it is set";
    } else {
      text += fmt::format(
          " as shipped: a conversion takes {:.3g} us, each rail has a new value every {:.3g} ms",
          seconds(*sensor.conversion) * 1e6, seconds(channel.refresh.value_or(Nanoseconds{})) * 1e3);
      if (const auto memory = time_constant_of(channel))
        text += fmt::format(", averaged exponentially over {}: it remembers {:.3g} ms", *sensor.averaging,
                            seconds(*memory) * 1e3);
    }
    out << wrapped(text + ".", static_cast<std::size_t>(style.columns), 2) << "\n";
  }
}

void print_sources(const Board& board, const Style& style, std::ostream& out) {
  std::vector<std::string> sources;
  const auto add = [&](const std::string& source) {
    if (!source.empty() && std::find(sources.begin(), sources.end(), source) == sources.end())
      sources.push_back(source);
  };
  add(board.recognise_source);
  for (const BoardRail& rail : board.rails) add(rail.source);
  for (const BoardSensor& sensor : board.sensors) add(sensor.source);
  for (const BoardClock& clock : board.clocks) add(clock.source);
  if (board.accuracy) add(board.accuracy->source);
  if (board.model) add(board.model->source);
  out << "\nSources\n";
  for (const std::string& source : sources)
    out << "  " << wrapped(source, static_cast<std::size_t>(style.columns) - 2, 4) << "\n";
}

template <class Quantity>
void put(json& object, const char* key, const std::optional<Quantity>& quantity) {
  if (quantity) object[key] = quantity->value();
}

}  // namespace

void print_boards(const std::vector<Board>& boards, const Style& style, std::ostream& out) {
  TextTable table;
  table.columns = {{"id"},
                   {"board"},
                   {"rails", true},
                   {"sensors", false, 1},
                   {"simulated", false, 2},
                   {"checked", false, 3}};
  for (const Board& board : boards) {
    std::set<std::string> sensors;
    for (const BoardSensor& sensor : board.sensors) sensors.insert(sensor.driver);
    table.rows.push_back({{board.id, board.name, std::to_string(board.rails.size()),
                           sensors.empty() ? "what is found" : joined(sensors), board.model ? "yes" : "no",
                           board.checked.empty() ? "no" : "yes"},
                          {}});
  }
  out << text_table(table, style)
      << "simulated: as --board virtual:ID or --sensor virtual:ID. checked: somebody compared the file with "
         "such a\n"
         "board; `layerwatt board record` on one makes what is needed for that.\n";
}

void print_board(const Board& board, const Style& style, std::ostream& out) {
  out << board.id << ": " << board.name << "\n"
      << (board.checked.empty() ? "Not checked on a board: written from the sources below."
                                : "Checked: " + board.checked)
      << "\n\n";
  if (!board.rails.empty()) print_rails(board, style, out);
  if (board.rails.empty()) out << "No rail is promised: `layerwatt sensors` lists what is found.\n";
  out << "\n";
  print_sensors(board, style, out);
  if (board.model)
    out << "Simulated as --board virtual:" << board.id << " or --sensor virtual:" << board.id
        << "; its powers are UNCALIBRATED.\n";
  if (!board.clocks.empty()) out << "\nClocks, beside those of the processors\n";
  for (const BoardClock& clock : board.clocks) out << fmt::format("  {:<8} {}\n", clock.name, clock.path);
  out << "\nRecognised by\n";
  const std::string by = board.compatible.empty() ? "the key " + board.cpuinfo_key + " of /proc/cpuinfo"
                                                  : "device tree: " + joined(board.compatible);
  out << "  " << wrapped(by, static_cast<std::size_t>(style.columns) - 2, 4) << "\n";
  print_sources(board, style, out);
}

json as_json(const Board& board) {
  json rails = json::array(), sensors = json::array(), clocks = json::array();
  for (const BoardRail& rail : board.rails) {
    const Channel channel = channel_of(board, rail);
    json one{{"name", rail.name},
             {"contains", rail.contains},
             {"is_total", channel.is_total},
             {"source", rail.source}};
    put(one, "shunt_ohm", rail.shunt);
    put(one, "nominal_v", rail.nominal);
    put(one, "step_w", channel.quantum);
    put(one, "largest_offset_w", largest_offset(channel));
    if (rail.shunt_tolerance) one["shunt_tolerance"] = *rail.shunt_tolerance;
    rails.push_back(std::move(one));
  }
  for (const BoardSensor& sensor : board.sensors) {
    json one{{"driver", sensor.driver},
             {"device", sensor.device},
             {"rails", sensor.rails},
             {"source", sensor.source}};
    if (sensor.conversion) one["conversion_s"] = seconds(*sensor.conversion);
    if (sensor.averaging) one["averaging"] = *sensor.averaging;
    sensors.push_back(std::move(one));
  }
  for (const BoardClock& clock : board.clocks)
    clocks.push_back({{"name", clock.name}, {"path", clock.path}, {"source", clock.source}});
  json all{{"id", board.id},     {"name", board.name},        {"compatible", board.compatible},
           {"rails", rails},     {"sensors", sensors},        {"clocks", clocks},
           {"checked", nullptr}, {"simulated", !!board.model}};
  if (!board.checked.empty()) all["checked"] = board.checked;
  return all;
}

}  // namespace layerwatt
