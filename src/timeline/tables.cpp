// SPDX-License-Identifier: Apache-2.0
// One function a table, from a Timeline to lines of CSV.
#include "timeline/tables.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

#include "timeline/layer_columns.h"
#include "timeline/run_file.h"

namespace layerwatt {

namespace {

// Cells of a row, in order; end_row() ends it.
class Csv {
 public:
  explicit Csv(std::ostream& out) : out_{out} {}
  ~Csv() { flush(); }
  Csv(const Csv&) = delete;
  Csv& operator=(const Csv&) = delete;

  void header(std::string_view names) {
    buffer_.append(names);
    buffer_.push_back('\n');
  }
  Csv& text(std::string_view text) {
    start_cell();
    buffer_.push_back('"');
    for (const char c : text) {
      if (c == '"') buffer_.push_back('"');
      buffer_.push_back(c);
    }
    buffer_.push_back('"');
    return *this;
  }
  template <class Number>
  Csv& number(Number number) {
    start_cell();
    fmt::format_to(std::back_inserter(buffer_), "{}", number);
    return *this;
  }
  template <class Number>
  Csv& number(const std::optional<Number>& number_if_known) {
    return number_if_known ? number(*number_if_known) : nothing();
  }
  template <class Tag>
  Csv& quantity(const std::optional<Quantity<Tag>>& known) {
    return known ? number(known->value()) : nothing();
  }
  // Nanoseconds as seconds, to the last digit.
  Csv& time(Nanoseconds time) {
    start_cell();
    const std::int64_t count = time.count();
    const std::uint64_t size =
        count < 0 ? 0 - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
    fmt::format_to(std::back_inserter(buffer_), "{}{}.{:09}", count < 0 ? "-" : "", size / 1'000'000'000,
                   size % 1'000'000'000);
    return *this;
  }
  Csv& time(const std::optional<Nanoseconds>& known) { return known ? time(*known) : nothing(); }
  Csv& nothing() {
    start_cell();
    return *this;
  }
  void end_row() {
    buffer_.push_back('\n');
    row_is_empty_ = true;
    if (buffer_.size() > 1 << 16) flush();
  }

 private:
  void start_cell() {
    if (!row_is_empty_) buffer_.push_back(',');
    row_is_empty_ = false;
  }
  void flush() {
    out_.write(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    buffer_.clear();
  }

  std::ostream& out_;
  fmt::memory_buffer buffer_;
  bool row_is_empty_ = true;
};

// Wraps around for stamps centuries apart, which only a damaged run has.
Nanoseconds since(Instant from, Instant to) {
  return Nanoseconds{static_cast<std::int64_t>(static_cast<std::uint64_t>(to.time_since_epoch().count()) -
                                               static_cast<std::uint64_t>(from.time_since_epoch().count()))};
}

Nanoseconds since_start(const Timeline& run, Instant stamp) { return since(run.clocks_at_start.raw, stamp); }

Csv& rail_cells(Csv& csv, const RailRecord& rail) {
  return csv.text(rail.channel.rail).text(rail.sensor).text(rail.device).text(name_of(rail.channel.origin));
}

void write_circumstances(const Timeline& run, Csv& csv) {
  csv.header("key,value");
  for (const auto& [key, value] : run.circumstances) csv.text(key).text(value).end_row();
}

void write_rails(const Timeline& run, Csv& csv) {
  csv.header(
      "rail,sensor,device,origin,meaning,aperture_s,refresh_s,averaging,quantum_w,tick_j,wraps_at_j,"
      "voltage_aperture_s,read_on_update,is_total,part_of,shunt_gain,bus_gain,shunt_offset_v,bus_offset_v,"
      "shunt_ohm,"
      "shunt_tolerance,bus_v,accuracy_source,readings,gaps");
  for (const auto& rail : run.rails) {
    const auto& channel = rail.channel;
    rail_cells(csv, rail).text(name_of(channel.meaning)).time(channel.aperture).time(channel.refresh);
    csv.number(channel.averaging).quantity(channel.quantum).quantity(channel.tick).quantity(channel.wraps_at);
    csv.time(channel.voltage_aperture)
        .number(channel.read_on_update ? 1 : 0)
        .number(channel.is_total ? 1 : 0)
        .text(channel.part_of);
    const Accuracy& accuracy = channel.accuracy;
    csv.number(accuracy.shunt_gain).number(accuracy.bus_gain).quantity(accuracy.shunt_offset);
    csv.quantity(accuracy.bus_offset).quantity(accuracy.shunt).number(accuracy.shunt_tolerance);
    csv.quantity(accuracy.bus).text(accuracy.source);
    csv.number(rail.readings.size()).number(rail.gaps.size()).end_row();
  }
}

void write_readings(const Timeline& run, Csv& csv) {
  csv.header("rail,sensor,device,origin,time_s,took_s,power_w,energy_j");
  for (const auto& rail : run.rails)
    for (const auto& reading : rail.readings) {
      rail_cells(csv, rail).time(since_start(run, reading.before)).time(since(reading.before, reading.after));
      if (const auto* power = std::get_if<Watts>(&reading.value))
        csv.number(power->value()).nothing();
      else
        csv.nothing().number(std::get<Joules>(reading.value).value());
      csv.end_row();
    }
}

void write_gaps(const Timeline& run, Csv& csv) {
  csv.header("rail,sensor,device,origin,from_s,to_s,why");
  for (const auto& rail : run.rails)
    for (const auto& gap : rail.gaps) {
      rail_cells(csv, rail).time(since_start(run, gap.from)).time(since_start(run, gap.to)).text(gap.why);
      csv.end_row();
    }
}

void write_layers(const Timeline& run, Csv& csv) {
  csv.header(
      "layer_id,layer,type,module,implementation,sources,source_macs,kernel,stride,groups,inputs,outputs,"
      "macs,parameters,"
      "bytes");
  std::size_t id = 0;
  for (const auto& layer : run.layers) {
    csv.number(id++).text(layer.name).text(layer.type).text(layer.module).text(layer.implementation);
    csv.text(json_of(layer.sources))
        .text(json_of(layer.source_macs))
        .text(json_of(layer.kernel))
        .text(json_of(layer.stride))
        .number(layer.groups);
    csv.text(json_of(layer.inputs)).text(json_of(layer.outputs));
    csv.number(layer.macs).number(layer.parameters).number(layer.bytes).end_row();
  }
}

void write_spans(const Timeline& run, Csv& csv) {
  csv.header("layer_id,layer,type,inference,phase,begin_s,duration_s");
  for (const auto& span : run.spans) {
    const auto& layer = run.layers.at(span.layer);
    csv.number(span.layer).text(layer.name).text(layer.type).number(span.inference);
    csv.text(name_of(run.inferences.at(span.inference).phase));
    csv.time(since_start(run, span.begin)).time(since(span.begin, span.end)).end_row();
  }
}

void write_inferences(const Timeline& run, Csv& csv) {
  csv.header("inference,phase,block,begin_s,load_s,compute_s,unload_s");
  std::size_t id = 0;
  for (const auto& one : run.inferences) {
    csv.number(id++).text(name_of(one.phase)).number(one.block).time(since_start(run, one.load_begin));
    csv.time(since(one.load_begin, one.compute_begin)).time(since(one.compute_begin, one.compute_end));
    csv.time(since(one.compute_end, one.unload_end)).end_row();
  }
}

void write_phases(const Timeline& run, Csv& csv) {
  csv.header("phase,block,from_s,to_s");
  for (const auto& phase : run.phases) {
    csv.text(name_of(phase.phase)).number(phase.block);
    csv.time(since_start(run, phase.from)).time(since_start(run, phase.to)).end_row();
  }
}

void write_events(const Timeline& run, Csv& csv) {
  csv.header("time_s,kind,text");
  for (const auto& event : run.events)
    csv.time(since_start(run, event.at)).text(event.kind).text(event.text).end_row();
}

struct Table {
  std::string_view name;
  void (*write)(const Timeline&, Csv&);
};
constexpr std::array<Table, 9> tables{{{"event", write_events},
                                       {"gap", write_gaps},
                                       {"inference", write_inferences},
                                       {"layer", write_layers},
                                       {"phase", write_phases},
                                       {"rail", write_rails},
                                       {"reading", write_readings},
                                       {"run", write_circumstances},
                                       {"span", write_spans}}};

const Table* table_named(std::string_view name) {
  for (const auto& table : tables)
    if (table.name == name) return &table;
  return nullptr;
}

}  // namespace

std::vector<std::string_view> table_names() {
  std::vector<std::string_view> names;
  for (const auto& table : tables) names.push_back(table.name);
  return names;
}

Result<void> write_table_csv(const Timeline& timeline, std::string_view name, std::ostream& out) {
  const Table* table = table_named(name);
  if (table == nullptr)
    return Error{Errc::not_found, std::string{name},
                 fmt::format("no such table; there are {}", fmt::join(table_names(), ", "))};
  {
    Csv csv{out};
    table->write(timeline, csv);
  }
  out.flush();
  if (!out) return Error{Errc::io, std::string{name}, "the table could not be written to the end"};
  return {};
}

Result<void> write_table_csv(const std::filesystem::path& run_file, const std::string& table,
                             std::ostream& out) {
  if (table_named(table) == nullptr) return write_table_csv(Timeline{}, table, out);
  const auto timeline = read_run_file(run_file);
  if (!timeline) return timeline.error();
  return write_table_csv(*timeline, table, out);
}

}  // namespace layerwatt
