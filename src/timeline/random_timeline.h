// SPDX-License-Identifier: Apache-2.0
// For tests: a timeline that a seed decides, odd but valid: empty lists, texts with quotes, line ends and
// NULs, unknown and extreme values.
#pragma once
#include <algorithm>
#include <random>
#include <string>

#include "timeline/timeline.h"

namespace layerwatt {

class RandomTimeline {
 public:
  explicit RandomTimeline(std::uint64_t seed) : random_{seed} {}

  Timeline make() {
    Timeline run;
    now_ = Instant{Nanoseconds{number(-1'000'000, 1'000'000'000'000'000)}};
    for (std::int64_t i = number(0, 5); i > 0; --i) run.circumstances[text() + std::to_string(i)] = text();
    run.clocks_at_start = {now_, Nanoseconds{number(0, 1000)}, Nanoseconds{number(0, 1'000'000'000'000)}};
    for (std::int64_t i = number(0, 4); i > 0; --i) run.layers.push_back(layer());
    for (std::int64_t i = number(0, 3); i > 0; --i) run.rails.push_back(rail());
    for (std::int64_t i = number(0, 4); i > 0; --i) run.phases.push_back({phase(), index(), now_, later()});
    for (std::int64_t i = number(0, 30); i > 0; --i) add_inference(run);
    std::stable_sort(run.spans.begin(), run.spans.end(),
                     [](const LayerSpan& a, const LayerSpan& b) { return a.end < b.end; });
    for (std::int64_t i = number(0, 4); i > 0; --i) run.events.push_back({later(), text(), text()});
    run.sampler = sampler();
    run.markers = {static_cast<std::uint64_t>(number(0, 1'000'000)), index()};
    run.clocks_at_end = {later(), Nanoseconds{number(0, 1000)}, Nanoseconds{-1}};
    run.complete = chance();
    return run;
  }

 private:
  std::int64_t number(std::int64_t lowest, std::int64_t highest) {
    return std::uniform_int_distribution<std::int64_t>{lowest, highest}(random_);
  }
  std::uint32_t index() { return static_cast<std::uint32_t>(number(0, 0xFFFF'FFFF)); }
  bool chance() { return number(0, 1) == 1; }
  double real() { return std::uniform_real_distribution<double>{-5, 50}(random_); }
  Instant later() { return now_ += Nanoseconds{number(0, chance() ? 300 : 4'000'000'000)}; }
  Phase phase() { return static_cast<Phase>(number(0, 5)); }
  std::string text() {
    static const std::string samples[] = {"",
                                          "conv1 + relu1",
                                          "=1+1",
                                          "a \"b\", c",
                                          "two\nlines",
                                          std::string{"nul\0here", 8},
                                          "'; DROP",
                                          "\xC2\xB5 \xE2\x9C\x93",
                                          "fire2/squeeze1x1"};
    return samples[static_cast<std::size_t>(number(0, 8))];
  }
  std::vector<std::int64_t> numbers() {
    std::vector<std::int64_t> list;
    for (std::int64_t i = number(0, 4); i > 0; --i)
      list.push_back(chance() ? number(-1, 300) : number(-1, most));
    return list;
  }
  std::optional<std::int64_t> maybe_number() {
    return chance() ? std::optional<std::int64_t>{number(0, chance() ? 10 : most)} : std::nullopt;
  }
  std::optional<Nanoseconds> maybe_time() {
    return chance() ? std::optional<Nanoseconds>{Nanoseconds{number(0, 1'000'000'000)}} : std::nullopt;
  }
  template <class Unit>
  std::optional<Unit> maybe() {
    return chance() ? std::optional<Unit>{Unit{real()}} : std::nullopt;
  }
  std::optional<int> maybe_int() {
    return chance() ? std::optional<int>{static_cast<int>(number(0, 1024))} : std::nullopt;
  }

  Layer layer() {
    Layer made;
    made.name = text();
    made.type = text();
    made.module = text();
    for (std::int64_t i = number(0, 3); i > 0; --i) made.sources.push_back(text());
    for (std::int64_t i = number(0, 3); i > 0; --i) made.source_macs.push_back(number(-1, 1'000'000'000));
    made.implementation = text();
    made.kernel = numbers();
    made.stride = numbers();
    made.groups = maybe_number();
    for (std::int64_t i = number(0, 3); i > 0; --i) made.inputs.push_back(numbers());
    for (std::int64_t i = number(0, 3); i > 0; --i) made.outputs.push_back(numbers());
    made.macs = maybe_number();
    made.parameters = maybe_number();
    made.bytes = maybe_number();
    return made;
  }
  std::optional<double> maybe_real() { return chance() ? std::optional<double>{real()} : std::nullopt; }
  Accuracy accuracy() {
    return {maybe_real(),  maybe_real(), maybe<Volts>(), maybe<Volts>(),
            maybe<Ohms>(), maybe_real(), maybe<Volts>(), text()};
  }
  RailCalibration calibration() {
    RailCalibration made{0.9,      0.01, Watts{real()}, Watts{real()}, Watts{0.1}, Watts{1},
                         Watts{7}, {},   text(),        text()};
    if (chance()) made.meter_accuracy = {0.001, Watts{0.002}};
    return made;
  }
  SupplyLoss supply_loss() {
    return {Watts{real()}, Watts{0.1},    Watts{real()}, Watts{0.2},
            Watts{real()}, Watts{real()}, text(),        text()};
  }
  RailRecord rail() {
    RailRecord made;
    made.channel.rail = text();
    made.channel.meaning = chance() ? Meaning::power_now : Meaning::energy_total;
    made.channel.origin = static_cast<Origin>(number(0, 2));
    made.channel.aperture = maybe_time();
    made.channel.refresh = maybe_time();
    made.channel.averaging = maybe_int();
    made.channel.quantum = maybe<Watts>();
    made.channel.tick = maybe<Joules>();
    made.channel.wraps_at = maybe<Joules>();
    made.channel.voltage_aperture = maybe_time();
    made.channel.read_on_update = chance();
    made.channel.is_total = chance();
    made.channel.part_of = text();
    if (chance()) made.channel.accuracy = accuracy();
    if (chance()) made.calibration = calibration();
    if (chance()) made.supply_loss = supply_loss();
    made.sensor = text();
    made.device = text();
    for (std::int64_t i = number(0, 200); i > 0; --i) {
      const double value = chance() ? real() : static_cast<double>(number(-3, 5));
      const bool is_power = made.channel.meaning == Meaning::power_now;
      const Instant before = later();
      made.readings.push_back({before, later(), is_power ? Value{Watts{value}} : Value{Joules{value}}});
    }
    for (std::int64_t i = number(0, 3); i > 0; --i) {
      const Instant from = later();
      made.gaps.push_back({from, later(), text()});
    }
    return made;
  }
  void add_inference(Timeline& run) {
    Inference one;
    one.phase = phase();
    one.block = index();
    one.load_begin = later();
    one.compute_begin = later();
    const auto id = static_cast<std::uint32_t>(run.inferences.size());
    for (std::uint32_t layer = 0; layer < run.layers.size(); ++layer) {
      const Instant begin = later();
      run.spans.push_back({layer, id, begin, chance() ? now_ : later()});
    }
    one.compute_end = later();
    one.unload_end = later();
    run.inferences.push_back(one);
  }
  SamplerRecord sampler() {
    SamplerRecord made;
    made.period = Nanoseconds{number(0, 1'000'000)};
    made.ticks = index();
    made.late_ticks = index();
    made.missed_ticks = index();
    made.cpu_time = Nanoseconds{number(0, 1'000'000)};
    made.elapsed = Nanoseconds{number(0, 1'000'000'000)};
    made.realtime = chance();
    made.core = maybe_int();
    for (std::int64_t i = number(0, 5); i > 0; --i) made.lateness.push_back(index());
    return made;
  }

  static constexpr std::int64_t most = 0x7FFF'FFFF'FFFF'FFFF;
  std::mt19937_64 random_;
  Instant now_{};
};

}  // namespace layerwatt
