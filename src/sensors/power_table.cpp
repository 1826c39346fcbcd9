// SPDX-License-Identifier: Apache-2.0
// See power_table.h.
#include "sensors/power_table.h"

#include <algorithm>
#include <cmath>

#include "sensors/stream_text.h"

namespace layerwatt {

namespace {

using Kind = PowerColumn::Kind;

constexpr double most_joules = 1e15;  // a counter: 30 years at 1 MW

Error wrong(std::string_view field, const char* expected) {
  return {Errc::malformed, "field \"" + std::string{field.substr(0, 40)} + "\"", expected};
}

}  // namespace

PowerTable::PowerTable(std::vector<PowerColumn> columns, StampClock clock, std::optional<Volts> volts)
    : columns_{std::move(columns)}, clock_{clock}, volts_{volts} {
  const auto column_of = [&](Kind kind, const std::string& rail) -> std::optional<std::size_t> {
    for (std::size_t i = 0; i < columns_.size(); ++i)
      if (columns_[i].kind == kind && columns_[i].rail == rail) return i;
    return std::nullopt;
  };
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const PowerColumn& column = columns_[i];
    if (column.kind == Kind::time && !time_) time_ = i;
    const bool is_source =
        column.kind == Kind::power || column.kind == Kind::energy || column.kind == Kind::current;
    if (!is_source || column_of(column.kind, column.rail) != i) continue;
    if (column.kind == Kind::current && column_of(Kind::power, column.rail)) continue;
    Source source{i, std::nullopt};
    if (column.kind == Kind::current) source.voltage = column_of(Kind::voltage, column.rail);
    if (column.kind == Kind::current && !source.voltage && !volts_) {
      without_voltage_.push_back(column.rail);
      continue;
    }
    // A power and a counter of one name: both are kept, and told apart.
    const bool twice = column.kind == Kind::energy && column_of(Kind::power, column.rail);
    Channel channel;
    channel.rail = column.rail + (twice ? "_energy" : "");
    channel.meaning = column.kind == Kind::energy ? Meaning::energy_total : Meaning::power_now;
    channel.read_on_update = time_.has_value() || clock_ != StampClock::arrival;
    channels_.push_back(std::move(channel));
    sources_.push_back(source);
  }
  if (!time_) clock_ = StampClock::arrival;
}

Result<Nanoseconds> PowerTable::stamp(std::string_view field) const {
  const PowerColumn& column = columns_[*time_];
  const char* expected = "expected a time";
  if (column.scale == 1e-9) {
    const auto count = text::integer(field);
    if (!count) return wrong(field, expected);
    return Nanoseconds{*count};
  }
  const auto value = text::number(field);
  const auto stamp = value ? stream::stamp(*value * column.scale) : std::nullopt;
  if (!stamp) return wrong(field, expected);
  return *stamp;
}

Result<void> PowerTable::parse(std::string_view line, std::vector<StreamReading>& into) const {
  const std::vector<std::string_view> all = text::fields(line, ',');
  if (all.size() > columns_.size() && !(all.size() == columns_.size() + 1 && all.back().empty()))
    return Error{Errc::malformed, "row", "has more fields than the header"};
  const auto field = [&](std::size_t i) { return i < all.size() ? all[i] : std::string_view{}; };
  Nanoseconds moment{};
  if (time_) {
    const auto stamped = stamp(field(*time_));
    if (!stamped) return stamped.error();
    moment = *stamped;
  }
  std::vector<StreamReading> found;
  for (std::size_t c = 0; c < sources_.size(); ++c) {
    const Source& source = sources_[c];
    const PowerColumn& column = columns_[source.value];
    if (field(source.value).empty() || (source.voltage && field(*source.voltage).empty())) continue;
    const auto value = text::number(field(source.value));
    const auto volts = source.voltage ? text::number(field(*source.voltage)) : std::optional<double>{1};
    if (!value) return wrong(field(source.value), "expected a number");
    if (!volts) return wrong(field(*source.voltage), "expected a number");
    const double scaled = *value * column.scale;
    if (column.kind == Kind::energy) {
      if (!(std::abs(scaled) <= most_joules)) return wrong(field(source.value), "no energy of a machine");
      found.push_back({c, Joules{scaled}, moment});
      continue;
    }
    Watts power{scaled};
    if (column.kind == Kind::current)
      power = Amperes{scaled} * (source.voltage ? Volts{*volts * columns_[*source.voltage].scale} : *volts_);
    if (!stream::believable(power)) return wrong(field(source.value), "no power of a machine");
    found.push_back({c, power, moment});
  }
  into.insert(into.end(), found.begin(), found.end());
  return {};
}

}  // namespace layerwatt
