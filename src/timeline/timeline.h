// SPDX-License-Identifier: Apache-2.0
// Everything one run observed, in memory: what was read, what ran, and in what circumstances. Attribution is
// a pure function of this. No files, no threads.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/circumstances.h"
#include "core/vocabulary.h"
#include "timeline/rail_calibration.h"

namespace layerwatt {

// A rail and all that was read from it, in order of time.
struct RailRecord {
  Channel channel;
  std::string sensor;  // driver: "ina3221", "estimate", "virtual"
  std::string device;  // "6-0040", "hwmon3"; empty when the driver has none
  std::vector<Reading> readings;
  std::vector<Gap> gaps;
  // What was known of it beside a meter when it was read. Readings are as they came.
  std::optional<RailCalibration> calibration{};
  std::optional<SupplyLoss> supply_loss{};
  bool operator==(const RailRecord&) const = default;
};

// What the sampler itself did: part of every report.
struct SamplerRecord {
  Nanoseconds period{};            // asked for; zero = as fast as the reads allow
  std::uint64_t ticks = 0;         // times the sampler woke to read
  std::uint64_t late_ticks = 0;    // woke more than half a period late
  std::uint64_t missed_ticks = 0;  // not read at all because the one before ran over
  Nanoseconds cpu_time{};          // of the sampling thread
  Nanoseconds elapsed{};           // wall time it sampled
  bool realtime = false;           // SCHED_FIFO and locked memory were granted
  std::optional<int> core;         // the sampling thread was pinned to all the time; empty: to none
  // Ticks by how late they were: [0] less than 1 us, [i] from 2^(i-1) to 2^i us. Empty: not known.
  std::vector<std::uint64_t> lateness;
  bool operator==(const SamplerRecord&) const = default;
};

struct MarkerRecord {
  std::uint64_t written = 0;  // marks that reached the ring
  std::uint64_t dropped = 0;  // marks lost to a full ring
  bool operator==(const MarkerRecord&) const = default;
};

struct Timeline {
  // Circumstances in plain words, key -> value: "board", "kernel", "governor.cpu0", "engine.version",
  // "command", "threads", "sensor_mode.6-0040", ... docs/run-file.md lists them. Absent = not known.
  Circumstances circumstances;
  ClockTriple clocks_at_start{}, clocks_at_end{};
  bool complete = false;  // the run ended in order; false after a kill, crash or Ctrl-C

  std::vector<Layer> layers;
  std::vector<RailRecord> rails;
  std::vector<PhaseSpan> phases;
  std::vector<Inference> inferences;
  std::vector<LayerSpan> spans;  // in order of end
  std::vector<Event> events;
  SamplerRecord sampler;
  MarkerRecord markers;
  bool operator==(const Timeline&) const = default;
};

}  // namespace layerwatt
