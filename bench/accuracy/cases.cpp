// SPDX-License-Identifier: Apache-2.0
// The table of cases; see cases.h.
#include "cases.h"

#include <fmt/format.h>

#include <tuple>
#include <utility>

namespace layerwatt::accuracy {

namespace {

using simulation::microseconds;
using simulation::PowerProfile;
using simulation::SensorKind;

Case plain(std::string name, std::uint32_t inferences) {
  Case one;
  one.name = fmt::format("{}, N={}", name, inferences);
  one.scenario.run.inferences = inferences;
  return one;
}

Case varied(std::uint32_t inferences, double median, double p95, unsigned quick = 0) {
  Case one = plain("varied", inferences);
  one.bars.median = median;
  one.bars.p95 = p95;
  one.networks = inferences > 3000 ? 10 : 30;
  one.quick_networks = quick;
  return one;
}

void add_lengths(std::vector<Case>& all) {
  Case few = plain("varied", 30);
  few.quick_networks = 12;
  all.push_back(few);
  all.push_back(varied(100, 2.0, 22, 16));
  all.back().bars.lag_us = 10;
  all.push_back(varied(300, 1.0, 13, 12));
  all.push_back(varied(1000, 0.55, 7.5, 12));
  Bars& thousand = all.back().bars;
  thousand.lag_us = 3;
  thousand.of_bound = 1.15;
  thousand.times_chronological_median = 10;
  thousand.times_chronological_p95 = 4;
  thousand.false_alarms = 0.02;
  for (auto [inferences, median, p95] : {std::tuple{3000U, 0.35, 5.0}, std::tuple{30'000U, 0.12, 1.5}}) {
    all.push_back(varied(inferences, median, p95));
    all.back().bars.of_bound = 1.15;
  }
}

void add_profiles(std::vector<Case>& all) {
  for (const std::uint32_t inferences : {30U, 100U, 1000U, 3000U}) {
    Case flat = plain("flat", inferences);
    flat.scenario.network.profile = PowerProfile::flat;
    if (inferences == 100) {
      flat.bars.median = 0.7;
      flat.bars.p95 = 2.8;
      flat.bars.never_worse_than_chronological = true;
      flat.quick_networks = 12;
    }
    all.push_back(flat);
    Case outlier = plain("outlier", inferences);
    outlier.scenario.network.profile = PowerProfile::outlier;
    all.push_back(outlier);
  }
  Case alternating = plain("alternating", 1000);
  alternating.scenario.network.profile = PowerProfile::alternating;
  all.push_back(alternating);
  Case small = plain("2 ms, 30 layers", 300);
  small.scenario.network.layers = 30;
  small.scenario.network.length = microseconds(2000);
  small.bars.lag_us = 30;
  small.networks = 24;
  all.push_back(small);
}

Case harsh() {
  Case one = plain("harsh mix", 1000);
  one.scenario.sensor.quantum = Watts{0.04};
  one.scenario.sensor.noise = Watts{0.1};
  one.scenario.sensor.late = 0.01;
  one.scenario.run.noise = Watts{0.3};
  one.scenario.run.noise_time = microseconds(10'000);
  one.scenario.run.mark_jitter = microseconds(5);
  one.scenario.run.preempted = 0.01;
  one.scenario.run.bursts = 0.02;
  one.bars.least_coverage = 0.90;
  one.quick_networks = 8;
  return one;
}

void add_disturbances(std::vector<Case>& all) {
  all.push_back(harsh());
  Case bias = plain("marks 1 us off, allowed for", 10'000);
  bias.scenario.run.mark_bias = microseconds(1);
  bias.bars.most_coverage = 0.98;
  bias.networks = 20;
  all.push_back(bias);
  Case tail = plain("supply tail of 60 us", 1000);
  tail.scenario.run.supply_tail = microseconds(60);
  tail.bars.detected = 0.95;
  all.push_back(tail);
  Case unlocked = plain("timer, not locked", 300);
  unlocked.scenario.run.timer = microseconds(1608 * 14.37);
  all.push_back(unlocked);
  for (const bool dithered : {false, true}) {
    Case locked = plain(dithered ? "locked, dithered" : "locked", 300);
    locked.scenario.sensor.oscillator_tolerance = 0;
    locked.scenario.sensor.wander = 0;
    locked.scenario.run.timer = microseconds(1608 * 14);
    locked.bars.must_be_withheld = !dithered;
    if (dithered) {  // 1.3 times what it is when nothing locks: the bars of 300 inferences over theirs
      locked.scenario.run.dither = microseconds(1608);
      locked.bars.median = 1.3 * 0.75;
      locked.bars.p95 = 1.3 * 9.5;
    } else {
      locked.quick_networks = 8;
    }
    all.push_back(locked);
  }
}

void add_boards(std::vector<Case>& all) {
  for (const std::string& name : simulation::sensor_names()) {
    if (name == "fast") continue;
    for (const std::uint32_t inferences : {300U, 3000U}) {
      Case board = plain("sensor " + name, inferences);
      board.scenario.sensor = *simulation::sensor_named(name);
      board.bars.of_bound = 1.2;
      board.bars.least_coverage = 0.90;
      board.bars.most_coverage = 1;
      board.bars.class_coverage = 0;  // promised of all layers together
      if (inferences == 300 && name == "nano") board.quick_networks = 4;
      all.push_back(board);
    }
  }
}

// A timer of the sampler's own reads the sensor; nothing waits for a conversion.
simulation::SensorSettings polled(std::string_view name, int averaging, double period_us) {
  simulation::SensorSettings sensor = *simulation::sensor_named(name);
  sensor.kind = SensorKind::polled;
  sensor.read_every = 1;
  sensor.averaging = averaging;
  sensor.period = microseconds(period_us);
  sensor.read_time = microseconds(100);
  return sensor;
}

void add_polled(std::vector<Case>& all) {
  struct Polled {
    const char* name;
    const char* sensor;
    int averaging;
    double period_us;
  };
  for (const Polled& how : {Polled{"nano", "nano", 64, 300}, Polled{"nano", "nano", 64, 1600},
                            Polled{"nano, not averaged", "nano", 1, 300},
                            Polled{"nano, not averaged", "nano", 1, 1600}, Polled{"fast", "fast", 1, 1000}}) {
    Case one = plain(fmt::format("{}, polled each {:.1f} ms", how.name, how.period_us * 1e-3), 3000);
    one.scenario.sensor = polled(how.sensor, how.averaging, how.period_us);
    one.bars.least_coverage = 0.90;
    one.bars.most_coverage = 1;
    one.bound_known = false;
    all.push_back(one);
  }
  // Short layers, a tail and few readings: what shrinkage takes from contrasts must not go to the window.
  Case many = plain("150 layers, nano behind a tail of 50 us, polled each 0.3 ms", 500);
  many.scenario.sensor = polled("nano", 64, 300);
  many.scenario.run.supply_tail = microseconds(50);
  many.scenario.network.layers = 150;
  many.scenario.network.length = microseconds(23'000);
  many.bars.least_coverage = 0.90;
  many.bars.class_coverage = 0.85;
  many.bound_known = false;
  many.quick_networks = 2;
  all.push_back(many);
}

}  // namespace

std::vector<Case> cases() {
  std::vector<Case> all;
  add_lengths(all);
  add_profiles(all);
  add_disturbances(all);
  add_boards(all);
  add_polled(all);
  return all;
}

}  // namespace layerwatt::accuracy
