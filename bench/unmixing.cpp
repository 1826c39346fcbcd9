// SPDX-License-Identifier: Apache-2.0
// What unmixing costs on one core, step by step: rows, whitened rows, the final solve, a whole fit; judged
// against bars by exit code. Readings are SIMULATED (scenario "varied" of docs/scenario-format.md).
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "attribution/forward/estimate.h"
#include "attribution/forward/normal_equations.h"
#include "attribution/forward/shrinkage.h"
#include "attribution/forward/whitening.h"
#include "attribution/profile.h"
#include "direct.h"
#include "memory.h"
#include "simulation/scenario.h"

namespace layerwatt {
namespace {

using Stopwatch = std::chrono::steady_clock;

double seconds_since(Stopwatch::time_point start) {
  return std::chrono::duration<double>(Stopwatch::now() - start).count();
}

simulation::ScenarioRun simulated(std::uint32_t layers, std::uint32_t inferences) {
  simulation::Scenario scenario;
  scenario.network.layers = layers;
  scenario.network.length = layers / 65.0 * scenario.network.length;
  scenario.run.inferences = inferences;
  return simulation::simulate(scenario).value();
}

struct Pass {
  forward::NormalEquations sums;
  double rows_a_second = 0, entries = 0;  // entries of a row, mean
};

// Passes over all readings until half a second is over.
Pass accumulate(const Direct& prepared, double lag_us, const std::vector<double>& autoregression) {
  const forward::Window window{lag_us, prepared.series.width_us, 0};
  const std::size_t columns = prepared.problem.segments.columns;
  Pass pass;
  std::size_t rows = 0, entries = 0;
  const auto start = Stopwatch::now();
  do {
    forward::Observations observations{prepared.problem.segments, prepared.series, window};
    forward::Accumulator sums{prepared.problem.classes.size(), columns, prepared.series.size(), 64};
    forward::AutoregressiveFilter filter{autoregression, columns};
    forward::Row row;
    for (std::size_t k = 0; k < prepared.series.size(); ++k) {
      if (!observations.row(k, row)) continue;
      double value = prepared.series.value[k];
      if (!filter.next(prepared.series.index[k], row, value)) continue;
      sums.add(row, value);
      ++rows;
      entries += row.size();
    }
    pass.sums = sums.finish();
  } while (seconds_since(start) < 0.5);
  pass.rows_a_second = static_cast<double>(rows) / seconds_since(start);
  pass.entries = static_cast<double>(entries) / static_cast<double>(rows);
  return pass;
}

class Bars {
 public:
  void at_least(const char* what, double value, double bar, const char* unit) {
    say(what, value, bar, unit, ">=", value >= bar);
  }
  void at_most(const char* what, double value, double bar, const char* unit) {
    say(what, value, bar, unit, "<=", value <= bar);
  }
  [[nodiscard]] bool met() const { return met_; }

 private:
  void say(const char* what, double value, double bar, const char* unit, const char* sign, bool good) {
    fmt::print("{:<52} {:>8.2f} {:<14} bar {} {:<6} {}\n", what, value, unit, sign, bar,
               good ? "" : "MISSED");
    met_ = met_ && good;
  }
  bool met_ = true;
};

void time_rows(std::uint32_t layers, double plain_bar, double whitened_bar, Bars& bars) {
  const simulation::ScenarioRun run = simulated(layers, 3000);
  const Direct prepared{run.timeline};
  const double lag = 0.5 * (run.truth.lag_before + run.truth.lag_after).count() * 1e-3;
  const Pass plain = accumulate(prepared, lag, {});
  const Pass whitened = accumulate(prepared, lag, {0.3, 0.1, 0.05});
  bars.at_least(fmt::format("{} layers, {:.1f} entries a row", layers, plain.entries).c_str(),
                plain.rows_a_second * 1e-6, plain_bar, "M readings/s");
  bars.at_least(fmt::format("{} layers, whitened, {:.1f} entries a row", layers, whitened.entries).c_str(),
                whitened.rows_a_second * 1e-6, whitened_bar, "M readings/s");
  if (layers != 65) return;
  const auto start = Stopwatch::now();
  const forward::Fit fit = forward::shrink(whitened.sums, {});
  bars.at_most("final solve, 65 layers, 64 blocks", seconds_since(start) * 1e3, 100, "ms");
}

// What is needed beside the run: of the rows alone, which are streamed, and of the whole.
void weigh_long_run(Bars& bars) {
  simulation::Scenario scenario;
  scenario.sensor.channels = 1;
  scenario.sensor.shunt_conversion = scenario.sensor.bus_conversion = simulation::microseconds(140);
  scenario.run.inferences = 14'700;
  const simulation::ScenarioRun run = simulation::simulate(scenario).value();
  const std::size_t readings = run.timeline.rails[0].readings.size();
  const auto grown = [](auto&& work) {
    forget_peak();
    const double before = mebibytes("VmRSS");
    work();
    return mebibytes("VmHWM") - before;
  };
  {
    const Direct prepared{run.timeline};
    bars.at_most(fmt::format("memory of streaming {} readings", readings).c_str(), grown([&] {
                   accumulate(prepared, 0, {0.3, 0.1, 0.05});
                 }),
                 64, "MiB");
  }
  AttributionOptions options;
  options.method = "forward";
  fmt::print("whole attribution of them and of {} spans: {:.0f} MiB beside the run\n",
             run.timeline.spans.size(), grown([&] { (void)attribute(run.timeline, options); }));
}

int run() {
  fmt::print("SIMULATED readings, one core\n");
  Bars bars;
  time_rows(65, 5, 2, bars);
  time_rows(300, 0.5, 0.5, bars);
  const simulation::ScenarioRun run = simulated(65, 3300);
  AttributionOptions options;
  options.method = "forward";
  const auto start = Stopwatch::now();
  const auto profile = attribute(run.timeline, options);
  const double took = seconds_since(start);
  bars.at_most(fmt::format("whole attribution of {} readings", run.timeline.rails[0].readings.size()).c_str(),
               took, 1, "s");
  weigh_long_run(bars);
  return profile && bars.met() ? 0 : 1;
}

}  // namespace
}  // namespace layerwatt

int main() { return layerwatt::run(); }
