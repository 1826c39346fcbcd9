// SPDX-License-Identifier: Apache-2.0
// Every setting of a scenario, once: its name, unit and limits. Reading, writing, checking and documenting
// all go over this list.
#pragma once
#include <array>
#include <string_view>
#include <utility>

#include "simulation/scenario.h"

namespace layerwatt::simulation {

template <class Enum>
struct Spelling {
  Enum value;
  std::string_view name;
};

inline constexpr std::array<Spelling<PowerProfile>, 4> power_profiles{
    {{PowerProfile::varied, "varied"},
     {PowerProfile::flat, "flat"},
     {PowerProfile::outlier, "outlier"},
     {PowerProfile::alternating, "alternating"}}};
inline constexpr std::array<Spelling<Dither>, 2> dithers{
    {{Dither::uniform, "uniform"}, {Dither::golden, "golden"}}};
inline constexpr std::array<Spelling<SensorKind>, 5> sensor_kinds{{{SensorKind::ina3221, "ina3221"},
                                                                   {SensorKind::polled, "polled"},
                                                                   {SensorKind::triggered, "triggered"},
                                                                   {SensorKind::counter, "counter"},
                                                                   {SensorKind::window, "window"}}};

constexpr double a_day_us = 86400e6;

// Calls visit.number(name, member, low, high) for doubles, integers, times (us), watts and joules;
// visit.flag(name, member) and visit.choice(name, member, spellings).
template <class Network, class Visitor>
void visit_network(Network& s, Visitor& visit) {
  visit.choice("profile", s.profile, power_profiles);
  visit.number("layers", s.layers, 1, 10'000);
  visit.number("length_us", s.length, 1, a_day_us);
  visit.number("shortest_us", s.shortest, 0.1, a_day_us);
  visit.number("longest_us", s.longest, 0.1, a_day_us);
  visit.number("spread", s.spread, 0, 5);
  visit.number("idle_w", s.idle, 0, 1e4);
  visit.flag("types_tell", s.types_tell);
}

template <class Run, class Visitor>
void visit_run(Run& s, Visitor& visit) {
  visit.number("inferences", s.inferences, 1, 10'000'000);
  visit.number("gap_us", s.gap, 0, a_day_us);
  visit.number("gap_jitter_us", s.gap_jitter, 0, a_day_us);
  visit.number("long_gaps", s.long_gaps, 0, 1);
  visit.number("dither_us", s.dither, 0, a_day_us);
  visit.choice("dither_mode", s.dither_mode, dithers);
  visit.number("timer_us", s.timer, 1, a_day_us);
  visit.number("timer_jitter_us", s.timer_jitter, 0, a_day_us);
  visit.number("layer_time_jitter", s.layer_time_jitter, 0, 0.1);
  visit.number("inference_time_jitter", s.inference_time_jitter, 0, 0.1);
  visit.number("layer_power_jitter", s.layer_power_jitter, 0, 1);
  visit.number("inference_power_jitter", s.inference_power_jitter, 0, 1);
  visit.number("drift", s.drift, -0.9, 10);
  visit.number("drift_time_us", s.drift_time, 1e3, 1e6 * a_day_us);
  visit.number("step", s.step, -0.9, 10);
  visit.number("preempted", s.preempted, 0, 1);
  visit.number("noise_w", s.noise, 0, 1e3);
  visit.number("noise_time_us", s.noise_time, 1, a_day_us);
  visit.number("bursts", s.bursts, 0, 10);
  visit.number("supply_tail_us", s.supply_tail, 0, 1e5);
  visit.number("mark_jitter_us", s.mark_jitter, 0, 1e4);
  visit.number("mark_bias_us", s.mark_bias, 0, 1e4);
  visit.number("idle_before_us", s.idle_before, 0, a_day_us);
  visit.number("idle_after_us", s.idle_after, 0, a_day_us);
}

template <class Sensor, class Visitor>
void visit_sensor(Sensor& s, Visitor& visit) {
  visit.choice("kind", s.kind, sensor_kinds);
  visit.number("rails", s.rails, 1, 3);
  visit.number("channels", s.channels, 1, 3);
  visit.number("shunt_conversion_us", s.shunt_conversion, 1, 1e5);
  visit.number("bus_conversion_us", s.bus_conversion, 1, 1e5);
  visit.number("averaging", s.averaging, 1, 1024);
  visit.number("noise_w", s.noise, 0, 1e3);
  visit.number("quantum_w", s.quantum, 1e-4, 100);
  visit.number("tick_j", s.tick, 1e-9, 1);
  visit.number("oscillator_tolerance", s.oscillator_tolerance, 0, 0.1);
  visit.number("wander", s.wander, 0, 0.01);
  visit.number("lag_us", s.lag, -1e6, 1e6);
  visit.number("least_latency_us", s.least_latency, 0, 1e6);
  visit.number("most_latency_us", s.most_latency, 0, 1e6);
  visit.number("late", s.late, 0, 1);
  visit.number("read_time_us", s.read_time, 0, 1e6);
  visit.number("read_every", s.read_every, 1, 1000);
  visit.number("missed", s.missed, 0, 1);
  visit.number("period_us", s.period, 1, 1e7);
  visit.number("period_jitter_us", s.period_jitter, 0, 1e6);
  visit.number("window_us", s.window, 1, 1e7);
  visit.number("poll_us", s.poll, 0.1, 1e6);
}

}  // namespace layerwatt::simulation
