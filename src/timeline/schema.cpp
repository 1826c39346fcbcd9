// SPDX-License-Identifier: Apache-2.0
// The definition of the current version, and the views that show files of older ones as it. To change a
// table: raise run_file_schema, edit the definition, add a step, extend docs/run-file.md.
#include "timeline/schema.h"

#include <fmt/format.h>

#include <map>
#include <string>

namespace layerwatt {

namespace {

// Times are nanoseconds since recording.start_raw_ns: six bytes a row instead of eight. Lengths are stored
// rather than ends: three bytes. No index: a run is read from front to back, and indices would double it.
constexpr std::string_view definition = R"sql(
CREATE TABLE recording(
  start_raw_ns INTEGER NOT NULL, complete INTEGER NOT NULL, written_by TEXT NOT NULL) STRICT;
CREATE TABLE run(key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE clock(
  moment TEXT NOT NULL PRIMARY KEY, raw_ns INTEGER NOT NULL, monotonic_ns INTEGER NOT NULL,
  realtime_ns INTEGER NOT NULL) STRICT;
CREATE TABLE sampler(
  period_ns INTEGER NOT NULL, ticks INTEGER NOT NULL, late_ticks INTEGER NOT NULL,
  missed_ticks INTEGER NOT NULL, cpu_time_ns INTEGER NOT NULL, elapsed_ns INTEGER NOT NULL,
  realtime INTEGER NOT NULL, core INTEGER, lateness TEXT NOT NULL) STRICT;
CREATE TABLE markers(written INTEGER NOT NULL, dropped INTEGER NOT NULL) STRICT;
CREATE TABLE rail(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, sensor TEXT NOT NULL, device TEXT NOT NULL,
  meaning TEXT NOT NULL, origin TEXT NOT NULL, aperture_ns INTEGER, refresh_ns INTEGER, averaging INTEGER,
  quantum_w REAL, tick_j REAL, wraps_at_j REAL, voltage_aperture_ns INTEGER, read_on_update INTEGER NOT NULL,
  is_total INTEGER NOT NULL, part_of TEXT NOT NULL) STRICT;
CREATE TABLE accuracy(
  rail INTEGER NOT NULL PRIMARY KEY REFERENCES rail, shunt_gain REAL, bus_gain REAL, shunt_offset_v REAL,
  bus_offset_v REAL, shunt_ohm REAL, shunt_tolerance REAL, bus_v REAL, source TEXT NOT NULL) STRICT;
CREATE TABLE calibration(
  rail INTEGER NOT NULL PRIMARY KEY REFERENCES rail, gain REAL NOT NULL, gain_half_width REAL NOT NULL,
  at_w REAL NOT NULL, reads_w REAL NOT NULL, reads_half_width_w REAL NOT NULL, from_w REAL NOT NULL,
  to_w REAL NOT NULL, meter_gain REAL, meter_offset_w REAL, meter TEXT NOT NULL, made TEXT NOT NULL) STRICT;
CREATE TABLE supply_loss(
  rail INTEGER NOT NULL PRIMARY KEY REFERENCES rail, idle_w REAL NOT NULL, idle_half_width_w REAL NOT NULL,
  loaded_w REAL NOT NULL, loaded_half_width_w REAL NOT NULL, idle_supply_w REAL NOT NULL,
  loaded_supply_w REAL NOT NULL, meter TEXT NOT NULL, made TEXT NOT NULL) STRICT;
CREATE TABLE reading(
  rail INTEGER NOT NULL REFERENCES rail, before_ns INTEGER NOT NULL, took_ns INTEGER NOT NULL,
  value REAL NOT NULL) STRICT;
CREATE TABLE gap(
  rail INTEGER NOT NULL REFERENCES rail, from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL,
  why TEXT NOT NULL) STRICT;
CREATE TABLE layer(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL, module TEXT NOT NULL,
  sources TEXT NOT NULL, implementation TEXT NOT NULL, kernel TEXT NOT NULL, stride TEXT NOT NULL,
  groups INTEGER, inputs TEXT NOT NULL, outputs TEXT NOT NULL, macs INTEGER, parameters INTEGER,
  bytes INTEGER, source_macs TEXT NOT NULL) STRICT;
CREATE TABLE phase(
  phase TEXT NOT NULL, block INTEGER NOT NULL, from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL) STRICT;
CREATE TABLE inference(
  id INTEGER PRIMARY KEY, phase TEXT NOT NULL, block INTEGER NOT NULL, load_begin_ns INTEGER NOT NULL,
  compute_begin_ns INTEGER NOT NULL, compute_end_ns INTEGER NOT NULL,
  unload_end_ns INTEGER NOT NULL) STRICT;
CREATE TABLE span(
  layer INTEGER NOT NULL REFERENCES layer, inference INTEGER NOT NULL REFERENCES inference,
  begin_ns INTEGER NOT NULL, duration_ns INTEGER NOT NULL) STRICT;
CREATE TABLE event(at_ns INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL) STRICT;
CREATE TABLE truth(
  layer INTEGER NOT NULL REFERENCES layer, rail INTEGER NOT NULL REFERENCES rail,
  mean_energy_j REAL NOT NULL) STRICT;
CREATE TABLE result(method TEXT NOT NULL PRIMARY KEY, report TEXT NOT NULL) STRICT;

CREATE VIEW reading_w AS
  SELECT rail.name AS rail, (before_ns + took_ns / 2) / 1e9 AS time_s, value AS power_w, rail.origin AS origin
  FROM reading JOIN rail ON rail.id = reading.rail WHERE rail.meaning = 'power_now';
CREATE VIEW reading_j AS
  SELECT rail.name AS rail, (before_ns + took_ns / 2) / 1e9 AS time_s, value AS energy_j,
         rail.origin AS origin
  FROM reading JOIN rail ON rail.id = reading.rail WHERE rail.meaning = 'energy_total';
CREATE VIEW span_ms AS
  SELECT span.inference AS inference, layer.name AS layer, layer.type AS type, layer.module AS module,
         begin_ns / 1e9 AS begin_s, duration_ns / 1e6 AS duration_ms
  FROM span JOIN layer ON layer.id = span.layer;
CREATE VIEW inference_ms AS
  SELECT id AS inference, phase, block, load_begin_ns / 1e9 AS begin_s,
         (compute_begin_ns - load_begin_ns) / 1e6 AS load_ms,
         (compute_end_ns - compute_begin_ns) / 1e6 AS compute_ms,
         (unload_end_ns - compute_end_ns) / 1e6 AS unload_ms,
         (unload_end_ns - load_begin_ns) / 1e6 AS whole_ms
  FROM inference;
)sql";

void replace_all(std::string& text, const std::string& what, const std::string& with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

// What to select from, for each table, once the steps from `version` on are applied.
using Sources = std::map<std::string, std::string, std::less<>>;

void apply(const SchemaStep& step, const Sources& before, Sources& after) {
  std::string select{step.select};
  for (const auto& [table, source] : before) replace_all(select, "{" + table + "}", source);
  after[std::string{step.table}] = "(" + select + ")";
}

}  // namespace

std::string_view run_file_definition() { return definition; }

std::span<const SchemaStep> schema_steps() {
  // Version 1 knew nothing of how far a sensor may be off, nor of reads that wait for a new value; 2 nothing
  // of meters, and 3 nothing of what computes how much in a fused layer.
  static constexpr SchemaStep steps[] = {
      {1, "rail",
       "SELECT id, name, sensor, device, meaning, origin, aperture_ns, refresh_ns, averaging, quantum_w, "
       "tick_j, wraps_at_j, NULL AS voltage_aperture_ns, 0 AS read_on_update, is_total, part_of FROM {rail}"},
      {1, "accuracy",
       "SELECT 0 AS rail, NULL AS shunt_gain, NULL AS bus_gain, NULL AS shunt_offset_v, "
       "NULL AS bus_offset_v, NULL AS shunt_ohm, NULL AS shunt_tolerance, NULL AS bus_v, '' AS source WHERE "
       "0"},
      {2, "calibration",
       "SELECT 0 AS rail, 0.0 AS gain, 0.0 AS gain_half_width, 0.0 AS at_w, 0.0 AS reads_w, "
       "0.0 AS reads_half_width_w, 0.0 AS from_w, 0.0 AS to_w, NULL AS meter_gain, NULL AS meter_offset_w, "
       "'' AS meter, '' AS made WHERE 0"},
      {2, "supply_loss",
       "SELECT 0 AS rail, 0.0 AS idle_w, 0.0 AS idle_half_width_w, 0.0 AS loaded_w, "
       "0.0 AS loaded_half_width_w, 0.0 AS idle_supply_w, 0.0 AS loaded_supply_w, '' AS meter, '' AS made "
       "WHERE 0"},
      {3, "layer",
       "SELECT id, name, type, module, sources, implementation, kernel, stride, groups, inputs, outputs, "
       "macs, "
       "parameters, bytes, '[]' AS source_macs FROM {layer}"}};
  return steps;
}

Result<void> present_as_current(const SqlConnection& connection, int version,
                                std::span<const SchemaStep> steps) {
  Sources sources;
  for (const auto table : run_file_tables) sources[std::string{table}] = fmt::format("main.\"{}\"", table);
  const Sources as_stored = sources;
  Sources before = sources;
  for (const auto& step : steps) {
    if (step.from < version) continue;
    if (step.from > version) {  // all steps of one version see the tables as they were before it
      before = sources;
      version = step.from;
    }
    apply(step, before, sources);
  }
  for (const auto& [table, source] : sources) {
    if (as_stored.at(table) == source) continue;
    auto made = connection.execute(fmt::format("CREATE TEMP VIEW \"{}\" AS SELECT * FROM {}", table, source));
    if (!made) return made;
  }
  return {};
}

}  // namespace layerwatt
