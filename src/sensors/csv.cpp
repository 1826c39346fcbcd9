// SPDX-License-Identifier: Apache-2.0
// Our own line format, for meters that have no driver: a header that names columns with their units, then one
// row a reading. docs/streams.md defines it; `layerwatt import -o` writes it.
#include <algorithm>

#include "core/joined.h"
#include "sensors/power_table.h"
#include "sensors/stream.h"
#include "sensors/stream_text.h"

namespace layerwatt {

namespace {

using Kind = PowerColumn::Kind;

constexpr std::size_t most_columns = 64;

struct Unit {
  std::string_view suffix;
  Kind kind;
  double scale;
};
constexpr Unit units[] = {
    {"_w", Kind::power, 1},   {"_mw", Kind::power, 1e-3},   {"_uw", Kind::power, 1e-6},
    {"_j", Kind::energy, 1},  {"_mj", Kind::energy, 1e-3},  {"_uj", Kind::energy, 1e-6},
    {"_v", Kind::voltage, 1}, {"_mv", Kind::voltage, 1e-3}, {"_uv", Kind::voltage, 1e-6},
    {"_a", Kind::current, 1}, {"_ma", Kind::current, 1e-3}, {"_ua", Kind::current, 1e-6},
};

struct Time {
  std::string_view name;
  StampClock clock;
  double scale;
};
constexpr Time times[] = {
    {"time_s", StampClock::own, 1},          {"time_ms", StampClock::own, 1e-3},
    {"time_us", StampClock::own, 1e-6},      {"time_ns", StampClock::own, 1e-9},
    {"unix_s", StampClock::realtime, 1},     {"unix_ms", StampClock::realtime, 1e-3},
    {"unix_ns", StampClock::realtime, 1e-9}, {"raw_ns", StampClock::raw, 1e-9},
};

// The unit's case does not matter, that of the rail is kept.
PowerColumn column_named(std::string_view name) {
  for (const Unit& unit : units) {
    if (name.size() <= unit.suffix.size() || !text::lower_case(name).ends_with(unit.suffix)) continue;
    const std::string_view rail = name.substr(0, name.size() - unit.suffix.size());
    if (stream::is_label(rail)) return {unit.kind, unit.scale, std::string{rail}};
  }
  return {};
}

class Csv final : public StreamParser {
 public:
  explicit Csv(std::optional<Volts> volts) : volts_{volts} {}
  Result<void> parse(std::string_view line, std::vector<StreamReading>& into) override {
    line = text::trimmed(line);
    if (line.empty()) return {};
    if (line.front() == '#') return comment(text::trimmed(line.substr(1)));
    if (table_) return table_->parse(line, into);
    return header(line);
  }
  [[nodiscard]] std::span<const Channel> channels() const override {
    return table_ ? std::span<const Channel>{table_->channels()} : std::span<const Channel>{};
  }
  [[nodiscard]] StampClock clock() const override { return table_ ? table_->clock() : StampClock::arrival; }
  [[nodiscard]] std::string unusable() const override { return unusable_; }

 private:
  // Facts of the source before the header: "refresh_s = 0.001", "aperture_s = 0.001", "origin = simulated".
  Result<void> comment(std::string_view said) {
    const std::size_t equals = said.find('=');
    if (table_ || equals == std::string_view::npos) return {};
    const std::string_view key = text::trimmed(said.substr(0, equals));
    const std::string_view value = text::trimmed(said.substr(equals + 1));
    const auto seconds = text::number(value);
    const auto time = seconds && *seconds > 0 ? stream::stamp(*seconds) : std::nullopt;
    if (key == "refresh_s") refresh_ = time;
    if (key == "aperture_s") aperture_ = time;
    if (key == "origin")
      if (const auto origin = origin_named(std::string{value})) origin_ = *origin;
    return {};
  }
  Result<void> header(std::string_view line) {
    const auto names = text::fields(line, ',');
    if (names.size() > most_columns) return Error{Errc::malformed, "header", "has more than 64 columns"};
    std::vector<PowerColumn> columns;
    StampClock clock = StampClock::arrival;
    for (const std::string_view name : names) {
      const std::string folded = text::lower_case(name);
      const auto* time = std::find_if(std::begin(times), std::end(times),
                                      [&](const Time& one) { return one.name == folded; });
      if (time == std::end(times)) {
        columns.push_back(column_named(name));
      } else if (clock == StampClock::arrival) {
        clock = time->clock;
        columns.push_back({Kind::time, time->scale, {}});
      } else {
        return Error{Errc::malformed, "header", "has two columns of time"};
      }
    }
    PowerTable table{std::move(columns), clock, volts_};
    if (table.channels().empty()) {
      const std::string why =
          table.without_voltage().empty()
              ? "the first line is to name columns with their units, as time_s,board_w (docs/streams.md)"
              : "no voltage beside the current of " + joined(table.without_voltage()) +
                    "; add a column NAME_v, or :volts=5 behind the file";
      if (unusable_.empty()) unusable_ = why;  // of the first line: those behind it are rows
      return Error{Errc::malformed, "header", why};
    }
    for (Channel& channel : table.channels()) {
      channel.refresh = refresh_;
      channel.aperture = aperture_;
      channel.origin = origin_;
    }
    unusable_.clear();
    table_.emplace(std::move(table));
    return {};
  }

  std::optional<Volts> volts_;
  std::optional<Nanoseconds> refresh_, aperture_;
  Origin origin_ = Origin::measured;
  std::optional<PowerTable> table_;
  std::string unusable_;
};

Result<StreamPlan> plan(std::string_view written, Nanoseconds) {
  const stream::Argument argument = stream::argument(written, {"volts"});
  const auto volts = argument.positive<Volts>("volts");
  if (!volts) return volts.error();
  if (argument.head.empty())
    return Error{Errc::malformed, "csv", "say which file: csv:FILE, or csv:- for standard input"};
  StreamPlan plan;
  plan.file = argument.head;
  plan.device = plan.file.filename();
  plan.parser = std::make_unique<Csv>(*volts);
  return plan;
}

}  // namespace

extern const StreamDriver csv_stream;
const StreamDriver csv_stream{"csv",
                              "csv:FILE[:volts=V]",
                              "rows of a meter of yours: a file that grows, a FIFO, a terminal, - for a pipe",
                              "",
                              true,
                              plan};

}  // namespace layerwatt
