// SPDX-License-Identifier: Apache-2.0
// From the tables of a run file to a Timeline. The file may come from anywhere: every value is checked for
// type and range, every index against its table, and the number of rows against the size of the file.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "timeline/existing_file.h"
#include "timeline/layer_columns.h"
#include "timeline/run_file.h"

namespace layerwatt {

namespace {

constexpr auto most = std::numeric_limits<std::int64_t>::max();
constexpr auto most_index = std::int64_t{std::numeric_limits<std::uint32_t>::max()};

class Reader {
 public:
  explicit Reader(const ExistingFile& file) : file_{file} {}
  Result<Timeline> read();

 private:
  // Gives each row of a query to `take`, whose complaints (SqlRow::set_fault) end the reading.
  template <class Take>
  Result<void> each(const char* table, const char* columns, const Take& take) const;
  // For tables of exactly one row.
  template <class Take>
  Result<void> only(const char* table, const char* columns, const Take& take) const;
  // How many rows to make room for: a guess, never more than the file can hold.
  [[nodiscard]] std::size_t expected_rows(const char* table) const;

  Result<void> read_circumstances();
  Result<void> read_clocks();
  Result<void> read_sampler();
  Result<void> read_layers();
  Result<void> read_rails();
  Result<void> read_accuracies();
  Result<void> read_calibrations();
  Result<void> read_supply_losses();
  Result<void> read_readings();
  Result<void> read_gaps();
  Result<void> read_phases();
  Result<void> read_inferences();
  Result<void> read_spans();
  Result<void> read_events();
  void put_in_order();
  Result<void> leave_out_unfinished();

  [[nodiscard]] Error malformed(const std::string& detail) const {
    return {Errc::malformed, file_.connection.where(), "damaged: " + detail};
  }
  // The writer's distances wrap around, and so does this: no value can overflow.
  [[nodiscard]] Instant at(std::int64_t distance) const {
    return Instant{Nanoseconds{static_cast<std::int64_t>(start_ + static_cast<std::uint64_t>(distance))}};
  }
  Instant stamp(SqlRow& row, int column) const { return at(row.integer(column)); }
  // The stamp `length` after `begin`; a fault when that is beyond the end of time.
  static Instant after(SqlRow& row, Instant begin, int column);

  const ExistingFile& file_;
  std::uint64_t start_ = 0;
  Timeline timeline_;
};

template <class Take>
Result<void> Reader::each(const char* table, const char* columns, const Take& take) const {
  auto statement = file_.connection.prepare(fmt::format("SELECT {} FROM \"{}\"", columns, table));
  if (!statement) return statement.error();
  SqlRow row{*statement};
  std::uint64_t number = 0;
  int outcome = statement->step();
  for (; outcome == SQLITE_ROW; outcome = statement->step()) {
    // A damaged tree can lead in circles.
    if (++number > file_.most_rows)
      return malformed(fmt::format("table {} has more rows than fit the file", table));
    take(row);
    if (row.is_faulty()) return malformed(fmt::format("table {}, row {}: {}", table, number, row.fault()));
  }
  if (outcome != SQLITE_DONE) return file_.connection.error();
  return {};
}

template <class Take>
Result<void> Reader::only(const char* table, const char* columns, const Take& take) const {
  int rows = 0;
  auto done = each(table, columns, [&](SqlRow& row) {
    if (++rows > 1) return row.set_fault("there should be one row");
    take(row);
  });
  if (done && rows == 0) return malformed(fmt::format("table {} is empty", table));
  return done;
}

std::size_t Reader::expected_rows(const char* table) const {
  const auto last =
      file_.connection.integer(fmt::format("SELECT coalesce(max(rowid), 0) FROM \"{}\"", table));
  if (!last || *last < 0) return 0;
  return static_cast<std::size_t>(std::min(static_cast<std::uint64_t>(*last), file_.most_rows));
}

Instant Reader::after(SqlRow& row, Instant begin, int column) {
  const std::int64_t length = row.integer(column, 0);
  std::int64_t end = 0;
  if (__builtin_add_overflow(begin.time_since_epoch().count(), length, &end))
    row.set_fault("a time is out of range");
  return Instant{Nanoseconds{end}};
}

// ---- Circumstances ------------------------------------------------------------------------------------

Result<void> Reader::read_circumstances() {
  auto recording = only("recording", "start_raw_ns, complete", [&](SqlRow& row) {
    start_ = static_cast<std::uint64_t>(row.integer(0));
    timeline_.complete = row.boolean(1);
  });
  if (!recording) return recording;
  return each("run", "key, value",
              [&](SqlRow& row) { timeline_.circumstances.insert_or_assign(row.text(0), row.text(1)); });
}

Result<void> Reader::read_clocks() {
  return each("clock", "moment, raw_ns, monotonic_ns, realtime_ns", [&](SqlRow& row) {
    const std::string moment = row.text(0);
    const ClockTriple triple{Instant{Nanoseconds{row.integer(1)}}, Nanoseconds{row.integer(2)},
                             Nanoseconds{row.integer(3)}};
    if (moment == "start")
      timeline_.clocks_at_start = triple;
    else if (moment == "end")
      timeline_.clocks_at_end = triple;
    else
      row.set_fault("moment is neither start nor end");
  });
}

std::uint64_t count(SqlRow& row, int column) { return static_cast<std::uint64_t>(row.integer(column, 0)); }

std::optional<int> number(SqlRow& row, int column) {
  const auto known = row.optional_integer(column, 0, std::numeric_limits<int>::max());
  return known ? std::optional<int>{static_cast<int>(*known)} : std::nullopt;
}

template <class List>
List list(SqlRow& row, int column, std::optional<List> (*parse)(const std::string&)) {
  auto parsed = parse(row.text(column));
  if (!parsed) row.set_fault(fmt::format("column {} is not the list it should be", column));
  return std::move(parsed).value_or(List{});
}

Result<void> Reader::read_sampler() {
  auto sampler =
      only("sampler",
           "period_ns, ticks, late_ticks, missed_ticks, cpu_time_ns, elapsed_ns, realtime, core, lateness",
           [&](SqlRow& row) {
             const auto late_by = list(row, 8, numbers_in);
             for (const auto ticks : late_by)
               if (ticks < 0) row.set_fault("lateness counts less than nothing");
             timeline_.sampler = {Nanoseconds{row.integer(0)},
                                  count(row, 1),
                                  count(row, 2),
                                  count(row, 3),
                                  Nanoseconds{row.integer(4)},
                                  Nanoseconds{row.integer(5)},
                                  row.boolean(6),
                                  number(row, 7),
                                  std::vector<std::uint64_t>(late_by.begin(), late_by.end())};
           });
  if (!sampler) return sampler;
  return only("markers", "written, dropped", [&](SqlRow& row) {
    timeline_.markers = {count(row, 0), count(row, 1)};
  });
}

// ---- What was read ------------------------------------------------------------------------------------

template <class Enum>
Enum named(SqlRow& row, int column, std::optional<Enum> (*parse)(const std::string&)) {
  const std::string name = row.text(column);
  const auto known = parse(name);
  if (!known) row.set_fault("not a known word: \"" + name.substr(0, 40) + "\"");
  return known.value_or(Enum{});
}

template <class Unit>
std::optional<Unit> quantity(SqlRow& row, int column) {
  const auto number = row.optional_real(column);
  return number ? std::optional<Unit>{Unit{*number}} : std::nullopt;
}

std::optional<Nanoseconds> time(SqlRow& row, int column) {
  const auto count = row.optional_integer(column, 0, most);
  return count ? std::optional<Nanoseconds>{Nanoseconds{*count}} : std::nullopt;
}

// Ids count from zero, so that they are indices.
void check_id(SqlRow& row, int column, std::size_t expected) {
  const auto id = static_cast<std::int64_t>(expected);
  if (row.integer(column) != id) row.set_fault(fmt::format("id is not {}", id));
}

Result<void> Reader::read_rails() {
  return each(
      "rail",
      "id, name, sensor, device, meaning, origin, aperture_ns, refresh_ns, averaging, quantum_w, tick_j, "
      "wraps_at_j, voltage_aperture_ns, read_on_update, is_total, part_of",
      [&](SqlRow& row) {
        check_id(row, 0, timeline_.rails.size());
        RailRecord rail;
        rail.sensor = row.text(2);
        rail.device = row.text(3);
        rail.channel = {row.text(1),
                        named(row, 4, meaning_named),
                        named(row, 5, origin_named),
                        time(row, 6),
                        time(row, 7),
                        number(row, 8),
                        quantity<Watts>(row, 9),
                        quantity<Joules>(row, 10),
                        quantity<Joules>(row, 11),
                        time(row, 12),
                        row.boolean(13),
                        row.boolean(14),
                        row.text(15),
                        {}};
        timeline_.rails.push_back(std::move(rail));
      });
}

Result<void> Reader::read_accuracies() {
  const auto last = static_cast<std::int64_t>(timeline_.rails.size()) - 1;
  return each("accuracy",
              "rail, shunt_gain, bus_gain, shunt_offset_v, bus_offset_v, shunt_ohm, shunt_tolerance, bus_v, "
              "source",
              [&](SqlRow& row) {
                const std::int64_t rail = row.integer(0, 0, last);
                Accuracy accuracy{row.optional_real(1),    row.optional_real(2),
                                  quantity<Volts>(row, 3), quantity<Volts>(row, 4),
                                  quantity<Ohms>(row, 5),  row.optional_real(6),
                                  quantity<Volts>(row, 7), row.text(8)};
                if (row.is_faulty()) return;
                timeline_.rails[static_cast<std::size_t>(rail)].channel.accuracy = std::move(accuracy);
              });
}

Watts watts(SqlRow& row, int column) { return Watts{row.real(column)}; }

Result<void> Reader::read_calibrations() {
  const auto last = static_cast<std::int64_t>(timeline_.rails.size()) - 1;
  return each("calibration",
              "rail, gain, gain_half_width, at_w, reads_w, reads_half_width_w, from_w, to_w, meter_gain, "
              "meter_offset_w, meter, made",
              [&](SqlRow& row) {
                const std::int64_t rail = row.integer(0, 0, last);
                const auto gain = row.optional_real(8), offset = row.optional_real(9);
                if (gain.has_value() != offset.has_value())
                  row.set_fault("of the meter's two errors one is missing");
                std::optional<MeterAccuracy> accuracy;
                if (gain && offset) accuracy = {*gain, Watts{*offset}};
                RailCalibration made{row.real(1),   row.real(2),   watts(row, 3), watts(row, 4),
                                     watts(row, 5), watts(row, 6), watts(row, 7), accuracy,
                                     row.text(10),  row.text(11)};
                if (const auto fault = fault_of(made)) row.set_fault(*fault);
                if (row.is_faulty()) return;
                timeline_.rails[static_cast<std::size_t>(rail)].calibration = std::move(made);
              });
}

Result<void> Reader::read_supply_losses() {
  const auto last = static_cast<std::int64_t>(timeline_.rails.size()) - 1;
  return each("supply_loss",
              "rail, idle_w, idle_half_width_w, loaded_w, loaded_half_width_w, idle_supply_w, "
              "loaded_supply_w, meter, made",
              [&](SqlRow& row) {
                const std::int64_t rail = row.integer(0, 0, last);
                SupplyLoss made{watts(row, 1), watts(row, 2), watts(row, 3), watts(row, 4),
                                watts(row, 5), watts(row, 6), row.text(7),   row.text(8)};
                if (const auto fault = fault_of(made)) row.set_fault(*fault);
                if (row.is_faulty()) return;
                timeline_.rails[static_cast<std::size_t>(rail)].supply_loss = std::move(made);
              });
}

Result<void> Reader::read_readings() {
  auto& rails = timeline_.rails;
  // Rails are read in turn: an equal share each is exact, or near.
  const std::size_t share = rails.empty() ? 0 : expected_rows("reading") / rails.size() + 1;
  for (auto& rail : rails) rail.readings.reserve(share);
  const auto last = static_cast<std::int64_t>(rails.size()) - 1;
  return each("reading", "rail, before_ns, took_ns, value", [&](SqlRow& row) {
    const std::int64_t index = row.integer(0, 0, last);
    const Instant before = stamp(row, 1);
    const Instant end = after(row, before, 2);
    const double number = row.real(3);
    if (row.is_faulty()) return;
    auto& rail = rails[static_cast<std::size_t>(index)];
    const Value value =
        rail.channel.meaning == Meaning::power_now ? Value{Watts{number}} : Value{Joules{number}};
    rail.readings.push_back({before, end, value});
  });
}

Result<void> Reader::read_gaps() {
  const auto last = static_cast<std::int64_t>(timeline_.rails.size()) - 1;
  return each("gap", "rail, from_ns, to_ns, why", [&](SqlRow& row) {
    const std::int64_t rail = row.integer(0, 0, last);
    Gap gap{stamp(row, 1), stamp(row, 2), row.text(3)};
    if (gap.to < gap.from) row.set_fault("the gap ends before it begins");
    if (!row.is_faulty()) timeline_.rails[static_cast<std::size_t>(rail)].gaps.push_back(std::move(gap));
  });
}

// ---- What ran -----------------------------------------------------------------------------------------

Result<void> Reader::read_layers() {
  return each(
      "layer",
      "id, name, type, module, sources, implementation, kernel, stride, groups, inputs, outputs, macs, "
      "parameters, bytes, source_macs",
      [&](SqlRow& row) {
        check_id(row, 0, timeline_.layers.size());
        timeline_.layers.push_back({row.text(1), row.text(2), row.text(3), list(row, 4, texts_in),
                                    list(row, 14, numbers_in), row.text(5), list(row, 6, numbers_in),
                                    list(row, 7, numbers_in), row.optional_integer(8, 0, most),
                                    list(row, 9, shapes_in), list(row, 10, shapes_in),
                                    row.optional_integer(11, 0, most), row.optional_integer(12, 0, most),
                                    row.optional_integer(13, 0, most)});
      });
}

Result<void> Reader::read_phases() {
  return each("phase", "phase, block, from_ns, to_ns", [&](SqlRow& row) {
    const PhaseSpan phase{named(row, 0, phase_named),
                          static_cast<std::uint32_t>(row.integer(1, 0, most_index)), stamp(row, 2),
                          stamp(row, 3)};
    if (phase.to < phase.from) row.set_fault("the phase ends before it begins");
    timeline_.phases.push_back(phase);
  });
}

Result<void> Reader::read_inferences() {
  timeline_.inferences.reserve(expected_rows("inference"));
  return each("inference", "id, phase, block, load_begin_ns, compute_begin_ns, compute_end_ns, unload_end_ns",
              [&](SqlRow& row) {
                check_id(row, 0, timeline_.inferences.size());
                const Inference one{named(row, 1, phase_named),
                                    static_cast<std::uint32_t>(row.integer(2, 0, most_index)),
                                    stamp(row, 3),
                                    stamp(row, 4),
                                    stamp(row, 5),
                                    stamp(row, 6)};
                if (one.compute_begin < one.load_begin || one.compute_end < one.compute_begin ||
                    one.unload_end < one.compute_end)
                  row.set_fault("its parts are out of order");
                timeline_.inferences.push_back(one);
              });
}

Result<void> Reader::read_spans() {
  timeline_.spans.reserve(expected_rows("span"));
  const auto last = static_cast<std::int64_t>(timeline_.layers.size()) - 1;
  return each("span", "layer, inference, begin_ns, duration_ns", [&](SqlRow& row) {
    const auto layer = static_cast<std::uint32_t>(row.integer(0, 0, last));
    const auto inference = static_cast<std::uint32_t>(row.integer(1, 0, most_index));
    const Instant begin = stamp(row, 2);
    timeline_.spans.push_back({layer, inference, begin, after(row, begin, 3)});
  });
}

Result<void> Reader::read_events() {
  return each("event", "at_ns, kind, text", [&](SqlRow& row) {
    timeline_.events.push_back({stamp(row, 0), row.text(1), row.text(2)});
  });
}

// ---- The whole ----------------------------------------------------------------------------------------

// Several threads may have ended their spans in another order than they were written in; a file made by
// others may have any order.
void Reader::put_in_order() {
  const auto by_end = [](const LayerSpan& a, const LayerSpan& b) { return a.end < b.end; };
  if (!std::is_sorted(timeline_.spans.begin(), timeline_.spans.end(), by_end))
    std::stable_sort(timeline_.spans.begin(), timeline_.spans.end(), by_end);
  const auto by_before = [](const Reading& a, const Reading& b) { return a.before < b.before; };
  for (auto& rail : timeline_.rails)
    if (!std::is_sorted(rail.readings.begin(), rail.readings.end(), by_before))
      std::stable_sort(rail.readings.begin(), rail.readings.end(), by_before);
}

// Spans reach the file before the inference they belong to has ended.
Result<void> Reader::leave_out_unfinished() {
  auto& spans = timeline_.spans;
  const auto unfinished = [this](const LayerSpan& span) {
    return span.inference >= timeline_.inferences.size();
  };
  const auto first = std::find_if(spans.begin(), spans.end(), unfinished);
  if (first == spans.end()) return {};
  if (timeline_.complete)
    return malformed(
        fmt::format("a span belongs to inference {} of {}", first->inference, timeline_.inferences.size()));
  const Instant when = first->begin;
  const auto kept = std::remove_if(first, spans.end(), unfinished);
  timeline_.events.push_back(
      {when, "unfinished",
       fmt::format("{} layer spans of inferences that had not ended are left out", spans.end() - kept)});
  spans.erase(kept, spans.end());
  return {};
}

Result<Timeline> Reader::read() {
  using Part = Result<void> (Reader::*)();
  for (const Part part :
       {&Reader::read_circumstances, &Reader::read_clocks, &Reader::read_sampler, &Reader::read_layers,
        &Reader::read_rails, &Reader::read_accuracies, &Reader::read_calibrations,
        &Reader::read_supply_losses, &Reader::read_readings, &Reader::read_gaps, &Reader::read_phases,
        &Reader::read_inferences, &Reader::read_spans, &Reader::read_events})
    if (auto done = (this->*part)(); !done) return done.error();
  put_in_order();
  if (auto done = leave_out_unfinished(); !done) return done.error();
  return std::move(timeline_);
}

}  // namespace

Result<Timeline> read_run_file(const std::filesystem::path& path) {
  auto file = open_run_file(path);
  if (!file) return file.error();
  return Reader{*file}.read();
}

}  // namespace layerwatt
