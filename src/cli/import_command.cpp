// SPDX-License-Identifier: Apache-2.0
// `layerwatt import FORMAT FILE`: what another instrument recorded, as mean power and energy over a window,
// and as lines that layerwatt reads. Nothing of ours ran on its clock, so nothing of it is put on layers.
#include <fmt/format.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>

#include "cli/command.h"
#include "cli/whole_file.h"
#include "sensors/stream.h"
#include "session/line_splitter.h"
#include "session/stream_choice.h"
#include "timeline/power_log.h"
#include "timeline/scope_file.h"

namespace layerwatt {

namespace {

constexpr std::size_t most_bytes = std::size_t{1} << 30;

struct ImportArguments {
  std::string file;
  std::filesystem::path output;
  std::optional<double> from_s, to_s;
  double shunt_ohm = 0;
  std::optional<double> volts;
  std::string a, b, voltage;
  bool json = false, force = false;
};

// A file read: its rails, and what its times count from.
struct Imported {
  std::vector<PowerLog> logs;
  std::string time_column = "time_s";
  std::string clock;
  std::size_t not_understood = 0;
};

Result<std::string> contents(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) return Error{Errc::not_found, path.string(), "cannot be read"};
  std::string all;
  std::vector<char> buffer(1 << 16);
  while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || file.gcount() > 0) {
    all.append(buffer.data(), static_cast<std::size_t>(file.gcount()));
    if (all.size() > most_bytes) return Error{Errc::malformed, path.string(), "is longer than 1 GiB"};
  }
  return all;
}

Result<Imported> import_scope(const ImportArguments& arguments) {
  const auto text = contents(arguments.file);
  if (!text) return text.error();
  const auto record = read_scope(*text);
  if (!record) return Error{record.error().code, arguments.file, record.error().detail};
  const auto find = [&](const std::string& name) -> Result<const ScopeRecord::Trace*> {
    if (const auto* trace = record->trace_named(name)) return trace;
    std::string known;
    for (const auto& trace : record->traces) known += (known.empty() ? "" : ", ") + trace.name;
    return Error{Errc::not_found, "channel " + name, "the file has: " + known};
  };
  const auto plus = find(arguments.a);
  if (!plus) return plus.error();
  const ScopeRecord::Trace *minus = nullptr, *bus = nullptr;
  for (auto [name, trace] : {std::pair{&arguments.b, &minus}, {&arguments.voltage, &bus}}) {
    if (name->empty()) continue;
    const auto found = find(*name);
    if (!found) return found.error();
    *trace = *found;
  }
  Imported imported;
  imported.clock = "seconds from the oscilloscope's trigger";
  PowerLog& log = imported.logs.emplace_back();
  log.channel.rail = "power";
  const Ohms shunt{arguments.shunt_ohm};
  for (std::size_t i = 0; i < record->times.size(); ++i) {
    const Volts across = (*plus)->volts[i] - (minus != nullptr ? minus->volts[i] : Volts{0});
    log.samples.push_back(
        {record->times[i], across / shunt * (bus != nullptr ? bus->volts[i] : Volts{*arguments.volts})});
  }
  return imported;
}

Result<Imported> import_stream(const StreamDriver& driver, const std::string& argument) {
  auto plan = driver.plan(argument, {});
  if (!plan) return plan.error();
  const auto text = contents(plan->file);
  if (!text) return text.error();
  StreamParser& parser = *plan->parser;
  std::vector<StreamReading> readings, of_line;
  Imported imported;
  std::string first_wrong;
  const auto take = [&](std::string_view line, bool too_long) {
    of_line.clear();
    const auto parsed =
        too_long ? Result<void>{Error{Errc::malformed, "line", "has no end"}} : parser.parse(line, of_line);
    if (!parsed && imported.not_understood++ == 0)
      first_wrong = parsed.error().where + ": " + parsed.error().detail;
    readings.insert(readings.end(), of_line.begin(), of_line.end());
  };
  LineSplitter lines;
  lines.add(*text, take);
  if (!lines.begun().empty()) lines.add("\n", take);
  parser.settle();
  if (readings.empty()) {
    const std::string why = parser.unusable().empty() ? first_wrong : parser.unusable();
    return Error{Errc::malformed, plan->file.string(),
                 "has no reading of " + std::string{driver.name} + (why.empty() ? "" : ": " + why)};
  }
  for (const Channel& channel : parser.channels())
    imported.logs.push_back({channel, {}, parser.clock() != StampClock::arrival});
  for (const StreamReading& reading : readings)
    imported.logs[reading.channel].samples.push_back({reading.stamp, reading.value});
  switch (parser.clock()) {
    case StampClock::arrival: imported.clock = "no times"; break;
    case StampClock::own: imported.clock = "seconds of the instrument's own clock"; break;
    case StampClock::realtime:
      imported.clock = "seconds since 1970";
      imported.time_column = "unix_s";
      break;
    case StampClock::raw:
      imported.clock = "nanoseconds of CLOCK_MONOTONIC_RAW";
      imported.time_column = "raw_ns";
      break;
  }
  return imported;
}

void print(const PowerLog& log, const LogSummary& summary, std::ostream& out) {
  out << fmt::format("{:<20} mean {:.6g} W", log.channel.rail, summary.mean.value());
  if (summary.energy) out << fmt::format(", energy {:.6g} J", summary.energy->value());
  out << fmt::format(", from {:.4g} to {:.4g} W, {} readings", summary.lowest.value(),
                     summary.highest.value(), summary.samples);
  if (summary.energy)
    out << fmt::format(" over {:.6g} s ({:.9g} to {:.9g})", seconds(*summary.last - *summary.first),
                       seconds(*summary.first), seconds(*summary.last));
  out << "\n";
  if (log.channel.origin != Origin::measured)
    out << "  " << name_of(log.channel.origin) << ", not measured: the file says so\n";
}

nlohmann::json as_json(const PowerLog& log, const LogSummary& summary) {
  nlohmann::json made{{"rail", log.channel.rail},
                      {"origin", name_of(log.channel.origin)},
                      {"mean_w", summary.mean.value()},
                      {"lowest_w", summary.lowest.value()},
                      {"highest_w", summary.highest.value()},
                      {"readings", summary.samples}};
  if (summary.energy) {
    made["energy_j"] = summary.energy->value();
    made["first_s"] = seconds(*summary.first);
    made["last_s"] = seconds(*summary.last);
  }
  return made;
}

int show(const ImportArguments& arguments, const Result<Imported>& imported, Terminal& terminal) {
  if (!imported) return report_error(terminal, imported.error());
  LogWindow window;
  if (arguments.from_s) window.from = from_seconds(*arguments.from_s);
  if (arguments.to_s) window.to = from_seconds(*arguments.to_s);
  nlohmann::json rails = nlohmann::json::array();
  for (const PowerLog& log : imported->logs) {
    const auto summary = summarise(log, window);
    if (!summary) return report_error(terminal, summary.error());
    if (arguments.json)
      rails.push_back(as_json(log, *summary));
    else
      print(log, *summary, terminal.out);
  }
  if (arguments.json)
    terminal.out << nlohmann::json{{"schema", "layerwatt.import/1"},
                                   {"clock", imported->clock},
                                   {"lines_not_understood", imported->not_understood},
                                   {"rails", rails}}
                        .dump(2)
                 << "\n";
  else
    terminal.out << (imported->logs.front().timed
                         ? "Whole window only: its times are " + imported->clock +
                               ", which no marks of layers are on.\n"
                         : "The file has no times: means of its lines, and no energy.\n");
  if (imported->not_understood > 0)
    terminal.err << "layerwatt: " << imported->not_understood
                 << " lines were not understood and are left out\n";
  if (arguments.output.empty()) return good;
  auto file = WholeFile::create(arguments.output, arguments.force);
  if (!file) return report_error(terminal, file.error());
  if (auto written = write_lines(imported->logs, window, imported->time_column, (*file)->stream()); !written)
    return report_error(terminal, written.error());
  if (auto kept = (*file)->keep(); !kept) return report_error(terminal, kept.error());
  return good;
}

void add_common(CLI::App& command, ImportArguments& arguments, const std::string& file_help) {
  command.add_option("FILE", arguments.file, file_help)->required();
  command
      .add_option("--from", arguments.from_s,
                  "Begin of the window, in seconds of the file's own time [its begin]")
      ->check(CLI::Range(-9e9, 9e9));
  command.add_option("--to", arguments.to_s, "End of the window [its end]")->check(CLI::Range(-9e9, 9e9));
  command.add_option("-o,--output", arguments.output,
                     "Write the power as lines that --sensor csv:FILE reads (docs/streams.md)");
  command.add_flag("--force", arguments.force, "Overwrite the output if it exists");
  command.add_flag("--json", arguments.json, "JSON on standard output");
}

void add_scope(CLI::App& import, Invocation& invocation) {
  CLI::App& command =
      *import.add_subcommand("scope", "Two channels of an oscilloscope around a shunt: (a - b) / R x V");
  auto arguments = std::make_shared<ImportArguments>();
  add_common(command, *arguments, "What the oscilloscope saved as CSV");
  command.add_option("--shunt", arguments->shunt_ohm, "Resistance between the two channels, in ohms")
      ->required()
      ->check(CLI::Range(1e-6, 1e6));
  command.add_option("--a", arguments->a, "Channel on the side of the supply, or across the shunt alone")
      ->capture_default_str()
      ->required();
  command.add_option("--b", arguments->b,
                     "Channel on the side of the board [none: --a is the voltage across the shunt]");
  auto* constant =
      command.add_option("--volts", arguments->volts, "Voltage of the board, when it is constant")
          ->check(CLI::Range(1e-3, 1e4));
  auto* channel =
      command.add_option("--voltage", arguments->voltage, "Channel that has the voltage of the board");
  constant->excludes(channel);
  command.footer(
      "The voltage is that of the board: with the shunt on the high side, channel b itself (--voltage CH2).\n"
      "Examples:\n"
      "  layerwatt import scope NewFile1.csv --shunt 0.05 --a CH1 --b CH2 --volts 5.0\n"
      "  layerwatt import scope NewFile1.csv --shunt 0.05 --a CH1 --b CH2 --voltage CH2 --from -0.01 --to "
      "0.02");
  command.callback([arguments, &invocation] {
    if (!arguments->volts && arguments->voltage.empty()) throw CLI::RequiredError("--volts or --voltage");
    invocation.run = [arguments](Terminal& terminal) {
      return show(*arguments, import_scope(*arguments), terminal);
    };
  });
}

void add_stream(CLI::App& import, Invocation& invocation, const StreamDriver& driver) {
  const std::string name{driver.name};
  CLI::App& command = *import.add_subcommand(name, std::string{driver.summary});
  auto arguments = std::make_shared<ImportArguments>();
  add_common(command, *arguments, "As behind the colon of " + std::string{driver.usage});
  command.footer("Examples:\n  layerwatt import " + name + " recorded.csv --from 2 --to 12");
  command.callback([arguments, &driver, &invocation] {
    invocation.run = [arguments, &driver](Terminal& terminal) {
      return show(*arguments, import_stream(driver, arguments->file), terminal);
    };
  });
}

}  // namespace

void add_import(CLI::App& app, Invocation& invocation) {
  CLI::App& command =
      *app.add_subcommand("import", "Mean power and energy of what another instrument recorded");
  command.require_subcommand(1);
  add_scope(command, invocation);
  for (const StreamDriver* driver : stream_drivers())
    if (driver->name != "sigrok") add_stream(command, invocation, *driver);  // sigrok-cli reads its own files
  command.footer(
      "Examples:\n"
      "  layerwatt import scope NewFile1.csv --shunt 0.05 --a CH1 --b CH2 --volts 5.0 -o power.csv\n"
      "  layerwatt import otii \"Main power - Ace.csv\" --from 2 --to 12");
}

}  // namespace layerwatt
