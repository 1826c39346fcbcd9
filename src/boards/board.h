// SPDX-License-Identifier: Apache-2.0
// What is known of a board: how to recognise it, its rails and which contains which, its sensor as shipped,
// and rough compute figures for the virtual board. Read from boards/*.toml, which are built into the program.
#pragma once
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/machine.h"
#include "core/result.h"
#include "core/units.h"
#include "core/vocabulary.h"

namespace layerwatt {

struct BoardRail {
  std::string name;                   // as the sensor labels it
  std::vector<std::string> contains;  // rails fed from this one: a total is never added to its parts
  std::optional<Ohms> shunt;
  std::optional<double> shunt_tolerance;  // relative; empty: no source gives it
  std::optional<Volts> nominal;
  std::string source;
};

// How far the voltages that a sensor chip reads may be off: its data sheet's largest errors.
struct BoardAccuracy {
  std::string driver;  // of the sensors it is about: "ina3221"
  std::optional<double> shunt_gain, bus_gain;
  std::optional<Volts> shunt_offset, bus_offset;
  std::string source;
};

// The INA3221 as the board's device tree sets it up; every field with its source in the TOML.
struct BoardSensor {
  std::string driver;                     // "ina3221"
  std::string device;                     // "6-0040"
  std::optional<Nanoseconds> conversion;  // of one signal, nominal
  std::optional<int> averaging;           // exponential, N
  std::vector<std::string> rails;         // in channel order
  std::string source;
};

// A clock that can be set or watched, beside those of the processors, which are where Linux has them.
struct BoardClock {
  std::string name;  // "gpu", "memory"
  std::string path;  // "/sys/devices/gpu.0/devfreq/57000000.gpu"
  std::string source;
};

// Coefficients of the virtual board. UNCALIBRATED: orders of magnitude until a calibration replaces them.
// In the TOML every key of [model] and [[model.rails]] is named as the member, times with _us (drift_time:
// _s) and watts with _w and joules with _j behind the name: launch_us, idle_w. What has a value here may be
// left out there.
struct BoardModel {
  double macs_per_second = 0;
  double bytes_per_second = 0;
  Nanoseconds launch{};                    // added to each layer
  Nanoseconds load{100'000};               // copying the input in, before the first layer
  Nanoseconds unload{30'000};              // copying the output out, after the last
  double layer_variation = 0.1;            // relative, from layer to layer, fixed by the layer's name
  double drift = 0.05;                     // relative rise of power as the board warms up
  Nanoseconds drift_time{60'000'000'000};  // time constant of that
  Nanoseconds noise_time{3'000'000};       // correlation time of the rails' noise
  Nanoseconds supply_tail{};               // time constant of bulk capacitance behind the shunts
  Nanoseconds shortest_read{270'000}, mean_read{300'000}, longest_read{1'600'000};  // one sysfs read
  struct Rail {
    std::string name;
    Watts idle, busy;  // busy: added when a layer runs at full MAC rate
    Watts moving;      // added at full memory bandwidth
    Watts running{};   // added whenever a layer runs at all
    double loss = 0;   // of the power of rails it contains: lost between its shunt and theirs
    Watts noise{};     // standard deviation of what else the board does on this rail
    Joules a_read{};   // what one read of a sensor draws
  };
  // A rail that contains others (Board::rails) has here only what it feeds beside them.
  std::vector<Rail> rails;
  // What the sensor is made to be off by, of every shunt and every conversion of one. Not in the TOML, which
  // is of no single board: virtual_settings.h sets it.
  double shunt_error = 0;  // relative, of what the shunt really is
  Volts shunt_offset{};
  std::string source;
};

struct Board {
  std::string id;                       // "jetson-nano": file name, CLI name
  std::string name;                     // "NVIDIA Jetson Nano Developer Kit"
  std::vector<std::string> compatible;  // device tree compatible strings; "p3701-*" matches what follows
  std::string cpuinfo_key;              // of a generic board: /proc/cpuinfo has this key
  std::vector<BoardRail> rails;
  std::string recognise_source;  // of `compatible` and `cpuinfo_key`
  std::string checked;           // by whom and when against such a board; empty: not yet
  std::vector<BoardSensor> sensors;
  std::vector<BoardClock> clocks;
  std::optional<BoardAccuracy> accuracy;
  std::optional<BoardModel> model;  // present when the board can be simulated
};

std::span<const std::string_view> board_texts();  // the TOML files built in
Result<Board> parse_board(std::string_view toml, const std::string& where);
Result<Board> board_named(const std::string& id);  // not_found lists the known ids
std::vector<std::string> board_ids();
std::vector<Board> built_in_boards();
// The board this machine is, by its device tree, else a generic one by its /proc/cpuinfo; empty when neither
// is known.
std::optional<Board> recognise_board(const Machine& machine);

// The channel with what the board file knows and the sensor could not read: what contains what, the quantum
// from the shunt, how far it may be off, and the averaging that the device tree ships when `mode` says the
// chip runs continuously. Nothing that the sensor read itself is changed.
Channel with_board_facts(const Board& board, std::string_view driver, std::string_view device,
                         const std::map<std::string, std::string>& mode, Channel channel);
// All channels of a sensor; as they are without a board.
std::vector<Channel> with_board_facts(const std::optional<Board>& board, std::string_view driver,
                                      std::string_view device, const std::map<std::string, std::string>& mode,
                                      std::span<const Channel> channels);

}  // namespace layerwatt
