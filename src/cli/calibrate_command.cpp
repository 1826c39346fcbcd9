// SPDX-License-Identifier: Apache-2.0
// `layerwatt calibrate`: what the sensor is really like, found without a meter: what reading it costs, how
// late it is and how it averages; and whether a load planted into inferences is found again.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/calibration_reports.h"
#include "cli/calibrations.h"
#include "cli/command.h"
#include "cli/duration.h"
#include "cli/interrupts.h"
#include "cli/load_steps.h"
#include "cli/metered_calibration.h"
#include "cli/progress.h"
#include "cli/response_calibration.h"
#include "session/rate_phases.h"
#include "session/switched_load.h"
#include "session/virtual_source.h"

namespace layerwatt {

namespace {

using nlohmann::json;

struct CalibrateArguments {
  RateOptions rates;
  PlantedPlan plant;
  std::string phase = "2s", load = "20s", planted = "2ms";
  MeteredCalibration metered;
  bool self_test = false, json = false, quiet = false;
};

SwitchedLoadOptions load_options(const RateOptions& options, bool total_alone) {
  return {options.sensor, options.rails, total_alone, options.seed, options.interrupted};
}

Result<std::vector<RailResponse>> responses(const CalibrateArguments& arguments, Nanoseconds length,
                                            Progress& progress) {
  const auto lengths = switching_plan(length, arguments.rates.seed);
  auto load = read_under_load(Machine::host(), load_options(arguments.rates, false), lengths, progress);
  if (!load) return load.error();
  const std::vector<LoadStep> steps = steps_of(load->on, load->from);
  std::vector<RailResponse> found;
  for (RailRecord& rail : load->rails) {
    const auto response = step_response(rail, steps, load->from, load->to);
    const auto pace = pace_of(rail.readings);
    rail.readings.clear();
    found.push_back({std::move(rail), response, pace});
  }
  return found;
}

int characterise(const CalibrateArguments& arguments, Nanoseconds load_length, Terminal& terminal) {
  std::optional<CostFound> cost;
  std::optional<std::vector<RailResponse>> response;
  std::optional<CalibrationPlace> place;
  if (arguments.metered.save) {
    if (load_length == Nanoseconds{})
      return report_error(terminal, {Errc::unsupported, "--save",
                                     "without a load and without a meter there is nothing to keep"});
    auto found = place_to_save(arguments.metered.place, !virtual_board_id(arguments.rates.sensor).empty());
    if (!found) return report_error(terminal, found.error());
    place = std::move(*found);
  }
  {
    ProgressBar progress{terminal.err, terminal.err_is_terminal && !arguments.quiet};
    auto phases = read_at_rates(Machine::host(), arguments.rates, progress);
    if (*arguments.rates.interrupted) return ExitCode::interrupted;
    if (!phases) return report_error(terminal, phases.error());
    cost = cost_from(*phases);
    if (load_length > Nanoseconds{}) {
      auto found = responses(arguments, load_length, progress);
      if (*arguments.rates.interrupted) return ExitCode::interrupted;
      if (!found) return report_error(terminal, found.error());
      response = std::move(*found);
    }
  }
  std::optional<Result<std::string>> kept;
  if (place) kept = keep_responses(*response, arguments.rates.sensor, arguments.load, *place);
  if (arguments.json) {
    json all = cost_json(*cost);
    all["schema"] = "layerwatt.calibration/1";
    if (response) all["responses"] = responses_json(*response);
    all["saved"] = kept && *kept ? json(place->file.string()) : json();
    terminal.out << all.dump(2) << "\n";
  } else {
    print_cost(*cost, terminal);
    if (response) {
      terminal.out << "\n";
      print_responses(*response, terminal);
    }
    if (kept && *kept)
      terminal.out << "Kept in " << place->file.string() << ": how " << **kept << " follow a load.\n";
  }
  if (kept && !*kept) return report_error(terminal, kept->error());
  for (const RailCost& one : cost->rails)
    if (one.cost) return good;
  return undecidable;
}

// Judged as a whole: failed when one rail is, undecidable when none tells anything.
int verdict(const std::vector<PlantedResult>& results) {
  bool telling = false;
  for (const PlantedResult& one : results) {
    if (one.recovered() == false) return failed;
    telling = telling || one.is_telling();
  }
  return telling ? good : undecidable;
}

int test_itself(const CalibrateArguments& arguments, Terminal& terminal) {
  Result<SwitchedLoad> load = [&] {
    ProgressBar progress{terminal.err, terminal.err_is_terminal && !arguments.quiet};
    return read_under_load(Machine::host(), load_options(arguments.rates, true), lengths_of(arguments.plant),
                           progress);
  }();
  if (*arguments.rates.interrupted) return ExitCode::interrupted;
  if (!load) return report_error(terminal, load.error());
  const std::vector<LoadStep> steps = steps_of(load->on);
  auto run = planted_run(arguments.plant, std::move(load->rails), steps, load->to);
  if (!run) return report_error(terminal, run.error());
  run->clocks_at_start = load->clocks_at_start;
  run->clocks_at_end = load->clocks_at_end;
  const auto profile = attribute(*run);
  if (!profile) return report_error(terminal, profile.error());
  const auto results = planted_results(arguments.plant, *run, *profile, steps);
  if (arguments.json) {
    json all{{"schema", "layerwatt.calibration/1"}, {"origin", name_of(profile->worst_origin)}};
    all["self_test"] = planted_json(arguments.plant, results);
    terminal.out << all.dump(2) << "\n";
  } else {
    print_planted(arguments.plant, results, profile->worst_origin == Origin::simulated, terminal);
    for (const std::string& note : profile->notes) terminal.out << "- " << note << "\n";
  }
  return verdict(results);
}

MeteredCalibration metered(const CalibrateArguments& arguments, Nanoseconds load) {
  MeteredCalibration asked = arguments.metered;
  MeteredOptions& options = asked.options;
  options.sensor = arguments.rates.sensor;
  options.rails = arguments.rates.rails;
  options.stretch = arguments.rates.phase;
  options.rounds = arguments.rates.rounds;
  options.seed = arguments.rates.seed;
  options.interrupted = arguments.rates.interrupted;
  if (load > Nanoseconds{}) options.switching = switching_plan(load, options.seed);
  asked.json = arguments.json;
  asked.quiet = arguments.quiet;
  return asked;
}

void add_meter_options(CLI::App& command, MeteredCalibration& metered) {
  command
      .add_option("--meter", metered.options.meter,
                  "Read beside this meter, a stream or another sensor: what sampling adds, gain, offset and "
                  "loss; of a virtual board: virtual")
      ->excludes("--self-test");
  command.add_option("--meter-rail", metered.meter_rail, "Of the meter [its first]")->needs("--meter");
  command
      .add_option("--meter-at", metered.measures,
                  "Rail of the sensor that the meter measures; without it, the meter is taken to sit at the "
                  "supply")
      ->needs("--meter");
  const auto set_accuracy = [&metered](const std::string& text) {
    const auto accuracy = parse_meter_accuracy(text);
    if (!accuracy) throw CLI::ValidationError{"--meter-accuracy", accuracy.error().detail};
    metered.accuracy = *accuracy;
  };
  command
      .add_option_function<std::string>("--meter-accuracy", set_accuracy,
                                        "Largest errors of the meter, as 0.05% or 0.05%+2mW")
      ->needs("--meter");
  const auto set_place = [&metered](const std::vector<std::string>& place) {
    metered.save = true;
    if (!place.empty()) metered.place = place.front();
  };
  command
      .add_option_function<std::vector<std::string>>(
          "--save", set_place,
          "Keep what is found for later runs, in FILE [calibrations.json of this machine]: with --meter-at "
          "gain and level of that rail, with another meter what is lost before the total one, without a "
          "meter "
          "how rails follow the load")
      ->expected(0, 1)
      ->type_name("[FILE]")
      ->excludes("--self-test");
}

int calibrate(CalibrateArguments arguments, Terminal& terminal) {
  using std::chrono::hours, std::chrono::milliseconds;
  struct Length {
    const char* option;
    const std::string& text;
    Nanoseconds least, most;
    const char* range;
    Nanoseconds value;
  };
  Length lengths[] = {
      {"--phase", arguments.phase, milliseconds{100}, hours{1}, "from 100ms to 1h", {}},
      {"--load", arguments.load, {}, hours{1}, "from 5s to 1h, or 0s", {}},
      {"--plant", arguments.planted, milliseconds{1}, milliseconds{1000}, "from 1ms to 1s", {}}};
  for (Length& length : lengths) {
    const auto value = parse_duration(length.text);
    const bool inside = value && *value >= length.least && *value <= length.most;
    if (!inside) {
      report_error(terminal, {Errc::malformed, std::string{length.option} + " " + length.text,
                              value ? std::string{"must be "} + length.range : value.error().detail});
      return usage;
    }
    length.value = *value;
  }
  if (lengths[1].value > Nanoseconds{} && lengths[1].value < std::chrono::seconds{5}) {
    report_error(terminal, {Errc::malformed, "--load " + arguments.load, "must be from 5s to 1h, or 0s"});
    return usage;
  }
  arguments.rates.phase = lengths[0].value;
  arguments.plant.plant = lengths[2].value;
  arguments.plant.seed = arguments.rates.seed;
  arguments.rates.interrupted = &catch_interrupts();
  if (!arguments.metered.options.meter.empty())
    return calibrate_beside_meter(metered(arguments, lengths[1].value), terminal);
  return arguments.self_test ? test_itself(arguments, terminal)
                             : characterise(arguments, lengths[1].value, terminal);
}

}  // namespace

void add_calibrate(CLI::App& app, Invocation& invocation) {
  CLI::App& command = *app.add_subcommand(
      "calibrate", "What the sensor is really like: cost of a read, lag, averaging; a test of the whole way");
  auto arguments = std::make_shared<CalibrateArguments>();
  command.add_option("--sensor", arguments->rates.sensor,
                     "Driver of `layerwatt sensors`, or virtual:BOARD (SIMULATED)");
  command
      .add_option("-e,--rails", arguments->rates.rails,
                  "Rails to read; all unless given, in a self-test the total one")
      ->delimiter(',');
  command.add_option("--phase", arguments->phase, "Length of a stretch at one rate, or beside the meter")
      ->capture_default_str();
  command
      .add_option("--rounds", arguments->rates.rounds,
                  "Times that each of the four rates, or of the three conditions beside a meter, comes")
      ->check(CLI::Range(2, 1000))
      ->capture_default_str();
  command.add_option("--load", arguments->load, "How long a load goes on and off; 0s leaves that out")
      ->capture_default_str();
  command.add_flag("--self-test", arguments->self_test,
                   "Plant a known load into inferences, and see whether its energy is found");
  add_meter_options(command, arguments->metered);
  command.add_option("--plant", arguments->planted, "Length of the planted load")->capture_default_str();
  command.add_option("-r,--runs", arguments->plant.inferences, "Inferences of the self-test")
      ->check(CLI::Range(100, 1'000'000))
      ->capture_default_str();
  command.add_option("--seed", arguments->rates.seed, "Of the order of rates and of the load's times")
      ->capture_default_str();
  command.add_flag("--json", arguments->json, "JSON on standard output");
  command.add_flag("-q,--quiet", arguments->quiet, "No progress bar");
  command.footer(
      "Reads the sensor at its fastest rate and at 1/2, 1/4 and 1/8 of it while nothing else runs, in "
      "changing\n"
      "order, and carries the mean power on to the rate zero. Then it works on all cores but one, on and off "
      "at\n"
      "random times, and sees how late readings follow and what an average remembers. Leave the machine "
      "alone\n"
      "meanwhile.\n"
      "Exit code 3 when no rail could be read long enough, or the self-test could not tell; 1 when it "
      "failed.\n"
      "Examples:\n"
      "  layerwatt calibrate\n"
      "  layerwatt calibrate --rounds 10 --phase 5s --load 60s\n"
      "  layerwatt calibrate --self-test\n"
      "  layerwatt calibrate --meter csv:/dev/ttyUSB0 --phase 10s       the Nano paper's check of its "
      "sensor\n"
      "  layerwatt calibrate --meter csv:- --meter-at VDD_IN --meter-accuracy 0.05%+2mW --save       keeps "
      "gain\n"
      "      and level of that rail for later runs\n"
      "  layerwatt calibrate --sensor virtual:jetson-nano");
  command.callback([arguments, &invocation] {
    invocation.run = [arguments](Terminal& terminal) { return calibrate(*arguments, terminal); };
  });
}

}  // namespace layerwatt
