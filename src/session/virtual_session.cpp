// SPDX-License-Identifier: Apache-2.0
// The phases of a profile in virtual time; see virtual_session.h.
#include "session/virtual_session.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "boards/virtual_settings.h"
#include "core/circumstances.h"
#include "core/private_folder.h"
#include "runner/layer_json.h"
#include "session/model_source.h"
#include "session/rail_turns.h"
#include "session/recorder.h"
#include "session/runner_process.h"
#include "session/stop_rule.h"
#include "session/virtual_source.h"
#include "timeline/run_file.h"

namespace layerwatt {

using namespace std::chrono_literals;
using nlohmann::json;

namespace {

constexpr std::uint32_t inferences_a_block = 50;
constexpr std::uint32_t latency_inferences = 200;

struct Described {
  std::vector<Layer> layers;
  Circumstances circumstances;
};

Result<Described> describe_model(const ProfileOptions& options) {
  auto folder = PrivateFolder::create();
  if (!folder) return folder.error();
  RunnerOptions runner_options;
  runner_options.verbose = options.verbose;
  auto runner = RunnerProcess::start(runner_options);
  if (!runner) return runner.error();
  const auto model = provide_model(*runner, options.model, options.seed, folder->path());
  if (!model) return model.error();
  const auto answer = runner->ask({{"do", "describe"}, {"model", model->string()}, {"batch", options.batch}});
  if (!answer) return answer.error();
  const auto network = network_from_json(answer->value("network", json::object()));
  if (!network) return network.error();
  Described described{network->layers, {}};
  add_network_circumstances(answer->value("network", json::object()), described.circumstances);
  return described;
}

class VirtualSession {
 public:
  VirtualSession(const ProfileOptions& options, Progress& progress, const Board& board,
                 const std::vector<Layer>& layers, const Circumstances& circumstances, RunFileWriter& file,
                 VirtualSource& source)
      : options_{options},
        progress_{progress},
        board_{board},
        layers_{layers},
        circumstances_{circumstances},
        file_{file},
        source_{source},
        recorder_{file, source, clock_} {
    for (const RailRecord& rail : source.rails()) channels_.push_back(rail.channel);
  }

  Result<SessionOutcome> run();

 private:
  Result<void> idle(Phase phase, Nanoseconds length);
  Result<VirtualExecution> execute(Phase phase, std::uint32_t count, std::uint32_t block);
  Result<void> unrecorded(Phase phase, std::uint32_t count);
  Result<void> energy();
  Result<void> refit(StopRule& rule);
  Result<void> finish();
  [[nodiscard]] bool interrupted() const { return options_.interrupted != nullptr && *options_.interrupted; }

  const ProfileOptions& options_;
  Progress& progress_;
  const Board& board_;
  const std::vector<Layer>& layers_;
  const Circumstances& circumstances_;
  RunFileWriter& file_;
  VirtualSource& source_;
  ManualClock clock_;  // virtual time: starts at zero, moves with what is simulated
  Recorder recorder_;
  std::vector<Channel> channels_;
  PhaseBudget budget_ = plan_phases(options_);
  RailTurns turns_;
  std::string stopped_;  // as SessionOutcome::stopped
};

Result<void> VirtualSession::idle(Phase phase, Nanoseconds length) {
  const Instant from = clock_.now();
  clock_.sleep_until(from + length);
  if (auto pumped = recorder_.pump({}, clock_.now()); !pumped) return pumped;
  return recorder_.add_phase(phase, 0, from, clock_.now());
}

Result<VirtualExecution> VirtualSession::execute(Phase phase, std::uint32_t count, std::uint32_t block) {
  VirtualRun run;
  run.inferences = count;
  run.shortest_gap = phase == Phase::latency ? 0ns : shortest_gap;
  run.longest_gap = phase == Phase::latency ? 0ns : longest_gap(channels_);
  run.phase = phase;
  run.block = block;
  run.start = clock_.now();
  run.seed = options_.seed * 1'000'003 + static_cast<std::uint64_t>(phase) * 100'000'007 + block;
  auto executed = execute_virtually(board_, layers_, run);
  if (executed) clock_.sleep_until(executed->end);
  return executed;
}

// The power of these inferences is real to the sensor's filter, but their readings are not kept.
Result<void> VirtualSession::unrecorded(Phase phase, std::uint32_t count) {
  const Instant from = clock_.now();
  const auto executed = execute(phase, count, 0);
  if (!executed) return executed.error();
  if (auto pumped = recorder_.pump(executed->spans, clock_.now(), true); !pumped) return pumped;
  if (auto added = recorder_.add_phase(phase, 0, from, clock_.now()); !added) return added;
  if (phase != Phase::latency) return {};
  return recorder_.add_block(executed->inferences, {});
}

// Takes no virtual time.
Result<void> VirtualSession::refit(StopRule& rule) {
  if (auto committed = recorder_.commit(); !committed) return committed;
  auto said = options_.refit();
  if (said)
    if (auto added = recorder_.add_event("refit", description(*said)); !added) return added;
  rule.add_refit(std::move(said), 0ns);
  return {};
}

Result<void> VirtualSession::energy() {
  StopRule rule{options_, budget_, layers_.size()};
  const Instant from = clock_.now();
  recorder_.forget_recent();
  source_.restart_truth();
  for (std::uint32_t block = 0; !rule.enough(clock_.now() - from) && !interrupted(); ++block) {
    const auto count =
        std::min(turns_.block_of(inferences_a_block, options_.inferences), rule.inferences_left());
    if (turns_.taken()) source_.read_only(turns_.of_block(block));
    const Instant begun = clock_.now();
    auto executed = execute(Phase::energy, static_cast<std::uint32_t>(count), block);
    if (!executed) return executed.error();
    if (auto pumped = recorder_.pump(executed->spans, clock_.now()); !pumped) return pumped;
    if (auto added = recorder_.add_phase(Phase::energy, block, begun, clock_.now()); !added) return added;
    rule.add_block(executed->inferences.size(), executed->spans, recorder_.take_recent());
    if (auto added = recorder_.add_block(executed->inferences, std::move(executed->spans)); !added)
      return added;
    if (rule.refit_due(clock_.now() - from) && !interrupted())
      if (auto done = refit(rule); !done) return done;
    const std::string reached = rule.precision().empty() ? "" : ", " + rule.precision();
    progress_.show("simulating" + reached, rule.fraction(clock_.now() - from), 0ns);
  }
  if (options_.precision.empty() || !rule.enough(clock_.now() - from)) return {};
  stopped_ = rule.reason(clock_.now() - from);
  return recorder_.add_event("stopped", stopped_);
}

Result<void> VirtualSession::finish() {
  if (interrupted())
    if (auto added = file_.append_event({clock_.now(), "interrupted", "stopped by the user"}); !added)
      return added;
  if (auto set = file_.set_sampler(source_.finish()); !set) return set;
  if (auto set = file_.set_clocks({}, clock_.triple()); !set) return set;
  if (auto added = recorder_.add_truth(source_.truth()); !added) return added;
  return recorder_.close(options_, !interrupted());
}

Result<SessionOutcome> VirtualSession::run() {
  if (auto added = recorder_.add_rails(options_, circumstances_); !added) return added.error();
  if (auto done = idle(Phase::idle_before, budget_.idle); !done) return done.error();
  turns_ = RailTurns{options_, channels_, recorder_.recorded(), recorder_.take_recent()};
  if (auto done = unrecorded(Phase::warm_up, inferences_a_block); !done) return done.error();
  if (auto done = unrecorded(Phase::latency, latency_inferences); !done) return done.error();
  if (auto done = unrecorded(Phase::warm_up, inferences_a_block); !done) return done.error();
  if (auto done = energy(); !done) return done.error();
  if (turns_.taken()) source_.read_only({});
  if (auto done = idle(Phase::idle_after, budget_.idle); !done) return done.error();
  if (auto done = finish(); !done) return done.error();
  return SessionOutcome{interrupted() ? Ending::interrupted : Ending::whole, std::nullopt, stopped_};
}

void add_circumstances(const ProfileOptions& options, const Board& board, Circumstances& all) {
  all["command"] = options.command_line;
  all["model"] = options.model;
  all["engine"] = "virtual";
  all["batch"] = std::to_string(options.batch);
  all["seed"] = std::to_string(options.seed);
  if (!options.precision.empty()) all["precision"] = options.precision;
  if (options.best_sensor_mode) all["sensor_mode"] = "best";
  all["board"] = name_of_virtual(board);
  all["simulation"] = "execution, readings and time of " + board.name + ", SIMULATED, UNCALIBRATED";
}

}  // namespace

Result<SessionOutcome> run_virtual_profile(const Machine&, const ProfileOptions& options,
                                           Progress& progress) {
  const std::string id = virtual_board_id(options.board);
  if (id.empty())
    return Error{Errc::unsupported, "--board " + options.board,
                 "only virtual:BOARD can be asked for, as in virtual:jetson-nano"};
  if (!options.sensor.empty())
    return Error{Errc::unsupported, "--sensor", "a virtual board brings its own sensors"};
  if (options.input.input != "random")
    return Error{Errc::unsupported, "--input", "a virtual board only simulates, and reads no pictures"};
  const auto board = board_with_settings(id, options.best_sensor_mode);
  if (!board) return board.error();
  auto described = describe_model(options);
  if (!described) return described.error();
  const std::vector<Layer> layers = described->layers;
  auto instrument =
      VirtualInstrument::create(*board, layers, options.period, options.seed, Instant{}, options.rails);
  if (!instrument) return instrument.error();
  VirtualSource source{std::move(*instrument)};
  if (auto checked = check_rails(source.rails(), options.rails); !checked) return checked.error();
  auto file = RunFileWriter::create(options.output, options.force);
  if (!file) return file.error();
  add_circumstances(options, *board, described->circumstances);
  for (const auto& [key, value] : described->circumstances)
    if (auto set = file->set_circumstance(key, value); !set) return set.error();
  if (auto added = file->add_layers(layers); !added) return added.error();
  return VirtualSession{options, progress, *board, layers, described->circumstances, *file, source}.run();
}

}  // namespace layerwatt
