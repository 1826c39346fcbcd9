// SPDX-License-Identifier: Apache-2.0
// The table of settings; see circumstances.h.
#include "core/circumstances.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace layerwatt {

namespace {

constexpr std::array settings{
    Setting{"model.name", "", false, true},
    Setting{"engine", "engine", true, true},
    Setting{"engine.version", "engine_version", false, true},
    Setting{"engine.level", "engine_level", true, true},
    Setting{"engine.convolutions", "engine_convolutions", true, true},
    Setting{"engine.convolutions_not_as_asked", "engine_convolutions_not_as_asked", false, false},
    Setting{"engine.fusion", "engine_fusion", true, true},
    Setting{"engine.threads", "threads", true, true},
    Setting{"affinity", "affinity", true, true},
    Setting{"engine.spinning", "spinning", true, true},
    Setting{"engine.instructions", "engine_instructions", false, false},
    Setting{"engine.marks", "engine_marks", false, false},
    Setting{"engine.input", "", true, false},
    Setting{"batch", "", true, true},
    Setting{"in_flight", "in_flight", true, true},
    Setting{"seed", "seed", true, false},
    Setting{"input", "input", true, true},
    Setting{"board", "board", true, true},
    Setting{"cpu.model", "cpu", false, false},
    Setting{"cpu.online", "cpus_online", false, false},
    Setting{"power_mode", "power_mode", false, true},
    Setting{"governor.cpu0", "governor", false, false},
    Setting{"clock_khz.cpu0.now", "cpu_khz", false, false},
    Setting{"model.opset", "", true, false},
    Setting{"model.weights", "weights", true, true},
    Setting{"model.part", "part", true, true},
    Setting{"model.substitutions", "substitutions", true, true},
    Setting{"input.pictures", "input_pictures", true, false},
    Setting{"input.pictures_in_all", "", true, false},
    Setting{"input.copies", "input_copies", true, false},
    Setting{"input.preprocessing", "input_preprocessing", true, true},
    Setting{"input.hash", "input_hash", true, true},
    Setting{"simulation", "simulation", true, true},
};

}  // namespace

std::string circumstance(const Circumstances& circumstances, const std::string& key) {
  const auto found = circumstances.find(key);
  return found == circumstances.end() ? std::string{} : found->second;
}

std::uint32_t counted(const Circumstances& circumstances, const std::string& key) {
  const std::string text = circumstance(circumstances, key);
  std::uint32_t count = 1;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return std::max<std::uint32_t>(count, 1);
}

std::string model_name(const Circumstances& circumstances) {
  if (std::string name = circumstance(circumstances, "model.name"); !name.empty()) return name;
  const std::string model = circumstance(circumstances, "model");
  return model.substr(model.find_last_of('/') + 1);
}

std::span<const Setting> run_settings() { return settings; }

}  // namespace layerwatt
