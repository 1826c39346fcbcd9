// SPDX-License-Identifier: Apache-2.0
// Rows into the tables of a run file, one transaction from commit to commit.
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "timeline/file_size_signal.h"
#include "timeline/layer_columns.h"
#include "timeline/new_file.h"
#include "timeline/run_file.h"
#include "timeline/sqlite.h"

namespace layerwatt {

namespace {

std::int64_t stored(std::uint64_t count) {
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return static_cast<std::int64_t>(count < most ? count : most);
}

std::optional<std::int64_t> stored(const std::optional<Nanoseconds>& time) {
  return time ? std::optional<std::int64_t>{time->count()} : std::nullopt;
}

std::optional<std::int64_t> stored(const std::optional<int>& number) {
  return number ? std::optional<std::int64_t>{*number} : std::nullopt;
}

// A number that is none is not known.
std::optional<double> stored(const std::optional<double>& number) {
  return number && std::isfinite(*number) ? number : std::nullopt;
}
template <class Tag>
std::optional<double> stored(const std::optional<Quantity<Tag>>& quantity) {
  return quantity && std::isfinite(quantity->value()) ? std::optional<double>{quantity->value()}
                                                      : std::nullopt;
}

// Of the meaning the rail has, and finite; empty otherwise.
std::optional<double> stored(const Value& value, Meaning meaning) {
  const auto* power = std::get_if<Watts>(&value);
  const auto* energy = std::get_if<Joules>(&value);
  if ((power != nullptr) != (meaning == Meaning::power_now)) return std::nullopt;
  const double number = power != nullptr ? power->value() : energy->value();
  return std::isfinite(number) ? std::optional<double>{number} : std::nullopt;
}

// From one stamp to a later one; empty when it is earlier, or centuries away.
std::optional<std::int64_t> length(Instant from, Instant to) {
  std::int64_t nanoseconds = 0;
  if (__builtin_sub_overflow(to.time_since_epoch().count(), from.time_since_epoch().count(), &nanoseconds))
    return std::nullopt;
  return nanoseconds < 0 ? std::nullopt : std::optional<std::int64_t>{nanoseconds};
}

std::int64_t raw(Instant stamp) { return stamp.time_since_epoch().count(); }

}  // namespace

class RunFileWriter::Database {
 public:
  explicit Database(SqlConnection opened) : connection{std::move(opened)} {}
  ~Database() {
    const FileSizeSignalBlocked guard;  // closing may copy the log into the file
    finalize();
    const SqlConnection closed = std::move(connection);
  }
  Result<void> prepare();
  void finalize() {
    for (SqlStatement* statement : {&insert_reading, &insert_inference, &insert_span}) {
      const SqlStatement done = std::move(*statement);
    }
  }
  Result<void> close(bool complete);

  // Runs `work`, which gives false when SQLite refused something, within the open transaction or a new one.
  // Its failure is the last word on this file.
  template <class Work>
  Result<void> write(const Work& work) {
    if (broken) return *broken;
    const FileSizeSignalBlocked guard;
    if (connection.in_transaction() || run("BEGIN")) {
      if (work() && store_start()) return {};
    }
    broken = connection.error();
    return *broken;
  }
  template <class... Values>
  bool run(const std::string& sql, const Values&... values) {
    auto statement = connection.prepare(sql);
    return statement && statement->run(values...);
  }
  [[nodiscard]] Error refusal(const std::string& what) const {
    return {Errc::malformed, connection.where(), "not written: " + what};
  }
  // The distance of a stamp from the first one. Wraps around for one centuries away; the reader wraps back.
  std::int64_t relative(Instant stamp) {
    if (!start) start = stamp;
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(raw(stamp)) -
                                     static_cast<std::uint64_t>(raw(*start)));
  }

  bool add_accuracy(std::int64_t rail, const Accuracy& accuracy) {
    if (accuracy == Accuracy{}) return true;  // nothing is known
    const auto& [shunt_gain, bus_gain, shunt_offset, bus_offset, shunt, tolerance, bus, source] = accuracy;
    return run("INSERT INTO accuracy VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)", rail, stored(shunt_gain),
               stored(bus_gain), stored(shunt_offset), stored(bus_offset), stored(shunt), stored(tolerance),
               stored(bus), source);
  }

  bool add_calibration(std::int64_t rail, const RailRecord& record) {
    if (record.calibration) {
      const auto& [gain, gain_half_width, at, reads, reads_half_width, from, to, accuracy, meter, made] =
          *record.calibration;
      const auto meter_gain = accuracy ? std::optional{accuracy->gain} : std::nullopt;
      const auto meter_offset = accuracy ? std::optional{accuracy->offset.value()} : std::nullopt;
      if (!run("INSERT INTO calibration VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rail, gain,
               gain_half_width, at.value(), reads.value(), reads_half_width.value(), from.value(), to.value(),
               meter_gain, meter_offset, meter, made))
        return false;
    }
    if (!record.supply_loss) return true;
    const auto& [idle, idle_half_width, loaded, loaded_half_width, idle_supply, loaded_supply, meter, made] =
        *record.supply_loss;
    return run("INSERT INTO supply_loss VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)", rail, idle.value(),
               idle_half_width.value(), loaded.value(), loaded_half_width.value(), idle_supply.value(),
               loaded_supply.value(), meter, made);
  }

  SqlConnection connection;
  SqlStatement insert_reading, insert_inference, insert_span;
  std::optional<Error> broken;
  std::vector<Meaning> rails;  // of those added so far
  std::size_t layers = 0;
  std::int64_t inferences = 0;

 private:
  bool store_start() {
    if (!start || start_is_stored) return true;
    start_is_stored = run("UPDATE recording SET start_raw_ns = ?", raw(*start));
    return start_is_stored;
  }
  std::optional<Instant> start;
  bool start_is_stored = false;
};

Result<void> RunFileWriter::Database::prepare() {
  for (const auto& [statement, sql] :
       {std::pair{&insert_reading, "INSERT INTO reading VALUES(?, ?, ?, ?)"},
        std::pair{&insert_span, "INSERT INTO span VALUES(?, ?, ?, ?)"},
        std::pair{&insert_inference, "INSERT INTO inference VALUES(?, ?, ?, ?, ?, ?, ?)"}}) {
    auto prepared = connection.prepare(sql, true);
    if (!prepared) return prepared.error();
    *statement = std::move(*prepared);
  }
  return {};
}

Result<void> RunFileWriter::Database::close(bool complete) {
  auto marked = write(
      [&] { return run("UPDATE recording SET complete = ?", std::int64_t{complete}) && run("COMMIT"); });
  if (!marked) return marked;
  const FileSizeSignalBlocked guard;
  finalize();  // the journal mode changes only without
  if (auto single = connection.execute("PRAGMA journal_mode = DELETE"); !single) {
    Error error = single.error();
    error.detail = "the run is safe, but " + connection.where() + "-wal still belongs to it: " + error.detail;
    return error;
  }
  return {};
}

RunFileWriter::RunFileWriter(std::unique_ptr<Database> database) : database_{std::move(database)} {}
RunFileWriter::RunFileWriter(RunFileWriter&&) noexcept = default;
RunFileWriter& RunFileWriter::operator=(RunFileWriter&&) noexcept = default;
RunFileWriter::~RunFileWriter() = default;

Result<RunFileWriter> RunFileWriter::create(const std::filesystem::path& path, bool force) {
  const FileSizeSignalBlocked guard;
  auto connection = create_run_file(path, force);
  if (!connection) return connection.error();
  auto database = std::make_unique<Database>(std::move(*connection));
  if (auto prepared = database->prepare(); !prepared) return prepared.error();
  return RunFileWriter{std::move(database)};
}

// ---- Circumstances ------------------------------------------------------------------------------------

Result<void> RunFileWriter::set_circumstance(const std::string& key, const std::string& value) {
  return database_->write(
      [&] { return database_->run("INSERT OR REPLACE INTO run VALUES(?, ?)", key, value); });
}

Result<void> RunFileWriter::set_clocks(const ClockTriple& at_start, const ClockTriple& at_end) {
  if (!(at_start == ClockTriple{})) database_->relative(at_start.raw);
  const auto insert = [this](const char* moment, const ClockTriple& triple) {
    if (triple == ClockTriple{}) return true;  // not known, or not yet
    return database_->run("INSERT OR REPLACE INTO clock VALUES(?, ?, ?, ?)", std::string_view{moment},
                          raw(triple.raw), triple.monotonic.count(), triple.realtime.count());
  };
  return database_->write([&] { return insert("start", at_start) && insert("end", at_end); });
}

// Here and below a record is taken apart by name, so that a field added to it is not forgotten here.
Result<void> RunFileWriter::set_sampler(const SamplerRecord& sampler) {
  return database_->write([&] {
    const auto& [period, ticks, late, missed, cpu_time, elapsed, realtime, core, lateness] = sampler;
    const std::vector<std::int64_t> late_by(lateness.begin(), lateness.end());
    return database_->run("DELETE FROM sampler") &&
           database_->run("INSERT INTO sampler VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)", period.count(),
                          stored(ticks), stored(late), stored(missed), cpu_time.count(), elapsed.count(),
                          std::int64_t{realtime}, stored(core), json_of(late_by));
  });
}

Result<void> RunFileWriter::set_markers(const MarkerRecord& markers) {
  return database_->write([&] {
    return database_->run("UPDATE markers SET (written, dropped) = (?, ?)", stored(markers.written),
                          stored(markers.dropped));
  });
}

// ---- What was read ------------------------------------------------------------------------------------

Result<std::size_t> RunFileWriter::add_rail(const RailRecord& rail) {
  const std::size_t index = database_->rails.size();
  const Channel& channel = rail.channel;
  if (channel.aperture.value_or(Nanoseconds{}).count() < 0 ||
      channel.refresh.value_or(Nanoseconds{}).count() < 0 ||
      channel.voltage_aperture.value_or(Nanoseconds{}).count() < 0)
    return database_->refusal("a rail with a negative aperture or refresh time");
  if (rail.calibration)
    if (const auto fault = fault_of(*rail.calibration)) return database_->refusal("a calibration: " + *fault);
  if (rail.supply_loss)
    if (const auto fault = fault_of(*rail.supply_loss))
      return database_->refusal("a supply's loss: " + *fault);
  auto added = database_->write([&] {
    const auto& [name, meaning, origin, aperture, refresh, averaging, quantum, tick, wraps_at,
                 voltage_aperture, read_on_update, is_total, part_of, accuracy] = channel;
    const auto id = static_cast<std::int64_t>(index);
    return database_->run("INSERT INTO rail VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", id, name,
                          rail.sensor, rail.device, std::string_view{name_of(meaning)},
                          std::string_view{name_of(origin)}, stored(aperture), stored(refresh),
                          stored(averaging), stored(quantum), stored(tick), stored(wraps_at),
                          stored(voltage_aperture), std::int64_t{read_on_update}, std::int64_t{is_total},
                          part_of) &&
           database_->add_accuracy(id, accuracy) && database_->add_calibration(id, rail);
  });
  if (!added) return added.error();
  database_->rails.push_back(channel.meaning);
  if (auto done = append_readings(index, rail.readings); !done) return done.error();
  for (const auto& gap : rail.gaps)
    if (auto done = append_gap(index, gap); !done) return done.error();
  return index;
}

Result<void> RunFileWriter::append_readings(std::size_t rail, std::span<const Reading> readings) {
  if (rail >= database_->rails.size()) return database_->refusal("readings of a rail that was not added");
  const Meaning meaning = database_->rails[rail];
  for (const auto& reading : readings) {
    if (!length(reading.before, reading.after))
      return database_->refusal("a reading that ends before it begins");
    if (!stored(reading.value, meaning))
      return database_->refusal("a value that is not finite, or not what its rail reads");
  }
  return database_->write([&] {
    for (const auto& reading : readings)
      if (!database_->insert_reading.run(static_cast<std::int64_t>(rail), database_->relative(reading.before),
                                         *length(reading.before, reading.after),
                                         *stored(reading.value, meaning)))
        return false;
    return true;
  });
}

Result<void> RunFileWriter::append_gap(std::size_t rail, const Gap& gap) {
  if (rail >= database_->rails.size()) return database_->refusal("a gap of a rail that was not added");
  if (gap.to < gap.from) return database_->refusal("a gap that ends before it begins");
  return database_->write([&] {
    return database_->run("INSERT INTO gap VALUES(?, ?, ?, ?)", static_cast<std::int64_t>(rail),
                          database_->relative(gap.from), database_->relative(gap.to), gap.why);
  });
}

// ---- What ran -----------------------------------------------------------------------------------------

Result<void> RunFileWriter::add_layers(std::span<const Layer> layers) {
  auto added = database_->write([&] {
    auto id = static_cast<std::int64_t>(database_->layers);
    for (const auto& one : layers) {
      const auto& [name, type, module, sources, source_macs, implementation, kernel, stride, groups, inputs,
                   outputs, macs, parameters, bytes] = one;
      if (!database_->run("INSERT INTO layer VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", id++, name,
                          type, module, json_of(sources), implementation, json_of(kernel), json_of(stride),
                          groups, json_of(inputs), json_of(outputs), macs, parameters, bytes,
                          json_of(source_macs)))
        return false;
    }
    return true;
  });
  if (added) database_->layers += layers.size();
  return added;
}

Result<void> RunFileWriter::append_phase(const PhaseSpan& phase) {
  if (phase.to < phase.from) return database_->refusal("a phase that ends before it begins");
  return database_->write([&] {
    return database_->run("INSERT INTO phase VALUES(?, ?, ?, ?)", std::string_view{name_of(phase.phase)},
                          std::int64_t{phase.block}, database_->relative(phase.from),
                          database_->relative(phase.to));
  });
}

Result<void> RunFileWriter::append_inferences(std::span<const Inference> inferences) {
  for (const auto& one : inferences)
    if (one.compute_begin < one.load_begin || one.compute_end < one.compute_begin ||
        one.unload_end < one.compute_end)
      return database_->refusal("an inference whose parts are out of order");
  return database_->write([&] {
    for (const auto& one : inferences)
      if (!database_->insert_inference.run(
              database_->inferences++, std::string_view{name_of(one.phase)}, std::int64_t{one.block},
              database_->relative(one.load_begin), database_->relative(one.compute_begin),
              database_->relative(one.compute_end), database_->relative(one.unload_end)))
        return false;
    return true;
  });
}

Result<void> RunFileWriter::append_spans(std::span<const LayerSpan> spans) {
  for (const auto& span : spans) {
    if (span.layer >= database_->layers) return database_->refusal("a span of a layer that was not added");
    if (!length(span.begin, span.end)) return database_->refusal("a span that ends before it begins");
  }
  return database_->write([&] {
    for (const auto& span : spans)
      if (!database_->insert_span.run(std::int64_t{span.layer}, std::int64_t{span.inference},
                                      database_->relative(span.begin), *length(span.begin, span.end)))
        return false;
    return true;
  });
}

Result<void> RunFileWriter::append_event(const Event& event) {
  return database_->write([&] {
    return database_->run("INSERT INTO event VALUES(?, ?, ?)", database_->relative(event.at), event.kind,
                          event.text);
  });
}

// ---- Truth, result, end -------------------------------------------------------------------------------

Result<void> RunFileWriter::append_truth(std::size_t layer, std::size_t rail, Joules mean_energy) {
  if (layer >= database_->layers || rail >= database_->rails.size() || !std::isfinite(mean_energy.value()))
    return database_->refusal("the truth about a layer or rail that was not added, or no number");
  return database_->write([&] {
    return database_->run("INSERT INTO truth VALUES(?, ?, ?)", static_cast<std::int64_t>(layer),
                          static_cast<std::int64_t>(rail), mean_energy.value());
  });
}

Result<void> RunFileWriter::set_result(const std::string& method, const std::string& json) {
  return database_->write(
      [&] { return database_->run("INSERT OR REPLACE INTO result VALUES(?, ?)", method, json); });
}

Result<void> RunFileWriter::commit() {
  return database_->write([&] { return database_->run("COMMIT"); });
}

Result<void> RunFileWriter::close(bool complete) { return database_->close(complete); }

}  // namespace layerwatt
