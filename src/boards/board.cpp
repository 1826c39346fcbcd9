// SPDX-License-Identifier: Apache-2.0
// The built-in boards, which of them this machine is, and what they add to a sensor's channels. Facts stand
// in boards/*.toml with their sources, not here.
#include "boards/board.h"

#include <algorithm>

namespace layerwatt {

namespace {

constexpr Volts shunt_step{40e-6};  // LSB of the INA3221's shunt voltage: TI SBOS576

bool matches(std::string_view pattern, std::string_view compatible) {
  if (pattern.empty() || pattern.back() != '*') return pattern == compatible;
  return compatible.substr(0, pattern.size() - 1) == pattern.substr(0, pattern.size() - 1);
}

// The device tree lists its names from the most to the least specific, separated by NULs.
std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  while (from <= text.size()) {
    const std::size_t to = std::min(text.find(separator, from), text.size());
    if (to > from) parts.push_back(text.substr(from, to - from));
    from = to + 1;
  }
  return parts;
}

// The board with the pattern that says most.
const Board* compatible_board(const std::vector<Board>& boards, const std::string& compatible) {
  const Board* best = nullptr;
  std::size_t longest = 0;
  for (const Board& board : boards)
    for (const std::string& pattern : board.compatible)
      if (pattern.size() > longest && matches(pattern, compatible)) {
        best = &board;
        longest = pattern.size();
      }
  return best;
}

const BoardRail* find_rail(const Board& board, const std::string& name) {
  for (const BoardRail& rail : board.rails)
    if (rail.name == name) return &rail;
  return nullptr;
}

const BoardSensor* find_sensor(const Board& board, std::string_view driver, std::string_view device,
                               const std::string& rail) {
  for (const BoardSensor& sensor : board.sensors)
    if (sensor.driver == driver && sensor.device == device &&
        std::find(sensor.rails.begin(), sensor.rails.end(), rail) != sensor.rails.end())
      return &sensor;
  return nullptr;
}

bool contains(const Board& board, const BoardRail& rail, const std::string& name) {
  for (const std::string& part : rail.contains) {
    if (part == name) return true;
    const BoardRail* inner = find_rail(board, part);
    if (inner != nullptr && contains(board, *inner, name)) return true;
  }
  return false;
}

// What the sensor read itself stays. The tolerance is that of the board's own part: a shunt of another value
// is another part.
void add_accuracy(const Board& board, const BoardRail& rail, std::string_view driver, Accuracy& accuracy) {
  if (!accuracy.bus) accuracy.bus = rail.nominal;
  if (!accuracy.shunt) accuracy.shunt = rail.shunt;
  if (accuracy.shunt == rail.shunt) accuracy.shunt_tolerance = rail.shunt_tolerance;
  accuracy.source = "rail: " + rail.source;
  if (!board.accuracy || board.accuracy->driver != driver) return;
  accuracy.shunt_gain = board.accuracy->shunt_gain;
  accuracy.bus_gain = board.accuracy->bus_gain;
  accuracy.shunt_offset = board.accuracy->shunt_offset;
  accuracy.bus_offset = board.accuracy->bus_offset;
  accuracy.source = board.accuracy->source + "; " + accuracy.source;
}

}  // namespace

// Tests parse each of them, so none is lost here.
std::vector<Board> built_in_boards() {
  std::vector<Board> boards;
  for (const std::string_view text : board_texts())
    if (auto board = parse_board(text, "built-in board")) boards.push_back(std::move(*board));
  return boards;
}

Result<Board> board_named(const std::string& id) {
  std::string known;
  for (Board& board : built_in_boards()) {
    if (board.id == id) return std::move(board);
    known += (known.empty() ? "" : ", ") + board.id;
  }
  return Error{Errc::not_found, "board " + id, "known boards: " + known};
}

std::vector<std::string> board_ids() {
  std::vector<std::string> ids;
  for (const Board& board : built_in_boards()) ids.push_back(board.id);
  return ids;
}

std::optional<Board> recognise_board(const Machine& machine) {
  const std::vector<Board> boards = built_in_boards();
  if (const auto names = machine.read("/proc/device-tree/compatible"))
    for (const std::string& name : split(*names, '\0'))
      if (const Board* board = compatible_board(boards, name)) return *board;
  const auto cpuinfo = machine.read("/proc/cpuinfo");
  if (!cpuinfo) return std::nullopt;
  for (const std::string& line : split(*cpuinfo, '\n')) {
    const std::string key = line.substr(0, line.find_first_of("\t:"));
    for (const Board& board : boards)
      if (!board.cpuinfo_key.empty() && board.cpuinfo_key == key) return board;
  }
  return std::nullopt;
}

Channel with_board_facts(const Board& board, std::string_view driver, std::string_view device,
                         const std::map<std::string, std::string>& mode, Channel channel) {
  const BoardRail* rail = find_rail(board, channel.rail);
  const BoardSensor* sensor = find_sensor(board, driver, device, channel.rail);
  if (rail == nullptr || sensor == nullptr) return channel;
  channel.is_total = board.rails.size() > 1;
  for (const BoardRail& other : board.rails) {
    if (&other != rail && !contains(board, *rail, other.name)) channel.is_total = false;
    if (std::find(other.contains.begin(), other.contains.end(), rail->name) != other.contains.end())
      channel.part_of = other.name;
  }
  if (!channel.quantum && rail->shunt && rail->nominal)
    channel.quantum = *rail->nominal * (shunt_step / *rail->shunt);
  add_accuracy(board, *rail, driver, channel.accuracy);
  const auto running = mode.find("running_mode");
  if (running == mode.end() || running->second != "continuous" || !sensor->conversion) return channel;
  // A shunt and a bus conversion of each of three channels: the L4T driver leaves all three on.
  if (!channel.aperture) channel.aperture = *sensor->conversion;
  if (!channel.voltage_aperture) channel.voltage_aperture = *sensor->conversion;
  if (!channel.refresh) channel.refresh = 6 * *sensor->conversion;
  if (!channel.averaging) channel.averaging = sensor->averaging;
  return channel;
}

std::vector<Channel> with_board_facts(const std::optional<Board>& board, std::string_view driver,
                                      std::string_view device, const std::map<std::string, std::string>& mode,
                                      std::span<const Channel> channels) {
  std::vector<Channel> known{channels.begin(), channels.end()};
  if (board)
    for (Channel& channel : known) channel = with_board_facts(*board, driver, device, mode, channel);
  return known;
}

}  // namespace layerwatt
