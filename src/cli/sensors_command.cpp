// SPDX-License-Identifier: Apache-2.0
// `layerwatt sensors`: which power sensors this machine (or a recorded one) has, how they are set, and what
// they read now.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "boards/board.h"
#include "cli/calibrations.h"
#include "cli/command.h"
#include "sensors/sensor.h"
#include "sensors/stream.h"
#include "session/sensor_choice.h"
#include "session/sensor_pace.h"
#include "session/stream_input.h"

namespace layerwatt {

namespace {

struct SensorsArguments {
  std::filesystem::path sysroot = "/", calibration;
  bool json = false, measure = false;
};

constexpr Nanoseconds measured_for = std::chrono::milliseconds{500};  // each rail, by itself
constexpr std::size_t most_readings = 50'000;

std::string describe_value(const Result<Value>& value) {
  if (!value) return "unreadable: " + value.error().detail;
  if (const Watts* power = std::get_if<Watts>(&*value)) return fmt::format("{:.3f} W", power->value());
  return fmt::format("{:.3f} J", std::get<Joules>(*value).value());
}

std::string in_ms(Nanoseconds time) { return fmt::format("{:.3g} ms", seconds(time) * 1e3); }

std::string describe_channel(const Channel& channel) {
  std::string text = channel.meaning == Meaning::power_now ? "power" : "energy counter";
  if (channel.is_total) text += ", total";
  if (!channel.part_of.empty()) text += ", part of " + channel.part_of;
  if (channel.refresh) text += ", new every " + in_ms(*channel.refresh);
  if (channel.averaging && *channel.averaging > 1)
    text += fmt::format(", exponential average of {}", *channel.averaging);
  if (channel.quantum) text += fmt::format(", step {:.3g} mW", channel.quantum->value() * 1e3);
  return text;
}

// A value, and how long the sensor took over it; a recorded tree takes no time that says anything.
struct TimedValue {
  Result<Value> value;
  std::optional<Nanoseconds> took;
};

TimedValue read_timed(const Machine& machine, Sensor& sensor, std::size_t channel) {
  const Instant before = machine.clock().now();
  auto value = sensor.read(channel);
  const Nanoseconds took = machine.clock().now() - before;
  if (machine.is_recorded() || !value) return {std::move(value), std::nullopt};
  return {std::move(value), took};
}

// Reads one rail as fast as it goes. Empty when it cannot be read often enough.
std::optional<SensorPace> measured_pace(const Machine& machine, Sensor& sensor, std::size_t channel) {
  std::vector<Reading> readings;
  const Instant until = machine.clock().now() + measured_for;
  for (Instant now = machine.clock().now(); now < until && readings.size() < most_readings;) {
    auto value = sensor.read(channel);
    const Instant after = machine.clock().now();
    if (!value) break;
    readings.push_back({now, after, *value});
    now = after;
  }
  return pace_of(readings);
}

std::string describe(const SensorPace& pace, const Channel& channel) {
  std::string text = sentence(pace);
  if (const auto other = contradiction(pace, channel)) text += "; BUT " + *other;
  return text;
}

nlohmann::json as_json(const SensorPace& pace, const Channel& channel) {
  nlohmann::json measured{{"reads", pace.reads},
                          {"read_s", seconds(pace.read)},
                          {"read_99_s", seconds(pace.longest_read)},
                          {"between_s", seconds(pace.between)},
                          {"repeats", pace.repeats}};
  if (pace.renewed) measured["renewed_s"] = seconds(*pace.renewed);
  if (const auto other = contradiction(pace, channel)) measured["contradiction"] = *other;
  return measured;
}

// What is said of every sensor of one list.
struct Listing {
  const Machine& machine;
  std::string board_id;
  std::vector<StoredCalibration> calibrations;
  bool measure = false;
};

nlohmann::json as_json(const Listing& listing, Sensor& sensor, const SensorDriver& driver,
                       const std::vector<Channel>& channels) {
  const auto& [machine, board_id, calibrations, measure] = listing;
  nlohmann::json rails = nlohmann::json::array();
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const Channel& channel = channels[i];
    nlohmann::json rail{
        {"rail", channel.rail}, {"meaning", name_of(channel.meaning)}, {"is_total", channel.is_total}};
    if (!channel.part_of.empty()) rail["part_of"] = channel.part_of;
    if (channel.refresh) rail["refresh_s"] = seconds(*channel.refresh);
    if (channel.aperture) rail["aperture_s"] = seconds(*channel.aperture);
    if (channel.averaging) rail["averaging"] = *channel.averaging;
    if (channel.quantum) rail["quantum_w"] = channel.quantum->value();
    const auto [value, took] = read_timed(machine, sensor, i);
    if (took) rail["read_s"] = seconds(*took);
    if (!value)
      rail["unreadable"] = value.error().detail;
    else if (const Watts* power = std::get_if<Watts>(&*value))
      rail["power_w"] = power->value();
    else
      rail["energy_j"] = std::get<Joules>(*value).value();
    if (measure)
      if (const auto pace = measured_pace(machine, sensor, i)) rail["measured"] = as_json(*pace, channel);
    const std::string calibration = describe(calibration_of(calibrations, board_id, driver, sensor, channel));
    rail["calibration"] = calibration.empty() ? nlohmann::json() : nlohmann::json(calibration);
    rails.push_back(std::move(rail));
  }
  return {{"driver", driver.name},
          {"origin", name_of(driver.origin)},
          {"device", sensor.device()},
          {"mode", sensor.mode()},
          {"rails", rails}};
}

void print(const Listing& listing, Sensor& sensor, const SensorDriver& driver,
           const std::vector<Channel>& channels, std::ostream& out) {
  const auto& [machine, board_id, calibrations, measure] = listing;
  out << driver.name << (sensor.device().empty() ? "" : " " + sensor.device());
  if (driver.origin != Origin::measured)
    out << "  (" << name_of(driver.origin) << ", not measured)";
  else if (!is_chosen_by_itself(driver))
    out << "  (read only with --sensor " << driver.name << ")";
  out << "\n";
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const Channel& channel = channels[i];
    const auto [value, took] = read_timed(machine, sensor, i);
    out << fmt::format("  {:<20} {:>12}  {}", channel.rail, describe_value(value), describe_channel(channel));
    if (took) out << ", read in " << in_ms(*took);
    out << "\n";
    const std::string calibration = describe(calibration_of(calibrations, board_id, driver, sensor, channel));
    if (!calibration.empty())
      out << "    " << calibration << "\n";
    else if (driver.origin == Origin::measured)
      out << "    not calibrated\n";
    if (!measure) continue;
    const auto pace = measured_pace(machine, sensor, i);
    out << "    measured: " << (pace ? describe(*pace, channel) : "not read often enough") << "\n";
  }
  std::string mode;
  for (const auto& [key, value] : sensor.mode())
    mode += fmt::format("{}{}={}", mode.empty() ? "" : ", ", key, value);
  if (!mode.empty()) out << "  set to: " << mode << "\n";
}

// Streams are only named: reading one would start a program, or wait for a meter.
nlohmann::json list_streams(const SensorsArguments& arguments, std::ostream& out) {
  nlohmann::json streams = nlohmann::json::array();
  if (!arguments.json) out << "streams, read only when asked for (docs/streams.md):\n";
  for (const StreamDriver* driver : stream_drivers()) {
    const bool installed = driver->program.empty() || program_in_path(std::string{driver->program});
    nlohmann::json stream{{"driver", driver->name}, {"usage", driver->usage}, {"summary", driver->summary}};
    if (!driver->program.empty()) stream["program"] = driver->program;
    stream["program_found"] = installed;
    streams.push_back(std::move(stream));
    if (arguments.json) continue;
    out << "  " << (driver->live ? "--sensor " : "import: ") << driver->usage << "\n      "
        << driver->summary;
    if (!installed) out << "; " << driver->program << " is not installed";
    out << "\n";
  }
  return streams;
}

int list(const SensorsArguments& arguments, Terminal& terminal) {
  const auto machine = machine_at(arguments.sysroot);
  if (!machine) return report_error(terminal, machine.error());
  nlohmann::json sensors = nlohmann::json::array(), skipped = nlohmann::json::array();
  const std::optional<Board> board = recognise_board(*machine);
  bool measured = false;
  auto stored = calibrations_on(*machine, arguments.calibration);
  if (!stored) return report_error(terminal, stored.error());
  const Listing listing{*machine, board ? board->id : "", std::move(*stored), arguments.measure};
  const auto skip = [&](const Skipped& one) {
    skipped.push_back({{"what", one.what}, {"why", one.why}, {"remedy", one.remedy}});
    if (arguments.json) return;
    terminal.out << "not usable: " << one.what << ": " << one.why << "\n";
    if (!one.remedy.empty()) terminal.out << "  remedy: " << one.remedy << "\n";
  };
  for (const SensorDriver* driver : sensor_drivers()) {
    Found found = driver->probe(*machine, {});
    for (const auto& sensor : found.sensors) {
      measured = measured || (driver->origin == Origin::measured && is_chosen_by_itself(*driver));
      const std::vector<Channel> channels =
          with_board_facts(board, driver->name, sensor->device(), sensor->mode(), sensor->channels());
      if (arguments.json)
        sensors.push_back(as_json(listing, *sensor, *driver, channels));
      else
        print(listing, *sensor, *driver, channels, terminal.out);
    }
    for (const Skipped& one : found.skipped) skip(one);
  }
  for (const Skipped& one : sensors_left_out()) skip(one);
  // They are of the machine we run on, not of a recorded one.
  const nlohmann::json streams =
      machine->is_recorded() ? nlohmann::json::array() : list_streams(arguments, terminal.out);
  if (arguments.json) {
    const nlohmann::json report{
        {"schema", "layerwatt.sensors/1"}, {"sensors", sensors}, {"skipped", skipped}, {"streams", streams}};
    terminal.out << report.dump(2) << "\n";
  } else if (!measured) {
    terminal.out << "No power sensor of the CPU or the board here. `layerwatt profile` can estimate "
                    "(labelled ESTIMATED), "
                    "or simulate with --sensor virtual:jetson-nano (labelled SIMULATED).\n";
  }
  return good;
}

}  // namespace

void add_sensors(CLI::App& app, Invocation& invocation) {
  CLI::App& command = *app.add_subcommand("sensors", "List the power sensors and what they read now");
  auto arguments = std::make_shared<SensorsArguments>();
  command.add_option("--sysroot", arguments->sysroot,
                     "Read a recorded machine's tree instead of this machine");
  command.add_flag(
      "--measure", arguments->measure,
      "Read each rail for half a second: how long a read takes, how often the value is new, and\n"
      "whether that is what the sensor is set to");
  add_calibration_option(command, arguments->calibration);
  command.add_flag("--json", arguments->json, "JSON on standard output");
  command.footer(
      "Examples:\n"
      "  layerwatt sensors\n"
      "  layerwatt sensors --measure\n"
      "  layerwatt sensors --sysroot recorded/jetson-nano");
  command.callback([arguments, &invocation] {
    invocation.run = [arguments](Terminal& terminal) { return list(*arguments, terminal); };
  });
}

}  // namespace layerwatt
