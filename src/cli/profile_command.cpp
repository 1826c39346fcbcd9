// SPDX-License-Identifier: Apache-2.0
// `layerwatt profile MODEL`: runs a network and shows where its energy goes.
#include <fmt/format.h>

#include <charconv>
#include <ctime>
#include <memory>
#include <ostream>
#include <sstream>

#include "attribution/precision.h"
#include "attribution/profile.h"
#include "attribution/roll_up.h"
#include "cli/calibrations.h"
#include "cli/command.h"
#include "cli/duration.h"
#include "cli/interrupts.h"
#include "cli/percent.h"
#include "cli/progress.h"
#include "cli/show_run.h"
#include "core/cpu_list.h"
#include "session/profile_session.h"
#include "session/virtual_source.h"
#include "timeline/run_file.h"

namespace layerwatt {

namespace {

// What was typed, before it is understood.
struct ProfileArguments {
  ProfileOptions options;
  std::string runs, max_time, period, report = "terminal";
  AttributionOptions attribution;
  std::filesystem::path sysroot = "/", calibration;
  std::string sensor_mode = "asis";
  std::string convolution_file, weights;
  int threads = 0;
  std::string affinity;
  int in_flight = 0;  // as --mode says
  std::string mode;
  double precision = 0;
  bool quiet = false;
};

Result<void> parse_runs(const std::string& text, ProfileOptions& options) {
  const bool automatic = text.rfind("auto:", 0) == 0;
  const std::string number = automatic ? text.substr(5) : text;
  std::uint64_t value = 0;
  const auto [end, failure] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (failure != std::errc{} || end != number.data() + number.size() || value == 0 || value > 100'000'000)
    return Error{Errc::malformed, "-r " + text,
                 "expected a number of inferences, or auto:N (readings of the fastest layer)"};
  (automatic ? options.fastest_readings : options.inferences) = value;
  return {};
}

// "squeezenet1.1" or "/nets/a.onnx" -> "squeezenet1.1-20261120-195837.lw": perf and friends keep old runs
// too.
std::string default_output(const std::string& model) {
  const std::filesystem::path path{model};
  const std::string stem = path.extension() == ".onnx" ? path.stem().string() : path.filename().string();
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &local);
  return fmt::format("{}-{}.lw", stem.empty() ? "run" : stem, stamp);
}

// The relative half-width.
Result<double> parse_precision(const std::string& text, const AttributionOptions& attribution) {
  auto target = parse_percent(text);
  if (!target || !(*target > 0))
    return Error{Errc::malformed, "--precision " + text,
                 "expected a part of a layer's energy, above 0 % and up to 100 %, with the sign, as 5%"};
  if (attribution.method != "forward")
    return Error{Errc::unsupported, "--precision with --method " + attribution.method,
                 "only method forward knows how precise it is while it measures"};
  return target;
}

Result<void> understand(ProfileArguments& arguments) {
  ProfileOptions& options = arguments.options;
  if (!arguments.runs.empty())
    if (auto parsed = parse_runs(arguments.runs, options); !parsed) return parsed;
  if (!arguments.max_time.empty()) {
    const auto time = parse_duration(arguments.max_time);
    if (!time) return time.error();
    if (*time < std::chrono::seconds{1}) return Error{Errc::malformed, "--max-time", "at least 1s"};
    options.max_time = *time;
  }
  if (!arguments.period.empty() && arguments.period != "auto") {
    const auto period = parse_duration(arguments.period);
    if (!period) return period.error();
    if (*period < std::chrono::microseconds{50}) return Error{Errc::malformed, "-i", "at least 50us"};
    options.period = *period;
  }
  if (!options.precision.empty()) {
    const auto target = parse_precision(options.precision, arguments.attribution);
    if (!target) return target.error();
    arguments.precision = *target;
  }
  if (arguments.threads > 0) options.threads = arguments.threads;
  if (!arguments.affinity.empty()) {
    auto cores = parse_cpu_list(arguments.affinity);
    if (!cores) return Error{Errc::malformed, "--affinity " + arguments.affinity, cores.error().detail};
    options.cores = std::move(*cores);
  }
  if (arguments.mode == "sync" && arguments.in_flight > 1)
    return Error{Errc::malformed, fmt::format("--in-flight {} with --mode sync", arguments.in_flight),
                 "one inference after the other is one in flight: --mode async, or without --mode"};
  if (arguments.mode == "async" && arguments.in_flight == 1)
    return Error{Errc::malformed, "--in-flight 1 with --mode async",
                 "takes at least 2 in flight: --mode sync, or --in-flight 2"};
  options.in_flight = arguments.in_flight > 0 ? arguments.in_flight : arguments.mode == "async" ? 2 : 1;
  if (!arguments.convolution_file.empty())  // the runner has a folder of its own
    options.layer_convolutions = std::filesystem::absolute(arguments.convolution_file);
  if (!arguments.weights.empty()) options.weights = std::filesystem::absolute(arguments.weights);
  // Labels lie where their pictures are, unless that is said.
  if (!options.input.labels.empty() && options.input.input == "random") options.input.input.clear();
  if (options.output.empty()) options.output = default_output(options.model);
  options.best_sensor_mode = arguments.sensor_mode == "best";
  options.journal_folder = own_journal_folder();
  return {};
}

// What the run so far tells, of which only `run_file` knows.
std::optional<ProfileOptions::Refit> refit(const std::filesystem::path& run_file,
                                           const AttributionOptions& attribution, double target) {
  auto timeline = read_run_file(run_file);
  if (!timeline) return std::nullopt;
  timeline->complete = true;
  keep_headline_rail(*timeline);
  const auto so_far = attribute(*timeline, attribution);
  if (!so_far) return std::nullopt;
  const Precision precision = precision_of(*so_far, target);
  return ProfileOptions::Refit{precision.reached(), precision.needed, brief(precision)};
}

// A simulated board, or one whose tree lies elsewhere, is not the one that this machine's are of.
Result<std::vector<StoredCalibration>> calibrations_for(const ProfileArguments& arguments) {
  const ProfileOptions& options = arguments.options;
  const bool elsewhere =
      !options.board.empty() || !virtual_board_id(options.sensor).empty() || arguments.sysroot != "/";
  if (!arguments.attribution.calibrated || (elsewhere && arguments.calibration.empty()))
    return std::vector<StoredCalibration>{};
  auto stored = calibrations_in_place(arguments.calibration);
  if (stored) return stored;
  Error error = stored.error();
  error.detail += " (--no-calibration does without)";
  return error;
}

int profile(ProfileArguments arguments, const std::string& command_line, Terminal& terminal) {
  if (auto understood = understand(arguments); !understood) {
    report_error(terminal, understood.error());
    return usage;
  }
  const auto machine = machine_at(arguments.sysroot);
  if (!machine) return report_error(terminal, machine.error());
  const auto stored = calibrations_for(arguments);
  if (!stored) return report_error(terminal, stored.error());
  ProfileOptions& options = arguments.options;
  options.calibrate = [&](RailRecord& rail, const Circumstances& circumstances) {
    return attach_calibration(*stored, circumstances, rail);
  };
  options.command_line = command_line;
  options.interrupted = &catch_interrupts();

  std::optional<Result<Profile>> result;
  options.summarise = [&](bool complete) -> std::optional<ProfileOptions::Summary> {
    result = profile_of(options.output, arguments.attribution, complete);
    if (!*result) return std::nullopt;
    std::ostringstream json;
    report_named("json")->write(**result, Style{}, json);
    return ProfileOptions::Summary{(*result)->method, json.str()};
  };

  options.refit = [&] { return refit(options.output, arguments.attribution, arguments.precision); };

  SessionOutcome outcome;
  {
    ProgressBar progress{terminal.err, terminal.err_is_terminal && !arguments.quiet};
    auto ran = run_profile(*machine, options, progress);
    if (!ran) return report_error(terminal, ran.error());
    outcome = *ran;
  }
  if (outcome.failure) report_error(terminal, *outcome.failure);
  if (!result) result = profile_of(options.output, arguments.attribution);
  if (*result)
    show_profile(**result, arguments.report, terminal);
  else
    report_error(terminal, (*result).error());
  if (!arguments.quiet && !outcome.stopped.empty())
    terminal.err << "layerwatt: the energy pass ended " << outcome.stopped << "\n";
  if (!arguments.quiet) terminal.err << "layerwatt: run file: " << options.output.string() << "\n";
  if (outcome.ending == Ending::interrupted) return ExitCode::interrupted;
  if (outcome.ending == Ending::broken) return failed;
  return *result ? good : failed;
}

constexpr Nanoseconds most_mark_bias = std::chrono::milliseconds{1};  // longer than most layers

// What the network is given, and how pictures become that.
void add_input_options(CLI::App& command, InputOptions& input) {
  command
      .add_option("--input", input.input,
                  "What the network is given: random numbers; a black, white or gradient picture; a picture "
                  "or a folder of them (PNG, JPEG, PPM, PGM), a new one for every inference")
      ->capture_default_str();
  command.add_option(
      "--labels", input.labels,
      "What the pictures show: a file of lines NAME CLASS or CLASS, or a folder with a sub-folder "
      "of pictures for each class; counts right answers, too");
  command
      .add_option("--preprocess", input.preprocessing,
                  "How pictures become numbers; single options below differ")
      ->check(CLI::IsMember({"none", "imagenet", "caffe"}))
      ->capture_default_str();
  command.add_option(
      "--resize", input.resize,
      "none, stretch or crop (the shorter side, then the middle); crop:256 by way of that side "
      "[as --preprocess has it]");
  command.add_option("--scale", input.scale, "Of pixels from 0 to 255: (pixel x scale - mean) / std");
  command.add_option("--mean", input.mean, "One, or one a channel in the network's order, as 104,117,123")
      ->delimiter(',');
  command.add_option("--std", input.std, "One, or one a channel")->delimiter(',');
  command.add_option("--channels", input.order, "Their order: rgb or bgr")
      ->check(CLI::IsMember({"rgb", "bgr"}));
  command.add_option("--layout", input.layout, "Of the input: nchw or nhwc [where the 1 or 3 channels are]")
      ->check(CLI::IsMember({"nchw", "nhwc"}));
  command
      .add_option("--input-copies", input.copies,
                  "Copies of every picture in memory, so that one picture is read from there as many are")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
}

}  // namespace

void add_attribution_options(CLI::App& command, AttributionOptions& attribution) {
  command.add_option("--method", attribution.method, "How readings become layers")
      ->check(CLI::IsMember(attribution_methods()))
      ->capture_default_str();
  command.add_flag("--stacked", attribution.stacked,
                   "Layer times stacked from their means (Holly 2020) instead of each mark");
  const std::map<std::string, Residual> residuals{
      {"end", Residual::end}, {"start", Residual::start}, {"spread", Residual::spread}};
  command
      .add_option("--residual", attribution.residual,
                  "With --stacked: where unmarked time goes (end, start, spread)")
      ->transform(CLI::CheckedTransformer(residuals, CLI::ignore_case));
  const auto is_roll_up = [](const std::string& text) {
    const auto made = RollUp::by(text);
    return made ? std::string{} : made.error().detail;
  };
  command
      .add_option(
          "--by", attribution.roll_up,
          "Add layers up by module, type, implementation, or a regular expression over their names: its "
          "first group in parentheses, or all that matches, as '(conv|fc)'")
      ->check(is_roll_up)
      ->capture_default_str();
  const auto set_tolerance = [&attribution](const std::string& text) {
    const auto tolerance = parse_percent(text);
    if (!tolerance) throw CLI::ValidationError{"--shunt-tolerance", tolerance.error().detail};
    attribution.shunt_tolerance = *tolerance;
  };
  command.add_option_function<std::string>(
      "--shunt-tolerance", set_tolerance,
      "Of the sensor's resistors, as 1%, for the absolute interval [as the board's file knows it]");
  command.add_flag("!--no-calibration", attribution.calibrated,
                   "Powers as they were read, whatever a meter once said of the sensor");
  const auto set_mark_bias = [&attribution](const std::string& text) {
    const auto bias = parse_duration(text);
    if (!bias) throw CLI::ValidationError{"--mark-bias", bias.error().detail};
    if (*bias > most_mark_bias) throw CLI::ValidationError{"--mark-bias", "at most 1ms"};
    attribution.mark_bias = *bias;
  };
  command.add_option_function<std::string>(
      "--mark-bias", set_mark_bias,
      "Constant error of each mark that intervals of method forward allow for, standard deviation; 0us only "
      "where it was measured to be none [1us]");
}

void add_profile(CLI::App& app, Invocation& invocation) {
  CLI::App& command = *app.add_subcommand("profile", "Run a network and show where its energy goes");
  auto arguments = std::make_shared<ProfileArguments>();
  ProfileOptions& options = arguments->options;
  command.add_option("MODEL", options.model, "A network of the zoo (layerwatt model list) or an ONNX file")
      ->required();
  command.add_option("-o,--output", options.output, "Run file to write [MODEL-DATE-TIME.lw]");
  command.add_flag("--force", options.force, "Overwrite the run file if it exists");
  command.add_option("-r,--runs", arguments->runs,
                     "Inferences in the energy pass; auto:N runs until the fastest layer has N readings");
  command.add_option(
      "--precision", options.precision,
      "Until 95 % of the layers (or groups known only together) have an interval of +- this part "
      "of their energy, as 5%; -r and --max-time end it earlier");
  command.add_option(
      "--max-time", arguments->max_time,
      "Time for the whole session, as 20s or 2min [30s; with --precision 10min, if that will do]");
  command.add_option("-i,--interval", arguments->period,
                     "Time between readings, as 1ms, or auto: as fast as reads allow [auto]");
  command.add_option("-e,--rail", options.rails, "Only this rail; may be repeated")->delimiter(',');
  command.add_flag(
      "--together", options.together,
      "Read all rails in every block, even where that is slower than they are renewed; else they "
      "take turns there, one a block");
  command.add_option(
      "--sensor", options.sensor,
      "Sensor to use: a driver of `layerwatt sensors`, several as rapl,nvml, each read at a rate of "
      "its own, or virtual:BOARD (SIMULATED readings), or a stream: tegrastats, sigrok:DRIVER, csv:FILE and "
      "others, docs/streams.md");
  command.add_option("--board", options.board,
                     "virtual:BOARD simulates execution, sensors and time (SIMULATED); "
                     "virtual:jetson-nano,averaging=1 with its sensor set otherwise than shipped");
  command
      .add_option(
          "--sensor-mode", arguments->sensor_mode,
          "asis: leave the sensor as it is set. best: the INA3221 at its fastest and without averaging, "
          "while the run lasts; needs root. Its over-current alarms pause on L4T; with -e on JetPack 5 "
          "and later, those of the other channels, which are off meanwhile")
      ->check(CLI::IsMember({"asis", "best"}))
      ->capture_default_str();
  command.add_option(
      "--sysroot", arguments->sysroot,
      "Read sensors and settings of the machine whose /sys and /proc lie here, as in a container");
  add_calibration_option(command, arguments->calibration);
  command.add_option("--engine", options.engine, "Inference engine")->capture_default_str();
  command
      .add_option("--threads", arguments->threads,
                  "Threads of the engine, for each inference in flight [one a core that may "
                  "compute, divided among them]")
      ->check(CLI::Range(1, 1024));
  command.add_option("--affinity", arguments->affinity,
                     "CPUs that compute, as taskset has them: 0-3,6. The sampler moves to one that is left "
                     "[all but the last, which is the sampler's]");
  command.add_option("--level,--ort-level", options.level,
                     "Optimisation level of onnxruntime: disabled, basic, extended, all");
  command
      .add_option(
          "--conv", options.convolution,
          "Algorithm of convolutions in onednn and acl: auto, direct, gemm, winograd; a layer that cannot be "
          "computed so is left to the engine, and counted")
      ->check(CLI::IsMember({"auto", "direct", "gemm", "winograd"}))
      ->capture_default_str();
  command
      .add_option("--weights", arguments->weights,
                  "Caffe's weights, where MODEL is a prototxt: net.caffemodel; engine opencv")
      ->check(CLI::ExistingFile);
  command
      .add_option("--conv-file", arguments->convolution_file,
                  "Algorithms of single layers, a line each: LAYER ALGORITHM")
      ->check(CLI::ExistingFile);
  command.add_flag("--conv-strict", options.strict_convolutions,
                   "A convolution that cannot be computed as asked is an error");
  command.add_flag_callback(
      "--spinning", [&options] { options.spinning = true; },
      "Threads of onnxruntime that wait for work keep running, which is its default: they "
      "are there sooner, and it costs energy");
  command.add_flag_callback(
      "--no-spinning", [&options] { options.spinning = false; }, "They sleep instead");
  command.add_flag("!--no-fusion", options.fuse, "Every layer by itself, in onednn, acl and opencv");
  command.add_option("--engine-library", options.library, "The engine's shared library [searched]");
  command.add_option("--batch", options.batch, "First dimension of the input where it is dynamic")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
  command
      .add_option("--mode", arguments->mode,
                  "sync: one inference after the other. async: several at the same time [sync]")
      ->check(CLI::IsMember({"sync", "async"}));
  command
      .add_option("--in-flight", arguments->in_flight,
                  "Inferences at the same time, each on a thread of its own and with --threads [async: 2]")
      ->check(CLI::Range(1, 64));
  add_input_options(command, options.input);
  command.add_option("--seed", options.seed, "Of random weights, inputs, gaps and simulation")
      ->capture_default_str();
  command.add_option("--report", arguments->report, "How to show the result: terminal, json, csv")
      ->check(CLI::IsMember(report_names()))
      ->capture_default_str();
  command.add_flag("-q,--quiet", arguments->quiet, "No progress and no messages but errors");
  command.add_flag("-v,--verbose", options.verbose, "Show what the engine writes to its standard error");
  add_attribution_options(command, arguments->attribution);
  command.footer(
      "Examples:\n"
      "  layerwatt profile squeezenet1.1 --max-time 20s -o s.lw\n"
      "  layerwatt profile net.onnx -r 30000 -i 1ms -e POM_5V_IN\n"
      "  layerwatt profile net.onnx -r auto:100          until the fastest layer has 100 readings\n"
      "  layerwatt profile net.onnx --precision 5% --max-time 5min\n"
      "  sudo layerwatt profile net.onnx --sensor-mode best -e VDD_IN       and put back as it was, also "
      "after "
      "Ctrl-C\n"
      "  layerwatt profile net.onnx --sensor sigrok:rdtech-dps:conn=/dev/ttyUSB0        a meter outside\n"
      "  my-meter | layerwatt profile net.onnx --sensor csv:-      rows as docs/streams.md has them\n"
      "  layerwatt profile mobilenet_v2 --board virtual:jetson-nano -r 3000     SIMULATED, no hardware "
      "needed\n"
      "  layerwatt profile resnet18 --engine onednn --conv winograd      and once more with gemm, to "
      "compare\n"
      "  layerwatt profile shapes --labels shapes      accuracy, time and energy; pictures by `model "
      "pictures`\n"
      "  layerwatt profile net.onnx --input photos --preprocess imagenet      and once more with --input "
      "black\n"
      "Ctrl-C keeps what was measured.");
  command.callback([arguments, &invocation] {
    invocation.run = [arguments, &invocation](Terminal& terminal) {
      return profile(*arguments, invocation.command_line, terminal);
    };
  });
}

}  // namespace layerwatt
