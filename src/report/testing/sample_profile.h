// SPDX-License-Identifier: Apache-2.0
// A profile with something of everything a report must show. Numbers are invented, but they add up. For tests
// only.
#pragma once
#include <cassert>
#include <string>

#include "attribution/uncertainty.h"

namespace layerwatt::testing {

inline void add_layer(Profile& profile, const std::string& name, const std::string& type, int microseconds,
                      std::optional<double> watts) {
  LayerProfile layer;
  layer.layer.name = name;
  layer.layer.type = type;
  layer.layer.module = name.substr(0, name.find('/'));
  layer.layer.sources = {name};
  layer.layer.outputs = {{1, 64, -1, 55}};
  layer.duration = std::chrono::microseconds{microseconds};
  layer.runs = 1200;
  layer.marked = {1200,           layer.duration, layer.duration, layer.duration,
                  layer.duration, layer.duration, layer.duration};
  if (type == "Conv") {
    layer.layer.kernel = {3, 3};
    layer.layer.macs = 21'676'032;
  }
  profile.layers.push_back(layer);
  for (RailProfile& rail : profile.rails) {
    LayerEnergy energy;
    if (watts) {
      const Watts power{*watts * (rail.is_total ? 1 : 0.5)};
      const Joules value = power * layer.duration;
      energy.power = power;
      energy.energy = Estimate<Joules>{value, {{value * 0.96, value * 1.04}}};
      energy.net = value - rail.idle->value * layer.duration;
      energy.readings = static_cast<std::size_t>(microseconds);
    }
    rail.layers.push_back(energy);
  }
}

// Makes times and energies of the whole follow from the layers.
inline void add_up(Profile& profile) {
  using namespace std::chrono_literals;
  profile.load_time = 110us;
  profile.unload_time = 25us;
  profile.gap_time = 318us;
  profile.inference_time = profile.load_time + profile.unload_time + profile.gap_time;
  for (const LayerProfile& layer : profile.layers) profile.inference_time += layer.duration;
  for (RailProfile& rail : profile.rails) {
    Joules layers{};
    for (const LayerEnergy& layer : rail.layers)
      if (layer.energy) layers += layer.energy->value;
    rail.gaps = Watts{3.1} * (profile.load_time + profile.unload_time + profile.gap_time);
    rail.unexplained = layers * 0.004;
    const Joules all = layers + rail.gaps + rail.unexplained;
    rail.inference = {all, {{all * 0.989, all * 1.011}}};
    const Joules net = all - rail.idle->value * profile.inference_time;
    rail.net = Estimate<Joules>{net, {{net - all * 0.014, net + all * 0.014}}};
    rail.mean_power = all / profile.inference_time;
  }
}

inline Distribution about(Nanoseconds median) {
  return {1000,   median + median / 100, median - median / 50, median - median / 80,
          median, median + median / 60,  median + median / 8};
}

inline Profile sample_profile() {
  using namespace std::chrono_literals;
  Profile profile;
  profile.method = "chronological";
  profile.circumstances = {{"model", "/home/someone/squeezenet1.1.onnx"},
                           {"model.name", "squeezenet1.1"},
                           {"model.weights", "random"},
                           {"engine", "onnxruntime"},
                           {"engine.version", "1.20.1"},
                           {"engine.threads", "3"},
                           {"batch", "1"},
                           {"board", "NVIDIA Jetson Nano Developer Kit"},
                           {"kernel", "4.9.337-tegra"},
                           {"command", "layerwatt profile squeezenet1.1"}};
  for (const char* name : {"POM_5V_IN", "POM_5V_GPU"}) {
    RailProfile rail;
    rail.rail = name;
    rail.sensor = "ina3221";
    rail.is_total = profile.rails.empty();
    const double idle = rail.is_total ? 1.95 : 0.21;
    rail.idle = Estimate<Watts>{Watts{idle}, {{Watts{idle - 0.02}, Watts{idle + 0.02}}}};
    rail.idle_before = Watts{idle - 0.01};
    rail.idle_after = Watts{idle + 0.01};
    rail.readings = 31'250;
    rail.missing = rail.is_total ? 0 : 12;
    rail.period = 1600us;
    rail.time_constant = 53ms;
    rail.pause = 900us;
    rail.accuracy = {0.0025,      0.0025,       Volts{80e-6}, Volts{16e-3},
                     Ohms{0.005}, std::nullopt, Volts{5},     "invented"};
    if (rail.is_total) rail.accuracy.shunt_tolerance = 0.01;  // so that an interval is withheld on the other
    profile.rails.push_back(rail);
  }
  add_layer(profile, "conv1 + relu1", "Conv", 1930, 6.31);
  add_layer(profile, "maxpool1", "MaxPool", 410, 4.95);
  add_layer(profile, "fire2/squeeze1x1 + fire2/relu_squeeze1x1", "Conv", 388, 5.72);
  add_layer(profile, "fire2/expand1x1 + fire2/relu_expand1x1", "Conv", 402, 5.81);
  add_layer(profile, "fire2/expand3x3 + fire2/relu_expand3x3", "Conv", 1385, 6.44);
  add_layer(profile, "fire2/concat", "Concat", 96, 4.12);
  add_layer(profile, "reorder to nchwc (fire3/squeeze1x1)", "layout", 12, std::nullopt);
  add_layer(profile, "fire9/expand3x3 + fire9/relu_expand3x3", "Conv", 871, 6.39);
  add_layer(profile, "conv10 + relu10", "Conv", 1244, 6.12);
  add_layer(profile, "global_pool", "GlobalAveragePool", 88, 4.4);
  add_up(profile);
  profile.latency_whole = about(profile.inference_time);
  profile.latency_compute = about(profile.inference_time - 135us);
  profile.marked_whole = about(profile.inference_time + 130us);
  profile.marked_compute = about(profile.inference_time - 5us);
  profile.distortion = 0.019;
  profile.pause_share = 0.11;
  profile.inferences = 1200;
  profile.blocks = 20;
  profile.sampler.period = 1600us;
  profile.sampler.ticks = 31'250;
  profile.sampler.late_ticks = 41;
  profile.sampler.missed_ticks = 3;
  profile.sampler.cpu_time = 200ms;
  profile.sampler.elapsed = 50s;
  profile.sampler.realtime = true;
  profile.sampler.core = 3;
  profile.sampler.lateness = {100, 31'106, 3, 41};
  profile.markers = {26'400, 0};
  profile.notes = {
      "The weights are random: time and energy are those of the architecture, outputs mean nothing.",
      "No reading fell into reorder to nchwc (fire3/squeeze1x1) on POM_5V_IN: their energy is unknown and "
      "part "
      "of what is unexplained."};
  const auto assessed = assess_uncertainty(profile);
  assert(assessed);
  static_cast<void>(assessed);
  return profile;
}

}  // namespace layerwatt::testing
