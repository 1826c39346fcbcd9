// SPDX-License-Identifier: Apache-2.0
#include "simulation/scenario.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>

namespace layerwatt::simulation {
namespace {

using namespace std::chrono_literals;

Scenario short_scenario(const char* sensor = "fast") {
  Scenario scenario;
  scenario.run.inferences = 100;
  scenario.sensor = *sensor_named(sensor);
  return scenario;
}

// Nothing random but what a test turns on again, at constant power within each layer.
Scenario quiet_scenario(const char* sensor = "fast") {
  Scenario scenario = short_scenario(sensor);
  RunSettings& run = scenario.run;
  run.layer_time_jitter = run.inference_time_jitter = run.layer_power_jitter = run.inference_power_jitter = 0;
  run.drift = run.long_gaps = 0;
  run.gap_jitter = run.mark_jitter = Moment{};
  run.noise = Watts{};
  scenario.sensor.noise = Watts{};
  scenario.sensor.oscillator_tolerance = scenario.sensor.wander = 0;
  return scenario;
}

ScenarioRun simulated(const Scenario& scenario) {
  auto run = simulate(scenario);
  EXPECT_TRUE(run) << run.error().where << ": " << run.error().detail;
  return std::move(*run);
}

Nanoseconds exactly(Moment moment) { return Nanoseconds{std::llround(moment.count())}; }

double mean_of(const RailRecord& rail) {
  double sum = 0;
  for (const Reading& reading : rail.readings) sum += std::get<Watts>(reading.value).value();
  return sum / static_cast<double>(rail.readings.size());
}

TEST(Scenario, OneSeedGivesOneRun) {
  for (const std::string& sensor : sensor_names()) {
    Scenario scenario = short_scenario(sensor.c_str());
    const auto first = simulated(scenario), second = simulated(scenario);
    EXPECT_EQ(first.timeline.rails, second.timeline.rails) << sensor;
    EXPECT_EQ(first.timeline.spans, second.timeline.spans) << sensor;
    scenario.seed = 2;
    EXPECT_NE(first.timeline.rails, simulated(scenario).timeline.rails) << sensor;
  }
}

// The sum of 6500 layer energies and of 200 000 pieces, in two orders of summing: 1e-16 each, so 1e-10 at
// most.
TEST(Scenario, LayersBackgroundAndIdleAreAllThatWasDrawn) {
  Scenario scenario = short_scenario();
  scenario.sensor.rails = 3;
  scenario.run.bursts = 0.05;
  scenario.run.preempted = 0.1;
  const auto run = simulated(scenario);
  for (std::size_t rail = 0; rail < 3; ++rail) {
    Joules sum{};
    Moment busy{};
    for (const auto& layer : run.truth.layers[rail]) {
      sum += (layer.energy + layer.background) * 100;
      busy += 100 * layer.duration;
    }
    sum += energy(run.truth.outside[rail], run.truth.length - busy);
    EXPECT_NEAR(sum / run.truth.drawn[rail], 1, 1e-9);
  }
}

TEST(Scenario, TimelineIsInOrderAndSaysItIsSimulated) {
  Scenario scenario = short_scenario();
  scenario.run.mark_jitter = microseconds(30);  // more than the shortest layers
  const auto run = simulated(scenario);
  EXPECT_TRUE(run.timeline.complete);
  EXPECT_NE(run.timeline.circumstances.at("simulation").find("SIMULATED"), std::string::npos);
  EXPECT_EQ(run.timeline.rails[0].channel.origin, Origin::simulated);
  ASSERT_EQ(run.timeline.spans.size(), 6500U);
  Instant last{};
  for (const LayerSpan& span : run.timeline.spans) {
    EXPECT_GE(span.begin, last);
    EXPECT_GE(span.end, span.begin);
    last = span.end;
  }
  for (const std::string& sensor : sensor_names()) {
    Instant free{};
    const auto other = simulated(short_scenario(sensor.c_str()));
    for (const Reading& reading : other.timeline.rails[0].readings) {
      EXPECT_GE(reading.after, reading.before);
      EXPECT_GE(reading.before, free) << sensor;
      free = reading.after;
    }
  }
}

// A quiet run of 100 inferences of 19 ms: the sensor's windows are a sample of all moments, so its mean
// differs from the true mean by the power's deviation of 1.9 W / sqrt(readings) at most, less since sampling
// is regular.
TEST(Scenario, EverySensorSeesTheMeanPower) {
  for (const char* sensor : {"fast", "hwmon-reset", "triggered", "nvml"}) {
    Scenario scenario = short_scenario(sensor);
    scenario.run.inferences = 400;
    const auto run = simulated(scenario);
    const auto& rail = run.timeline.rails[0];
    const double truth = run.truth.drawn[0].value() / seconds(run.truth.length);
    EXPECT_NEAR(mean_of(rail), truth, 5 * 1.9 / std::sqrt(static_cast<double>(rail.readings.size())))
        << sensor;
  }
}

TEST(Scenario, ReadingIsTheMeanOverItsConversion) {
  Scenario scenario = quiet_scenario();
  scenario.network.profile = PowerProfile::alternating;
  scenario.sensor.bus_conversion = microseconds(1);  // so that the bus register sees the same moment
  const auto run = simulated(scenario);
  const auto& truth = run.truth;
  const Moment width = truth.window;
  EXPECT_NEAR(width / microseconds(332), 1, 1e-12);
  // Power of the window from the true boundaries and the true layer powers.
  std::size_t compared = 0;
  for (std::size_t k = 0; k < truth.newest[0].size(); ++k) {
    const Instant to = truth.newest[0][k], from = to - exactly(width);
    double joules = 0;
    Nanoseconds in_layers{};
    for (std::size_t b = 0; b + 1 < truth.boundaries.size(); ++b) {
      if (b % 66 == 65) continue;
      const Nanoseconds overlap = std::min(truth.boundaries[b + 1], to) - std::max(truth.boundaries[b], from);
      if (overlap <= 0ns) continue;
      const auto& layer = truth.layers[0][b % 66];
      joules += layer.energy.value() / seconds(layer.duration) * layerwatt::seconds(overlap);
      in_layers += overlap;
    }
    joules += 1.8 * layerwatt::seconds(to - from - in_layers);
    const double expected = joules / layerwatt::seconds(to - from);
    // Half a step of current (7 mW); of voltage 4 mV of 5 V and five times its noise of 1.5 mV: 17 mW at 7.5
    // W. The voltage is that of the next moment, when the supply drops by 0.0012 a watt for 5 W more or less:
    // 45 mW.
    const double seen = std::get<Watts>(run.timeline.rails[0].readings[k].value).value();
    ASSERT_NEAR(seen, expected, 0.0035 + 0.017 + 0.045) << k;
    ++compared;
  }
  EXPECT_GT(compared, 1000U);
}

TEST(Scenario, LagIsWhatWasAskedPlusLatency) {
  Scenario scenario = short_scenario();
  scenario.sensor.lag = microseconds(700);
  const auto run = simulated(scenario);
  // Uniform latency of 100 to 300 us, 1200 readings: 200 us +- 58 / sqrt(1200) = 1.7; five of these.
  EXPECT_NEAR(run.truth.lag_before / microseconds(1), 900, 8.5);
  EXPECT_NEAR((run.truth.lag_after - run.truth.lag_before) / microseconds(1), 150, 1e-6);
  const auto& readings = run.timeline.rails[0].readings;
  for (std::size_t k = 0; k < readings.size(); ++k) {
    EXPECT_GE(readings[k].before - run.truth.newest[0][k], 800us - 1ns);
    EXPECT_LE(readings[k].before - run.truth.newest[0][k], 1000us + 1ns);
  }
}

TEST(Scenario, LagThatIsNotGivenIsDrawnByTheSeed) {
  Scenario scenario = short_scenario();
  scenario.run.inferences = 5;
  double least = 1e9, most = 0;
  for (scenario.seed = 0; scenario.seed < 30; ++scenario.seed) {
    const double lag = simulated(scenario).truth.lag_before / microseconds(1) - 200;
    least = std::min(least, lag);
    most = std::max(most, lag);
  }
  EXPECT_GT(least, -30);  // 0 to 3 ms; the latency's mean of few readings is off by a little
  EXPECT_LT(least, 600);  // (1 - 0.2)^30 = 0.1 %
  EXPECT_GT(most, 2400);
  EXPECT_LT(most, 3030);
}

TEST(Scenario, MissedUpdatesAreMissed) {
  Scenario scenario = short_scenario("nano");
  const auto every_second = simulated(scenario);
  scenario.sensor.read_every = 1;
  const auto all = simulated(scenario);
  scenario.sensor.missed = 0.25;
  const auto some = simulated(scenario);
  const auto n = [](const ScenarioRun& run) {
    return static_cast<double>(run.timeline.rails[0].readings.size());
  };
  EXPECT_NEAR(n(every_second), n(all) / 2, 1);
  EXPECT_NEAR(n(some) / n(all), 0.75, 5 * 0.433 / std::sqrt(n(all)));
  // Every reading that is there is the same as without missing.
  EXPECT_EQ(every_second.timeline.rails[0].readings[7].value, all.timeline.rails[0].readings[14].value);
}

TEST(Scenario, PolledSensorRepeatsOrMissesUpdates) {
  Scenario scenario = short_scenario();
  scenario.sensor.kind = SensorKind::polled;
  scenario.sensor.period = microseconds(400);  // four reads an update
  const auto often = simulated(scenario);
  std::size_t repeated = 0;
  for (std::size_t k = 1; k < often.truth.newest[0].size(); ++k)
    repeated += often.truth.newest[0][k] == often.truth.newest[0][k - 1] ? 1 : 0;
  EXPECT_NEAR(static_cast<double>(repeated) / static_cast<double>(often.truth.newest[0].size()), 0.75, 0.03);
  scenario.sensor.period = microseconds(5'000);
  const auto seldom = simulated(scenario);
  for (std::size_t k = 1; k < seldom.truth.newest[0].size(); ++k)
    EXPECT_GE(seldom.truth.newest[0][k] - seldom.truth.newest[0][k - 1], 4ms);
}

TEST(Scenario, TriggeredReadBracketsItsOwnConversion) {
  const auto run = simulated(short_scenario("triggered"));
  const auto& readings = run.timeline.rails[0].readings;
  ASSERT_GT(readings.size(), 1000U);
  for (std::size_t k = 0; k < readings.size(); ++k) {
    EXPECT_GT(run.truth.newest[0][k], readings[k].before);
    EXPECT_LT(run.truth.newest[0][k], readings[k].after);
  }
}

TEST(Scenario, CounterCountsAllEnergyInWholeTicks) {
  const auto run = simulated(short_scenario("rapl"));
  const auto& rail = run.timeline.rails[0];
  EXPECT_EQ(rail.channel.meaning, Meaning::energy_total);
  Joules last{};
  for (const Reading& reading : rail.readings) {
    const Joules value = std::get<Joules>(reading.value);
    EXPECT_GE(value, last);
    const double ticks = value / Joules{61e-6};
    EXPECT_NEAR(ticks, std::round(ticks), 1e-6);
    EXPECT_LE(reading.before, run.truth.newest[0][static_cast<std::size_t>(&reading - rail.readings.data())]);
    last = value;
  }
  EXPECT_LE(last, run.truth.drawn[0]);
  EXPECT_GT(last, run.truth.drawn[0] - Joules{1.1e-3 * 8 * 2 + 61e-6});  // two periods at 8 W, a tick
}

TEST(Scenario, SupplyTailDelaysWhatTheShuntSeesByItsTimeConstant) {
  Scenario scenario = quiet_scenario("rapl");
  const auto sharp = simulated(scenario);
  scenario.run.supply_tail = microseconds(400);
  const auto spread = simulated(scenario);
  // The energy that passed the shunt lags behind by tail x (power now - power at start).
  const auto& a = sharp.timeline.rails[0].readings;
  const auto& b = spread.timeline.rails[0].readings;
  ASSERT_EQ(a.size(), b.size());
  double behind = 0;
  for (std::size_t k = 0; k < a.size(); ++k)
    behind +=
        (std::get<Joules>(a[k].value) - std::get<Joules>(b[k].value)).value() / static_cast<double>(a.size());
  const double mean = sharp.truth.drawn[0].value() / seconds(sharp.truth.length);
  // The mean power at the ticks is that of the run to 1.9 W / sqrt(1950).
  EXPECT_NEAR(behind, 400e-6 * (mean - 1.8), 400e-6 * 5 * 0.043);
}

// R of section "phase locking": |mean exp(2 pi i begin / cycle)|. Locked: 1 but for 20 us of 1608. Dithered
// over a full cycle: about 1/sqrt(300) = 0.06; 4 times that has a probability of exp(-16).
TEST(Scenario, TimerLocksPhasesAndDitherUnlocksThem) {
  const auto resultant = [](const Scenario& scenario) {
    const auto run = simulated(scenario);
    std::complex<double> sum{};
    for (std::size_t i = 0; i < 300; ++i) {
      const double begin = layerwatt::seconds(run.truth.boundaries[i * 66].time_since_epoch());
      sum += std::polar(1.0, 2 * std::numbers::pi * begin / seconds(run.truth.period));
    }
    return std::abs(sum) / 300;
  };
  Scenario scenario = short_scenario();
  scenario.run.inferences = 300;
  scenario.run.timer = microseconds(12 * 1608);
  scenario.run.long_gaps = 0;
  scenario.sensor.oscillator_tolerance = scenario.sensor.wander = 0;
  EXPECT_GT(resultant(scenario), 0.98);
  scenario.run.dither = microseconds(1608);
  EXPECT_LT(resultant(scenario), 0.24);
  scenario.run.dither_mode = Dither::golden;
  EXPECT_LT(resultant(scenario), 0.05);
}

TEST(Scenario, MarkBiasIsTheSameInEveryInference) {
  Scenario scenario = short_scenario();
  scenario.run.mark_jitter = Moment{};
  scenario.run.mark_bias = microseconds(1);
  const auto run = simulated(scenario);
  double squares = 0;
  for (std::size_t layer = 0; layer < 65; ++layer) {
    const Nanoseconds bias = run.timeline.spans[layer].begin - run.truth.boundaries[layer];
    for (std::size_t i = 1; i < 100; ++i) {
      const Nanoseconds again =
          run.timeline.spans[i * 65 + layer].begin - run.truth.boundaries[i * 66 + layer];
      EXPECT_LE(std::abs((again - bias).count()), 1) << layer;  // rounding to nanoseconds
    }
    squares += std::pow(static_cast<double>(bias.count()) * 1e-3, 2);
  }
  EXPECT_NEAR(squares / 65, 1, 5 * std::sqrt(2.0 / 65));
}

TEST(Scenario, PreemptedInferencesAreLongerByWhatWasStolen) {
  Scenario scenario = quiet_scenario();
  scenario.run.inferences = 1000;
  scenario.run.preempted = 0.1;
  const auto run = simulated(scenario);
  std::size_t longer = 0;
  for (const Inference& inference : run.timeline.inferences) {
    const double more = layerwatt::seconds(inference.compute_end - inference.compute_begin) * 1e6 - 17'000;
    if (more < 50) continue;
    ++longer;
    EXPECT_GE(more, 99);
  }
  EXPECT_NEAR(static_cast<double>(longer), 1000 * (1 - std::pow(1 - 0.1 / 65, 65)), 5 * 9.5);
}

TEST(Scenario, StepRaisesTheSecondHalf) {
  Scenario scenario = quiet_scenario();
  const double before = simulated(scenario).truth.drawn[0].value();
  scenario.run.step = 0.1;
  // Half of the run but for the idle time at either end: 10 ms of 1.9 s.
  EXPECT_NEAR(simulated(scenario).truth.drawn[0].value() / before, 1.05, 0.001);
}

TEST(Scenario, SeveralRailsAreConvertedInTurn) {
  Scenario scenario = quiet_scenario();
  scenario.sensor.rails = 3;
  const auto run = simulated(scenario);
  ASSERT_EQ(run.timeline.rails.size(), 3U);
  EXPECT_EQ(run.truth.newest[1][5] - run.truth.newest[0][5], 536us);
  EXPECT_EQ(run.truth.newest[2][5] - run.truth.newest[1][5], 536us);
  EXPECT_GT(mean_of(run.timeline.rails[0]), mean_of(run.timeline.rails[2]) * 3);
}

// The probability that 6 of 6 senseless settings slip through is not a matter of statistics.
TEST(Scenario, SettingsThatMakeNoSenseAreNamed) {
  const auto where = [](const auto& change) {
    Scenario scenario = short_scenario();
    change(scenario);
    const auto run = simulate(scenario);
    EXPECT_FALSE(run);
    return run ? std::string{} : run.error().where;
  };
  EXPECT_EQ(where([](Scenario& s) { s.run.inferences = 0; }), "run.inferences");
  EXPECT_EQ(where([](Scenario& s) { s.network.layers = 0; }), "network.layers");
  EXPECT_EQ(where([](Scenario& s) { s.network.length = microseconds(100); }), "network.length_us");
  EXPECT_EQ(where([](Scenario& s) { s.run.gap = Moment{std::nan("")}; }), "run.gap_us");
  EXPECT_EQ(where([](Scenario& s) { s.sensor.rails = 2, s.sensor.channels = 1; }), "sensor.rails");
  EXPECT_EQ(where([](Scenario& s) { s.sensor.quantum = Watts{1e-3}; }), "sensor.quantum_w");
  EXPECT_EQ(where([](Scenario& s) { s.sensor.averaging = 0; }), "sensor.averaging");
}

TEST(Scenario, EveryPresetIsKnownByItsName) {
  EXPECT_EQ(sensor_names().size(), 8U);
  EXPECT_EQ(sensor_named("nano")->averaging, 64);
  EXPECT_FALSE(sensor_named("toaster"));
}

}  // namespace
}  // namespace layerwatt::simulation
