// SPDX-License-Identifier: Apache-2.0
// Makes run files from scenarios and scores what an estimator said of them, so that any estimator, in
// whatever language, can be judged by the runs that ours is judged by. docs/scenario-format.md.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/machine.h"
#include "simulation/scenario_format.h"
#include "simulation/score.h"
#include "timeline/run_file.h"
#include "timeline/truth.h"

namespace layerwatt {
namespace {

using simulation::Scenario;
using simulation::ScenarioRun;

constexpr const char* usage =
    "usage: scenario make FILE.json RUN.lw   simulate, and write the run with its truth\n"
    "       scenario score RUN.lw RESULT.csv what the estimates are worth\n"
    "       scenario print [SENSOR]          every setting with its default, as JSON\n"
    "       scenario time [INFERENCES]       what simulating costs\n";

int complain(const Error& error) {
  fmt::print(stderr, "scenario: {}: {}\n", error.where, error.detail);
  return 1;
}

Result<std::string> text_of(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) return Error{Errc::not_found, path, "cannot be opened"};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (file.bad()) return Error{Errc::io, path, "cannot be read"};
  return text;
}

Result<void> write_rail(RunFileWriter& file, const RailRecord& rail,
                        const std::vector<simulation::ScenarioTruth::Layer>& truth) {
  const auto id = file.add_rail(rail);
  if (!id) return id.error();
  for (std::size_t layer = 0; layer < truth.size(); ++layer)
    if (auto added = file.append_truth(layer, *id, truth[layer].energy); !added) return added;
  return {};
}

Result<void> write_run(RunFileWriter& file, const ScenarioRun& run, const Scenario& scenario) {
  const Timeline& timeline = run.timeline;
  for (const auto& [key, value] : timeline.circumstances)
    if (auto set = file.set_circumstance(key, value); !set) return set;
  if (auto set = file.set_circumstance("scenario", simulation::write_scenario(scenario)); !set) return set;
  if (auto added = file.add_layers(timeline.layers); !added) return added;
  for (std::size_t rail = 0; rail < timeline.rails.size(); ++rail)
    if (auto done = write_rail(file, timeline.rails[rail], run.truth.layers[rail]); !done) return done;
  for (const PhaseSpan& phase : timeline.phases)
    if (auto added = file.append_phase(phase); !added) return added;
  if (auto added = file.append_inferences(timeline.inferences); !added) return added;
  if (auto added = file.append_spans(timeline.spans); !added) return added;
  return file.close(true);
}

int make(const std::string& scenario_path, const std::string& run_path) {
  const auto text = text_of(scenario_path);
  if (!text) return complain(text.error());
  const auto scenario = simulation::parse_scenario(*text, scenario_path);
  if (!scenario) return complain(scenario.error());
  const auto run = simulation::simulate(*scenario);
  if (!run) return complain(run.error());
  auto file = RunFileWriter::create(run_path, false);
  if (!file) return complain(file.error());
  const auto written = write_run(*file, *run, *scenario);
  if (!written) return complain(written.error());
  return 0;
}

int score_file(const std::string& run_path, const std::string& result_path) {
  const auto truths = read_truth(run_path);
  if (!truths) return complain(truths.error());
  const auto text = text_of(result_path);
  if (!text) return complain(text.error());
  const auto estimates = simulation::parse_estimates(*text, result_path);
  if (!estimates) return complain(estimates.error());
  std::vector<simulation::LayerTruth> known;
  for (const Truth& truth : *truths) known.push_back({truth.rail, truth.layer, truth.mean_energy});
  const auto score = simulation::score(*estimates, known);
  fmt::print("layers {} missing {}\nerror: median {:.3f} % p95 {:.3f} %, of the sum {:+.3f} %\n",
             score.layers, score.missing, 100 * score.median_error, 100 * score.p95_error,
             100 * score.total_error);
  fmt::print("95 % intervals: {}, of which {:.1f} % hold the truth; median half-width {:.3f} %\n",
             score.intervals, 100 * score.coverage, 100 * score.median_half_width);
  return 0;
}

int print(const std::string& sensor) {
  Scenario scenario;
  if (!sensor.empty()) {
    const auto known = simulation::sensor_named(sensor);
    if (!known) return complain({Errc::not_found, sensor, "is not a sensor of scenarios"});
    scenario.sensor = *known;
  }
  fmt::print("{}", simulation::write_scenario(scenario));
  return 0;
}

int time(std::uint32_t inferences) {
  for (const std::string& name : simulation::sensor_names()) {
    Scenario scenario;
    scenario.run.inferences = inferences;
    scenario.sensor = *simulation::sensor_named(name);
    const auto begin = std::chrono::steady_clock::now();
    const auto run = simulation::simulate(scenario);
    if (!run) return complain(run.error());
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    fmt::print("{:12} {:6} inferences x {} layers, {:7} readings: {:.2f} s\n", name, inferences,
               scenario.network.layers, run->timeline.rails[0].readings.size(), took.count());
  }
  return 0;
}

int run(const std::vector<std::string>& words) {
  const auto is = [&](const char* verb, std::size_t least, std::size_t most) {
    return !words.empty() && words[0] == verb && words.size() > least && words.size() <= most + 1;
  };
  if (is("make", 2, 2)) return make(words[1], words[2]);
  if (is("score", 2, 2)) return score_file(words[1], words[2]);
  if (is("print", 0, 1)) return print(words.size() > 1 ? words[1] : "");
  if (is("time", 0, 1)) {
    const auto given =
        words.size() > 1 ? parse_integer(words[1], "scenario time") : Result<long long>{30'000};
    if (given && *given > 0 && *given <= 1'000'000) return time(static_cast<std::uint32_t>(*given));
  }
  fmt::print(stderr, "{}", usage);
  return 2;
}

}  // namespace
}  // namespace layerwatt

int main(int argc, char** argv) { return layerwatt::run({argv + 1, argv + argc}); }
