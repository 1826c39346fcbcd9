// SPDX-License-Identifier: Apache-2.0
// `layerwatt calibrate`: what reading the sensor itself costs, found without a meter.
#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "attribution/power_trace.h"
#include "calibration/sampling_cost.h"
#include "cli/command.h"
#include "cli/duration.h"
#include "cli/interrupts.h"
#include "cli/progress.h"
#include "report/text_table.h"
#include "session/rate_phases.h"
#include "session/virtual_source.h"

namespace layerwatt {

namespace {

using nlohmann::json;

struct CalibrateArguments {
  RateOptions options;
  std::string phase = "2s";
  bool json = false, quiet = false;
};

struct RailCost {
  RailRecord rail;  // without readings
  std::optional<SamplingCost> cost;
};

// Standard deviation; 0 for counters, which have no step of power.
Watts spread_of(std::span<const Watts> powers) {
  double mean = 0, squares = 0, count = 0;
  for (const Watts power : powers) {
    const double step = power.value() - mean;
    mean += step / ++count;
    squares += step * (power.value() - mean);
  }
  return Watts{count > 1 ? std::sqrt(squares / (count - 1)) : 0};
}

// What the average still remembers of the phase before is left out.
std::vector<RailCost> costs_of(const std::vector<ReadAtOneRate>& phases) {
  std::vector<RailCost> costs;
  for (std::size_t r = 0; r < phases.front().rails.size(); ++r) {
    std::vector<RatePhase> rates;
    for (const ReadAtOneRate& phase : phases) {
      const PowerTrace trace{phase.rails[r]};
      const Instant from = phase.from + std::min(trace.settling(), (phase.to - phase.from) / 2);
      const auto power = trace.mean(from, phase.to);
      const Instant middle = from + (phase.to - from) / 2;
      if (!power) continue;
      const Watts step = phase.rails[r].channel.quantum.value_or(Watts{});
      rates.push_back({phase.reads_per_s, seconds(middle - phases.front().from), *power,
                       rounding_of(step, spread_of(trace.powers()))});
    }
    RailRecord rail = phases.front().rails[r];
    rail.readings.clear();
    costs.push_back({std::move(rail), sampling_cost(rates)});
  }
  return costs;
}

double fastest(const std::vector<ReadAtOneRate>& phases) {
  double most = 0;
  for (const ReadAtOneRate& phase : phases) most = std::max(most, phase.reads_per_s);
  return most;
}

json as_json(const std::vector<RailCost>& costs, double reads_per_s, std::size_t phases) {
  json rails = json::array();
  for (const RailCost& one : costs) {
    json rail{{"rail", one.rail.channel.rail},
              {"sensor", one.rail.sensor},
              {"origin", name_of(one.rail.channel.origin)},
              {"a_read_j", nullptr}};
    if (one.cost) {
      rail["a_read_j"] = one.cost->a_read.value();
      rail["a_read_half_width_j"] = one.cost->a_read_half_width.value();
      rail["without_w"] = one.cost->without.value();
      rail["without_half_width_w"] = one.cost->without_half_width.value();
      rail["drift_w"] = one.cost->drift.value();
      rail["drift_half_width_w"] = one.cost->drift_half_width.value();
      rail["is_linear"] = one.cost->is_linear();
    }
    rails.push_back(std::move(rail));
  }
  return {{"schema", "layerwatt.calibration/1"},
          {"fastest_reads_per_s", reads_per_s},
          {"phases", phases},
          {"rails", rails}};
}

std::string with_interval(double value, double half_width, double scale, const char* unit) {
  return fmt::format("{:.3g} +- {:.2g} {}", value * scale, half_width * scale, unit);
}

void print(const std::vector<RailCost>& costs, double reads_per_s, std::size_t phases, Terminal& terminal) {
  const bool simulated = costs.front().rail.channel.origin == Origin::simulated;
  terminal.out << "What reading the sensor costs" << (simulated ? ", SIMULATED" : "") << ": " << phases
               << fmt::format(" stretches at up to {:.0f} reads/s, all rails together; 95 % intervals\n\n",
                              reads_per_s);
  TextTable table;
  table.columns = {{"rail"},
                   {"without reads", true},
                   {"a read", true},
                   {"at full rate", true},
                   {"in proportion", false, 1}};
  for (const RailCost& one : costs) {
    if (!one.cost) {
      table.rows.push_back(
          {{one.rail.channel.rail, "", "", "", ""}, "not known: it could not be read long enough"});
      table.remark_from = 1;
      continue;
    }
    const SamplingCost& cost = *one.cost;
    table.rows.push_back({{one.rail.channel.rail + (one.rail.channel.is_total ? " (total)" : ""),
                           with_interval(cost.without.value(), cost.without_half_width.value(), 1, "W"),
                           with_interval(cost.a_read.value(), cost.a_read_half_width.value(), 1e6, "uJ"),
                           with_interval(cost.a_read.value() * reads_per_s,
                                         cost.a_read_half_width.value() * reads_per_s, 1e3, "mW"),
                           cost.is_linear() ? "yes" : "NO: it grows otherwise than the rate"},
                          {}});
  }
  terminal.out << text_table(table, terminal.style)
               << "The cost is in idle power and in what layers draw alike: energies net of idle are free of "
                  "it, gross\n"
                  "ones contain it.\n";
}

int calibrate(CalibrateArguments arguments, Terminal& terminal) {
  const auto phase = parse_duration(arguments.phase);
  if (!phase || *phase < std::chrono::milliseconds{100} || *phase > std::chrono::hours{1}) {
    report_error(terminal, {Errc::malformed, "--phase " + arguments.phase,
                            phase ? "must be from 100ms to 1h" : phase.error().detail});
    return usage;
  }
  arguments.options.phase = *phase;
  const std::atomic<bool>& interrupted = catch_interrupts();
  arguments.options.interrupted = &interrupted;
  Result<std::vector<ReadAtOneRate>> phases = [&] {
    ProgressBar progress{terminal.err, terminal.err_is_terminal && !arguments.quiet};
    return read_at_rates(Machine::host(), arguments.options, progress);
  }();
  if (interrupted) return ExitCode::interrupted;
  if (!phases) return report_error(terminal, phases.error());
  const std::vector<RailCost> costs = costs_of(*phases);
  if (arguments.json)
    terminal.out << as_json(costs, fastest(*phases), phases->size()).dump(2) << "\n";
  else
    print(costs, fastest(*phases), phases->size(), terminal);
  for (const RailCost& one : costs)
    if (one.cost) return good;
  return undecidable;
}

}  // namespace

void add_calibrate(CLI::App& app, Invocation& invocation) {
  CLI::App& command =
      *app.add_subcommand("calibrate", "What reading the sensor costs, found without a meter");
  auto arguments = std::make_shared<CalibrateArguments>();
  command.add_option("--sensor", arguments->options.sensor,
                     "Driver of `layerwatt sensors`, or virtual:BOARD (SIMULATED)");
  command.add_option("-e,--rails", arguments->options.rails, "Rails to read, all unless given")
      ->delimiter(',');
  command.add_option("--phase", arguments->phase, "Length of a stretch at one rate")->capture_default_str();
  command.add_option("--rounds", arguments->options.rounds, "Times that each of the four rates comes")
      ->check(CLI::Range(2, 1000))
      ->capture_default_str();
  command.add_option("--seed", arguments->options.seed, "Of the order of rates")->capture_default_str();
  command.add_flag("--json", arguments->json, "JSON on standard output");
  command.add_flag("-q,--quiet", arguments->quiet, "No progress bar");
  command.footer(
      "Reads the sensor at its fastest rate and at 1/2, 1/4 and 1/8 of it while nothing else runs, in "
      "changing\n"
      "order, and carries the mean power on to the rate zero. Leave the machine alone meanwhile.\n"
      "Exit code 3 when no rail could be read long enough.\n"
      "Examples:\n"
      "  layerwatt calibrate\n"
      "  layerwatt calibrate --rounds 10 --phase 5s\n"
      "  layerwatt calibrate --sensor virtual:jetson-nano");
  command.callback([arguments, &invocation] {
    invocation.run = [arguments](Terminal& terminal) { return calibrate(*arguments, terminal); };
  });
}

}  // namespace layerwatt
