// SPDX-License-Identifier: Apache-2.0
// The phases of a profile on this machine; see profile_session.h and ARCHITECTURE.md. A wholly virtual run is
// in virtual_session.cpp.
#include "session/profile_session.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/cpu_list.h"
#include "core/private_folder.h"
#include "runner/layer_json.h"
#include "session/accuracy_pass.h"
#include "session/core_share.h"
#include "session/inference_runs.h"
#include "session/machine_facts.h"
#include "session/model_source.h"
#include "session/rail_turns.h"
#include "session/recorder.h"
#include "session/runner_process.h"
#include "session/sensor_choice.h"
#include "session/sensor_mode.h"
#include "session/session_source.h"
#include "session/stop_rule.h"
#include "session/virtual_session.h"

namespace layerwatt {

using namespace std::chrono_literals;
using nlohmann::json;

namespace {

// Everything that lives as long as one session.
class Session {
 public:
  Session(const Machine& machine, const ProfileOptions& options, Progress& progress)
      : machine_{machine}, options_{options}, progress_{progress} {}

  Result<void> prepare();
  Result<SessionOutcome> measure();

 private:
  Result<void> record_circumstances(const json& opened);
  Result<void> record_findings(const CoreShare& cores);
  Result<json> open_network(const CoreShare& cores);
  Result<void> change_sensor_mode();
  Result<void> add_mode_events();
  Result<void> run_phases();
  Result<void> idle(Phase phase);
  Result<void> warm_up();
  Result<void> latency_pass();
  Result<void> energy_pass();
  Result<void> refit(StopRule& rule, std::uint32_t block);
  Result<void> accuracy_pass();
  Result<void> finish(const SessionOutcome& outcome);
  [[nodiscard]] bool interrupted() const { return options_.interrupted != nullptr && *options_.interrupted; }
  void show(const std::string& doing, double part_of_energy = 0);
  void show_energy(const StopRule& rule, Nanoseconds elapsed);
  [[nodiscard]] Instant now() const { return machine_.clock().now(); }

  const Machine& machine_;
  const ProfileOptions& options_;
  Progress& progress_;
  std::optional<RunFileWriter> file_;  // made once the network and the sensors are there
  std::optional<PrivateFolder> folder_;
  std::optional<RunnerProcess> runner_;
  std::vector<Layer> layers_;
  std::map<std::string, std::string> circumstances_;
  std::optional<SensorMode> sensor_mode_;  // while it is not as it was found
  SessionSource readings_;
  std::optional<Recorder> recorder_;
  std::optional<InferenceRuns> runs_;
  PhaseBudget budget_;
  RailTurns turns_;
  std::string stopped_;  // as SessionOutcome::stopped
  Nanoseconds median_latency_ = 1ms;
  ClockTriple clocks_at_start_{};
  Instant started_{};
};

std::vector<Channel> channels_of(const std::vector<RailRecord>& rails) {
  std::vector<Channel> channels;
  for (const RailRecord& rail : rails) channels.push_back(rail.channel);
  return channels;
}

// What is simulated has one layer at a time.
Result<void> one_in_flight(const ProfileOptions& options) {
  if (options.in_flight == 1) return {};
  return Error{Errc::unsupported, "several inferences in flight",
               "a simulated board runs one inference at a time; --mode sync, or a sensor of this machine"};
}

Result<void> Session::prepare() {
  started_ = now();
  clocks_at_start_ = machine_.clock().triple();
  const bool simulated = !virtual_board_id(options_.sensor).empty();
  if (simulated)
    if (auto possible = one_in_flight(options_); !possible) return possible;
  if (options_.best_sensor_mode && !simulated) {
    auto mode = SensorMode::prepare(machine_, options_, progress_);
    if (!mode) return mode.error();
    sensor_mode_.emplace(std::move(*mode));
  }
  const auto cores = share_cores(allowed_cores(), options_.cores);
  if (!cores) return cores.error();
  const auto opened = open_network(*cores);
  if (!opened) return opened.error();
  auto layers = layers_from_json(opened->value("layers", json::array()));
  if (!layers) return layers.error();
  layers_ = std::move(*layers);
  if (auto changed = change_sensor_mode(); !changed) return changed;
  auto readings = open_session_source(machine_, options_,
                                      {.layers = layers_,
                                       .runner = runner_->pid(),
                                       .sampling_core = cores->sampling,
                                       .show = [this](const std::string& doing) { show(doing); }});
  if (!readings) return readings.error();
  readings_ = std::move(*readings);
  circumstances_.merge(readings_.circumstances);
  if (auto checked = check_rails(readings_.source->rails(), options_.rails); !checked) return checked;
  auto file = RunFileWriter::create(options_.output, options_.force);
  if (!file) return file.error();
  file_ = std::move(*file);
  if (auto set = file_->set_clocks(clocks_at_start_, {}); !set) return set;
  if (auto recorded = record_circumstances(*opened); !recorded) return recorded;
  if (auto recorded = record_findings(*cores); !recorded) return recorded;
  if (auto added = add_mode_events(); !added) return added;
  if (auto added = file_->add_layers(layers_); !added) return added;
  recorder_.emplace(*file_, *readings_.source, machine_.clock());
  if (auto added = recorder_->add_rails(options_, circumstances_); !added) return added;
  runs_.emplace(*runner_, *recorder_, machine_.clock(), options_, static_cast<std::uint32_t>(layers_.size()));
  runs_->set_longest_gap(longest_gap(channels_of(readings_.source->rails())));
  if (auto added = file_->append_phase({Phase::open, 0, started_, now()}); !added) return added;
  return file_->commit();
}

Result<json> Session::open_network(const CoreShare& cores) {
  show("opening the network");
  auto folder = PrivateFolder::create();
  if (!folder) return folder.error();
  folder_ = std::move(*folder);
  RunnerOptions runner_options;
  runner_options.verbose = options_.verbose;
  runner_options.cores = cores.network;
  auto runner = RunnerProcess::start(runner_options);
  if (!runner) return runner.error();
  runner_ = std::move(*runner);
  const auto model = provide_model(*runner_, options_.model, options_.seed, folder_->path());
  if (!model) return model.error();
  const int threads = std::max(1, static_cast<int>(cores.network.size()) / options_.in_flight);
  return runner_->ask({{"do", "open"},
                       {"model", model->string()},
                       {"engine", options_.engine},
                       {"threads", options_.threads.value_or(threads)},
                       {"level", options_.level},
                       {"library", options_.library.string()},
                       {"weights", options_.weights.string()},
                       {"conv", options_.convolution},
                       {"conv_file", options_.layer_convolutions.string()},
                       {"conv_strict", options_.strict_convolutions},
                       {"fuse", options_.fuse},
                       {"spinning", options_.spinning ? json(*options_.spinning) : json{}},
                       {"batch", options_.batch},
                       {"in_flight", options_.in_flight},
                       {"input", to_json(options_.input)},
                       {"seed", options_.seed},
                       {"private_folder", folder_->path().string()}},
                      {.interrupted = options_.interrupted});
}

Result<void> Session::record_circumstances(const json& opened) {
  std::map<std::string, std::string>& all = circumstances_;
  all.merge(gather_circumstances(machine_));
  all["command"] = options_.command_line;
  all["model"] = options_.model;
  all["engine"] = options_.engine;
  all["batch"] = std::to_string(options_.batch);
  all["in_flight"] = std::to_string(options_.in_flight);
  if (!options_.cores.empty()) all["affinity"] = to_cpu_list(options_.cores);
  all["seed"] = std::to_string(options_.seed);
  if (!options_.precision.empty()) all["precision"] = options_.precision;
  const json found = opened.value("circumstances", json::object());
  for (const auto& [key, value] : found.items())
    if (value.is_string()) all[key] = value.get<std::string>();
  add_network_circumstances(opened.value("network", json::object()), all);
  for (const auto& [key, value] : all)
    if (auto set = file_->set_circumstance(key, value); !set) return set;
  return {};
}

Result<void> Session::record_findings(const CoreShare& cores) {
  std::vector<Finding> findings = doctor_findings(machine_);
  if (!sensor_mode_)
    for (Finding& finding : journal_findings(machine_, options_.journal_folder))
      findings.push_back(std::move(finding));
  if (machine_.is_recorded())
    findings.push_back({Severity::warning, "another tree than /",
                        "sensors and facts of the machine were read below --sysroot", ""});
  if (!options_.cores.empty() && !cores.sampling && readings_.simulated == nullptr)
    findings.push_back({Severity::warning, "no core of its own for the sampler",
                        "all CPUs there are compute (" + to_cpu_list(cores.network) +
                            "), so readings come late where the network is busy",
                        ""});
  for (const Finding& finding : findings) {
    if (finding.severity == Severity::ok) continue;
    const std::string text = finding.what + ": " + finding.why;
    if (auto added = file_->append_event({started_, "doctor", text}); !added) return added;
  }
  return {};
}

// What was otherwise before goes into the circumstances, beside how the sensors are now.
Result<void> Session::change_sensor_mode() {
  if (!sensor_mode_) return {};
  show("setting the sensor to its best mode, and waiting for its average to settle");
  std::map<std::string, std::string> before, after;
  if (const auto found = choose_sensors(machine_, {}, "ina3221")) before = modes_of(*found);
  if (auto changed = sensor_mode_->change(); !changed) return changed;
  if (const auto found = choose_sensors(machine_, {}, "ina3221")) after = modes_of(*found);
  for (const auto& [key, value] : before)
    if (const auto now = after.find(key); now != after.end() && now->second != value)
      circumstances_["sensor_mode_before." + key] = value;
  circumstances_["sensor_mode"] = "best";
  return {};
}

Result<void> Session::add_mode_events() {
  if (!sensor_mode_) return {};
  for (const Event& event : sensor_mode_->take_events())
    if (auto added = file_->append_event(event); !added) return added;
  return {};
}

// Fractions of the whole session, for the bar only.
void Session::show(const std::string& doing, double part_of_energy) {
  const Nanoseconds elapsed = now() - started_;
  if (budget_.energy) {
    const Nanoseconds energy = budget_.energy_in_vain.value_or(*budget_.energy);
    const Nanoseconds whole = 2 * budget_.idle + budget_.warm_up + budget_.latency + energy;
    progress_.show(doing, elapsed / (whole * 1.0), whole - elapsed);
  } else {
    const Nanoseconds left =
        part_of_energy > 0.01 ? from_seconds(seconds(elapsed) * (1 - part_of_energy) / part_of_energy) : 0ns;
    progress_.show(doing, part_of_energy, left);
  }
}

void Session::show_energy(const StopRule& rule, Nanoseconds elapsed) {
  if (options_.precision.empty()) return show("measuring energy", rule.fraction(elapsed));
  const std::string reached = rule.precision().empty() ? "" : ", " + rule.precision();
  progress_.show("measuring energy" + reached, rule.fraction(elapsed),
                 rule.left(elapsed).value_or(0ns) + budget_.idle);
}

Result<void> Session::idle(Phase phase) {
  const Instant from = now();
  while (now() < from + budget_.idle && !interrupted()) {
    machine_.clock().sleep_until(std::min(now() + 50ms, from + budget_.idle));
    if (auto pumped = recorder_->pump({}, now()); !pumped) return pumped;
    show("measuring idle");
  }
  return recorder_->add_phase(phase, 0, from, now());
}

Result<void> Session::warm_up() {
  const Instant from = now();
  Nanoseconds before{};
  // Steady: two medians of a quarter second within 2 %.
  for (int round = 0; now() < from + budget_.warm_up && !interrupted(); ++round) {
    const auto ran = runs_->unmarked(100'000, 250ms);
    if (!ran) return ran.error();
    if (auto pumped = recorder_->pump({}, now(), true); !pumped) return pumped;
    if (ran->empty()) break;
    median_latency_ = median_compute(*ran);
    const double change = before > 0ns ? std::abs(median_latency_ / (before * 1.0) - 1) : 1;
    if (round >= 2 && change < 0.02) break;
    before = median_latency_;
    show("warming up");
  }
  // A stretch with marks lets the engine make what it needs for them, and the sensor's filter settle.
  const auto settled = runs_->marked(runs_->fitting(median_latency_, 400ms), Phase::warm_up, 0);
  if (!settled) return settled.error();
  return recorder_->add_phase(Phase::warm_up, 0, from, now());
}

Result<void> Session::latency_pass() {
  show("measuring latency, sampler and marks off");
  readings_.source->pause();
  const Instant from = now();
  auto ran = runs_->unmarked(100'000, budget_.latency);
  const Instant to = now();
  readings_.source->resume();
  if (!ran) return ran.error();
  for (Inference& inference : *ran) inference.phase = Phase::latency;
  if (!ran->empty()) median_latency_ = median_compute(*ran);
  if (auto pumped = recorder_->pump({}, now(), true); !pumped) return pumped;
  if (auto added = recorder_->add_phase(Phase::latency, 0, from, to); !added) return added;
  return recorder_->add_block(*ran, {});
}

// Between two blocks, with the sampler off: what the board draws meanwhile belongs to nothing.
Result<void> Session::refit(StopRule& rule, std::uint32_t block) {
  if (auto pumped = recorder_->pump({}, now()); !pumped) return pumped;
  if (auto committed = recorder_->commit(); !committed) return committed;
  readings_.source->pause();
  const Instant from = now();
  auto said = options_.refit();
  const Instant to = now();
  readings_.source->resume();
  if (said)
    if (auto added = recorder_->add_event("refit", description(*said)); !added) return added;
  rule.add_refit(std::move(said), to - from);
  if (auto pumped = recorder_->pump({}, now(), true); !pumped) return pumped;
  return recorder_->add_phase(Phase::refit, block, from, to);
}

Result<void> Session::energy_pass() {
  StopRule rule{options_, budget_, layers_.size()};
  const Instant from = now();
  recorder_->forget_recent();
  if (readings_.simulated != nullptr) readings_.simulated->restart_truth();
  for (std::uint32_t block = 0; !rule.enough(now() - from) && !interrupted(); ++block) {
    if (turns_.taken()) readings_.source->read_only(turns_.of_block(block));
    const std::uint64_t usual = runs_->fitting(median_latency_, block_length);
    const auto count = std::min(turns_.block_of(usual, options_.inferences), rule.inferences_left());
    const auto ran = runs_->marked(count, Phase::energy, block);
    if (!ran) return ran.error();
    rule.add_block(ran->inferences, ran->spans, recorder_->take_recent());
    if (ran->inferences == 0) break;
    if (rule.refit_due(now() - from) && !interrupted())
      if (auto done = refit(rule, block); !done) return done;
    show_energy(rule, now() - from);
  }
  if (options_.precision.empty() || interrupted() || !rule.enough(now() - from)) return {};
  stopped_ = rule.reason(now() - from);
  return recorder_->add_event("stopped", stopped_);
}

// After all that is measured, with sampler and marks off: every labelled picture once.
Result<void> Session::accuracy_pass() {
  if (options_.input.labels.empty()) return {};
  readings_.source->pause();
  const Instant from = now();
  const auto counts = count_right_answers(*runner_, options_.interrupted, [this](double done) {
    progress_.show("counting right answers", done, 0ns);
  });
  const Instant to = now();
  if (!counts) return counts.error();
  for (const auto& [key, value] : *counts)
    if (auto set = file_->set_circumstance(key, value); !set) return set;
  return recorder_->add_phase(Phase::accuracy, 0, from, to);
}

Result<void> Session::run_phases() {
  budget_ = plan_phases(options_);
  readings_.source->resume();
  if (auto done = idle(Phase::idle_before); !done || interrupted()) return done;
  if (auto added = recorder_->add_pace(); !added) return added;
  if (readings_.sensors_take_turns)
    turns_ = RailTurns{options_, channels_of(readings_.source->rails()), recorder_->recorded(),
                       recorder_->take_recent()};
  if (auto done = warm_up(); !done || interrupted()) return done;
  if (auto done = latency_pass(); !done || interrupted()) return done;
  if (auto done = energy_pass(); !done || interrupted()) return done;
  if (turns_.taken()) readings_.source->read_only({});
  if (auto done = idle(Phase::idle_after); !done || interrupted()) return done;
  return accuracy_pass();
}

Result<void> Session::finish(const SessionOutcome& outcome) {
  if (outcome.failure) {
    const std::string text = outcome.failure->where + ": " + outcome.failure->detail;
    if (auto added = file_->append_event({now(), "failure", text}); !added) return added;
  }
  if (outcome.ending == Ending::interrupted)
    if (auto added = file_->append_event({now(), "interrupted", "stopped by the user"}); !added) return added;
  const SamplerRecord sampler = readings_.source->finish();
  if (sensor_mode_) sensor_mode_->restore();
  if (auto added = add_mode_events(); !added) return added;
  for (const StreamSource* stream : readings_.streams)
    if (auto added = recorder_->add_event("stream", stream->summary()); !added) return added;
  // Beside a stream, which has no thread of its own to pin, the joined record names no core anyway.
  if (readings_.sampling_core && readings_.streams.empty() && sampler.ticks > 0 && !sampler.core)
    if (auto added = file_->append_event({now(), "core_lost",
                                          "CPU " + std::to_string(*readings_.sampling_core) +
                                              " was taken from the sampling thread during the run"});
        !added)
      return added;
  // What was still open is closed now: the gap of a sensor that left, above all.
  if (readings_.simulated == nullptr)
    if (auto pumped = recorder_->pump({}, now()); !pumped) return pumped;
  if (auto set = file_->set_sampler(sampler); !set) return set;
  if (auto set = file_->set_markers({runner_->ring().written(), runner_->ring().dropped()}); !set) return set;
  if (auto set = file_->set_clocks(clocks_at_start_, machine_.clock().triple()); !set) return set;
  if (readings_.simulated != nullptr)
    if (auto added = recorder_->add_truth(readings_.simulated->truth()); !added) return added;
  return recorder_->close(options_, outcome.ending == Ending::whole);
}

Result<SessionOutcome> Session::measure() {
  SessionOutcome outcome;
  if (auto ran = run_phases(); !ran) {
    outcome.failure = ran.error();
    outcome.ending = Ending::broken;
  }
  if (interrupted()) outcome.ending = Ending::interrupted;
  outcome.stopped = stopped_;
  if (auto finished = finish(outcome); !finished) {
    outcome.ending = Ending::broken;
    if (!outcome.failure) outcome.failure = finished.error();
  }
  return outcome;
}

}  // namespace

Result<SessionOutcome> run_profile(const Machine& machine, const ProfileOptions& options,
                                   Progress& progress) {
  std::error_code ignored;
  if (!options.force && std::filesystem::exists(options.output, ignored))
    return Error{Errc::exists, options.output.string(),
                 "exists; choose another -o, or --force to overwrite it"};
  if (!options.board.empty()) {
    if (auto possible = one_in_flight(options); !possible) return possible.error();
    if (!options.cores.empty())
      return Error{Errc::unsupported, "--affinity with --board", "a simulated board has no cores to choose"};
    return run_virtual_profile(machine, options, progress);
  }
  Session session{machine, options, progress};
  if (auto prepared = session.prepare(); !prepared) return prepared.error();
  return session.measure();
}

}  // namespace layerwatt
