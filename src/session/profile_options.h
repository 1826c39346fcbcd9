// SPDX-License-Identifier: Apache-2.0
// What a profile run is asked to do, and the time each of its phases may take. Pure.
#pragma once
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/units.h"
#include "core/vocabulary.h"

namespace layerwatt {

struct RailRecord;

// What the network is given, as it was typed; the runner makes sense of it. Empty: as the preset has it.
struct InputOptions {
  std::string input = "random";  // or black, white, gradient, a picture or a folder
  std::filesystem::path labels;  // of pictures: a file, or a folder of classes; empty = no accuracy pass
  std::string preprocessing = "none", resize, order, layout;
  std::vector<double> mean, std;
  std::optional<double> scale;
  std::int64_t copies = 1;
};

struct ProfileOptions {
  std::string model;  // a zoo name, or the path of an ONNX file
  std::string engine = "onnxruntime";
  std::optional<int> threads;                // default: one a core that computes, divided among in_flight
  std::vector<int> cores;                    // that compute, in order; empty: all but the sampler's
  std::string level;                         // the engine's optimisation level; empty = its best
  std::filesystem::path library;             // of the engine; empty = search
  std::string convolution = "auto";          // algorithm of convolutions, where the engine has several
  std::filesystem::path weights;             // the caffemodel, where `model` is a prototxt; empty = none
  std::filesystem::path layer_convolutions;  // a file of those of single layers; empty = none
  bool strict_convolutions = false;          // what cannot be computed so is an error
  std::optional<bool> spinning;              // of threads that wait; empty = as the engine likes
  bool fuse = true;  // layers into those before them, where the engine lets one choose
  std::int64_t batch = 1;
  int in_flight = 1;  // inferences at the same time
  InputOptions input;
  std::uint64_t seed = 1;  // random weights, random input, gaps, simulation

  std::string sensor;              // driver name or "virtual:BOARD"; empty = best there is
  std::string board;               // "virtual:BOARD" simulates execution too; empty = this machine
  std::vector<std::string> rails;  // empty = all
  Nanoseconds period{};            // between readings; zero = as fast as the reads allow
  bool together = false;           // all rails in every block, even where that is too slow: rail_turns.h
  bool best_sensor_mode = false;   // the sensor set to its fastest, un-averaged mode while the run lasts
  std::filesystem::path journal_folder;  // where the undo journal of changed settings lies

  std::optional<Nanoseconds> max_time;            // of the whole session
  std::optional<std::uint64_t> inferences;        // -r N
  std::optional<std::uint64_t> fastest_readings;  // -r auto:N: until the fastest layer has N readings
  // --precision as it was typed: until refit() says that it is reached. Limits are all upper limits: the
  // first one that is met ends the energy pass.
  std::string precision;

  std::filesystem::path output;
  bool force = false;
  bool verbose = false;
  std::string command_line;
  // Makes the result, as JSON, from what is committed in `output`; it is stored there with its method. Called
  // once, before the file is closed. `complete`: the run ended in order. May be empty, or give nothing.
  struct Summary {
    std::string method, json;
  };
  std::function<std::optional<Summary>(bool complete)> summarise;
  // Puts what a meter once said of a rail into its record, before it is read. A sentence when something is
  // known and does not hold for it as it is now; else empty. May be empty.
  std::function<std::string(RailRecord& rail, const std::map<std::string, std::string>& circumstances)>
      calibrate;
  // Makes sense of what is committed in `output` so far. Called between blocks; with `precision` only. Gives
  // nothing when nothing can be said yet.
  struct Refit {
    bool reached = false;
    std::optional<std::uint64_t> needed;  // inferences in all, about; empty: not known, or none are enough
    std::string brief;                    // "41 of 64 within 5 %"
  };
  std::function<std::optional<Refit>()> refit;
  const std::atomic<bool>* interrupted = nullptr;  // set by Ctrl-C; may be null
};

// How long each phase may take. Phases that end by themselves (warm-up) may take less.
struct PhaseBudget {
  Nanoseconds idle{};     // before, and again after
  Nanoseconds warm_up{};  // at most
  Nanoseconds latency{};
  std::optional<Nanoseconds> energy;  // none: until the asked number of inferences or readings
  // When the precision will not be reached in `energy` either; none: measure that long all the same.
  std::optional<Nanoseconds> energy_in_vain;
};

// A session without any limit takes 30 s; with only -r it takes as long as that needs; with only a precision
// as long as that needs, but 10 min at most, and 30 s where 10 min would not do.
PhaseBudget plan_phases(const ProfileOptions& options);

inline constexpr Nanoseconds default_session = std::chrono::seconds{30};
inline constexpr Nanoseconds longest_precise_session = std::chrono::minutes{10};

// Blocks are short, so that a kill costs at most one: docs/run-file.md.
inline constexpr Nanoseconds block_length = std::chrono::milliseconds{600};
// Gaps between inferences: at least this, so that idle separates them, and drawn over a full conversion
// cycle of the sensor, so that its phase cannot lock to the network (docs/attribution.md).
inline constexpr Nanoseconds shortest_gap = std::chrono::microseconds{300};
// Covers the INA3221 as it comes out of reset (6.6 ms). Slower sensors (100 ms and more) would turn the run
// into waiting, and method forward takes breaks above 8 ms for more than idle; over one of their cycles the
// pauses of several inferences add up.
inline constexpr Nanoseconds longest_dither = std::chrono::milliseconds{7};
Nanoseconds longest_gap(const std::vector<Channel>& channels);

}  // namespace layerwatt
