// SPDX-License-Identifier: Apache-2.0
// The words every other folder speaks: what was read, what was running, how much, and "we do not know".
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/clock.h"
#include "core/units.h"

namespace layerwatt {

// ---- Readings -----------------------------------------------------------------------------------------

enum class Meaning {
  power_now,    // power at or around the reading: integrate it
  energy_total  // a counter that only grows, and may wrap: difference it
};

// Where power numbers come from. Everything that shows a number shows its origin unless it is measured.
enum class Origin {
  measured,   // a sensor of this machine
  estimated,  // a formula on something that is not power (CPU time)
  simulated   // the virtual board
};

// How far the readings of a rail may be off, all of them in the same way, as makers say: largest errors,
// either sign. Power is shunt voltage / shunt x bus voltage. An empty optional means: not known, and then
// nobody can say how right a power is. docs/uncertainty.md.
struct Accuracy {
  std::optional<double> shunt_gain, bus_gain;     // of the two voltages, relative
  std::optional<Volts> shunt_offset, bus_offset;  // of the two voltages
  std::optional<Ohms> shunt;
  std::optional<double> shunt_tolerance;  // relative, of the shunt
  std::optional<Volts> bus;               // about what the rail carries
  std::string source;                     // of all this: data sheets, the board's file
  bool operator==(const Accuracy&) const = default;
};

// What one value of a sensor is. An empty optional means: not known.
struct Channel {
  std::string rail;  // as the board names it: "POM_5V_IN"
  Meaning meaning = Meaning::power_now;
  Origin origin = Origin::measured;
  std::optional<Nanoseconds> aperture;  // time one conversion integrates over
  std::optional<Nanoseconds> refresh;   // time between new values (the conversion cycle)
  std::optional<int> averaging;         // N of an exponential average over refreshes; 1 = none
  std::optional<Watts> quantum;         // smallest step of a power_now value
  std::optional<Joules> tick;           // smallest step of an energy_total value
  std::optional<Joules> wraps_at;       // energy_total only
  // Power made of a current and the voltage converted right after it: how long that took.
  std::optional<Nanoseconds> voltage_aperture;
  // Each read was made because a new value had come: stamps follow the sensor's clock, not the reader's.
  bool read_on_update = false;
  bool is_total = false;  // contains the other rails of the board: never added to them
  std::string part_of;    // the rail that feeds this one and counts it too; empty: none known
  Accuracy accuracy;
  bool operator==(const Channel&) const = default;
};

// Of the channel's exponential average: how long it remembers, to 1/e. Empty when there is none, or averaging
// or refresh is not known. Each refresh keeps 1 - 1/N of the value before (TI SBOS576, "Averaging function").
std::optional<Nanoseconds> time_constant_of(const Channel& channel);

// Refreshes between two reads of a timer: up to here every conversion is seen, and its first reading tells
// when it came. Slower reads say nothing of the sensor's clock, however regular they are.
inline constexpr double keeps_up = 0.9;

using Value = std::variant<Watts, Joules>;

struct Reading {
  Instant before, after;  // stamps taken around the read; the read happened between them
  Value value;
  bool operator==(const Reading&) const = default;
};

// A stretch in which a rail gave no readings, and why.
struct Gap {
  Instant from, to;
  std::string why;
  bool operator==(const Gap&) const = default;
};

// Gap::why of stretches in which nobody wanted readings: of any rail, or of this one while rails take turns.
inline constexpr const char* sampler_off = "sampler off";
inline constexpr const char* turn_of_others = "other rails' turn";
inline bool is_wanted(const Gap& gap) { return gap.why == sampler_off || gap.why == turn_of_others; }

// ---- What ran -----------------------------------------------------------------------------------------

using Shape = std::vector<std::int64_t>;

// One layer as it was executed: a node of the network, or several that the engine fused into one kernel.
struct Layer {
  std::string name;    // "conv1 + relu1" when fused
  std::string type;    // operator of the first source: "Conv"; "layout" for reorders the engine put in
  std::string module;  // "fire3", "layer2.0"; empty when the names tell nothing
  std::vector<std::string> sources;       // layer names of the network; empty for an engine's own nodes
  std::vector<std::int64_t> source_macs;  // of several sources, each by itself; -1 = not known
  std::string implementation;             // what the engine ran: "Conv (nchwc)"; empty when it does not say
  std::vector<std::int64_t> kernel, stride;  // spatial; empty when the type has none
  std::optional<std::int64_t> groups;
  std::vector<Shape> inputs, outputs;      // -1 = a dimension that could not be inferred
  std::optional<std::int64_t> macs;        // multiply-accumulates of one inference at this batch
  std::optional<std::int64_t> parameters;  // elements of weights and biases
  std::optional<std::int64_t> bytes;       // activations in + out + parameters, each once
  bool operator==(const Layer&) const = default;
};

// One execution of one layer. `layer` and `inference` index Timeline::layers and Timeline::inferences.
struct LayerSpan {
  std::uint32_t layer = 0;
  std::uint32_t inference = 0;
  Instant begin, end;
  bool operator==(const LayerSpan&) const = default;
};

// refit: between two blocks of the energy pass, readings were made sense of; what was read then does not
// count. accuracy: labelled pictures were answered, unmarked; its power belongs to nothing.
enum class Phase { open, idle_before, warm_up, latency, energy, idle_after, refit, accuracy };

// One inference: the input is loaded, the network computed, the output unloaded.
struct Inference {
  Phase phase = Phase::energy;
  std::uint32_t block = 0;
  Instant load_begin, compute_begin, compute_end, unload_end;
  bool operator==(const Inference&) const = default;
};

struct PhaseSpan {
  Phase phase = Phase::energy;
  std::uint32_t block = 0;
  Instant from, to;
  bool operator==(const PhaseSpan&) const = default;
};

// Something that happened to the machine or the run: a throttle, a late sampler, an engine's crash.
struct Event {
  Instant at;
  std::string kind, text;
  bool operator==(const Event&) const = default;
};

const char* name_of(Phase phase);      // "idle_before"
const char* name_of(Origin origin);    // "measured", "estimated", "simulated"
const char* name_of(Meaning meaning);  // "power_now", "energy_total"
std::optional<Phase> phase_named(const std::string& name);
std::optional<Origin> origin_named(const std::string& name);
std::optional<Meaning> meaning_named(const std::string& name);

}  // namespace layerwatt
