// SPDX-License-Identifier: Apache-2.0
// Rows of numbers are data; what stands above them names times, units and channels. See scope_file.h.
#include "timeline/scope_file.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/text.h"

namespace layerwatt {

namespace {

using Fields = std::vector<std::string_view>;

constexpr std::size_t most_header_lines = 64, most_channels = 32;
constexpr double longest_s = 1e6;

std::string folded(std::string_view word) {
  std::string made = text::lower_case(text::trimmed(word));
  std::erase_if(made, [](char c) { return c == '(' || c == ')'; });
  return made;
}

Error malformed(const std::string& why) { return {Errc::malformed, "oscilloscope file", why}; }

char separator_of(std::string_view line) {
  char best = ',';
  for (const char one : {';', '\t'})
    if (std::count(line.begin(), line.end(), one) > std::count(line.begin(), line.end(), best)) best = one;
  return best;
}

// Empty fields at the end are of a comma too many.
Fields fields_of(std::string_view line) {
  Fields all = text::fields(line, separator_of(line));
  while (!all.empty() && all.back().empty()) all.pop_back();
  return all;
}

bool are_numbers(const Fields& fields) {
  return fields.size() >= 2 && std::all_of(fields.begin(), fields.end(),
                                           [](std::string_view field) { return text::number(field); });
}

std::optional<double> seconds_in(const std::string& unit) {
  if (unit == "second" || unit == "seconds") return 1;
  if (unit.empty() || unit.back() != 's') return std::nullopt;
  return text::prefix(unit.substr(0, unit.size() - 1));
}

std::optional<double> volts_in(const std::string& unit) {
  if (unit == "volt" || unit == "volts" || unit == "value") return 1;
  if (unit.empty() || unit.back() != 'v') return std::nullopt;
  return text::prefix(unit.substr(0, unit.size() - 1));
}

struct ScopeHeader {
  std::vector<std::string> names;  // of the channels
  std::vector<double> scales;      // to volts
  double time_scale = 1;
  std::optional<double> start, step;  // of files whose first column counts rows
};

// "X(CH1)" -> "CH1", "CH1:V" -> "CH1".
std::string channel_name(std::string_view field) {
  if (field.starts_with("X(") && field.ends_with(")")) field = field.substr(2, field.size() - 3);
  return std::string{text::trimmed(field.substr(0, field.find(':')))};
}

class HeaderReader {
 public:
  explicit HeaderReader(std::size_t channels) : channels_{channels} {
    header_.scales.assign(channels, 1);
    for (std::size_t i = 0; i < channels; ++i) header_.names.push_back("CH" + std::to_string(i + 1));
  }
  Result<void> add(const Fields& fields) {
    if (fields.empty()) return {};
    const std::string first = folded(fields[0]);
    if (first == "sequence" || seconds_in(first)) return units(first, fields);
    if (first == "time" || first == "x" || first == "x-axis" || first == "source") take_names(fields);
    if (first == "vertical units") return vertical_units(fields);
    if (first == "horizontal units" && fields.size() > 1 && folded(fields[1]) != "s")
      return malformed("its horizontal axis is not in seconds");
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (folded(fields[i]) == "start") start_ = i;
      if (folded(fields[i]) == "increment") step_ = i;
    }
    return {};
  }
  Result<ScopeHeader> finish() const {
    if (counts_ && (!header_.start || !header_.step || !(*header_.step > 0)))
      return malformed("its rows are counted, and no Start and Increment say when they were");
    return header_;
  }

 private:
  void take_names(const Fields& fields) {
    for (std::size_t i = 0; i < channels_ && i + 1 < fields.size(); ++i)
      if (!fields[i + 1].empty()) header_.names[i] = channel_name(fields[i + 1]);
  }
  Result<void> units(const std::string& first, const Fields& fields) {
    if (first == "sequence") {
      counts_ = true;
      if (start_ && *start_ < fields.size()) header_.start = text::number(fields[*start_]);
      if (step_ && *step_ < fields.size()) header_.step = text::number(fields[*step_]);
    } else {
      header_.time_scale = *seconds_in(first);
    }
    for (std::size_t i = 0; i < channels_ && i + 1 < fields.size(); ++i)
      if (auto set = set_unit(i, fields[i + 1]); !set) return set;
    return {};
  }
  // Siglent: "Vertical Units,CH1:V,CH2:V"; Tektronix: "Vertical Units,V,A".
  Result<void> vertical_units(const Fields& fields) {
    for (std::size_t i = 0; i < channels_ && i + 1 < fields.size(); ++i) {
      std::string_view unit = fields[i + 1];
      if (const std::size_t colon = unit.find(':'); colon != std::string_view::npos)
        unit.remove_prefix(colon + 1);
      if (!unit.empty())
        if (auto set = set_unit(i, unit); !set) return set;
    }
    return {};
  }
  Result<void> set_unit(std::size_t channel, std::string_view unit) {
    const auto scale = volts_in(folded(unit));
    if (!scale)
      return malformed(header_.names[channel] + " is in \"" + std::string{unit.substr(0, 20)} +
                       "\", not in volts");
    if (folded(unit) != "value") header_.scales[channel] = *scale;
    return {};
  }
  std::size_t channels_;
  ScopeHeader header_;
  std::optional<std::size_t> start_, step_;  // places of the fields
  bool counts_ = false;
};

// Calls `use` with the fields of each line until it gives false.
template <class Use>
void each_line(std::string_view text, Use use) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (!use(fields_of(text.substr(0, end)))) return;
    text.remove_prefix(std::min(text.size(), end + 1));
  }
}

}  // namespace

const ScopeRecord::Trace* ScopeRecord::trace_named(std::string_view name) const {
  const std::string wanted = folded(name);
  const Trace* found = nullptr;
  for (const Trace& trace : traces) {
    const std::string has = folded(trace.name);
    if (has == wanted) return &trace;
    if (has != "ch" + wanted && has != "channel " + wanted) continue;
    if (found != nullptr) return nullptr;
    found = &trace;
  }
  return found;
}

Result<ScopeRecord> read_scope(std::string_view text) {
  std::vector<Fields> above;
  std::size_t columns = 0;
  bool too_long = false;
  each_line(text, [&](const Fields& fields) {
    if (are_numbers(fields)) {
      columns = fields.size();
      return false;
    }
    above.push_back(fields);
    too_long = above.size() > most_header_lines;
    return !too_long;
  });
  if (columns < 2 || columns > most_channels + 1 || too_long)
    return malformed("has no rows of a time and voltages within its first lines");
  HeaderReader reader{columns - 1};
  for (const Fields& fields : above)
    if (auto added = reader.add(fields); !added) return added.error();
  const auto header = reader.finish();
  if (!header) return header.error();

  ScopeRecord record;
  for (const std::string& name : header->names) record.traces.push_back({name, {}});
  std::string wrong;
  std::size_t row = 0;
  each_line(text, [&](const Fields& fields) {
    ++row;
    if (row <= above.size() || fields.empty()) return true;
    const std::string where = "line " + std::to_string(row);
    if (fields.size() != columns || !are_numbers(fields)) {
      wrong = where + " is no row of numbers as those above it";
      return false;
    }
    const double first = *text::number(fields[0]);
    const double time = header->step ? *header->start + first * *header->step : first * header->time_scale;
    const bool sane = std::abs(time) <= longest_s;
    const Nanoseconds at = sane ? from_seconds(time) : Nanoseconds{};
    if (!sane || (!record.times.empty() && at <= record.times.back())) {
      wrong = where + ": its time does not come after that of the line before";
      return false;
    }
    record.times.push_back(at);
    for (std::size_t i = 0; i + 1 < columns; ++i)
      record.traces[i].volts.emplace_back(*text::number(fields[i + 1]) * header->scales[i]);
    return true;
  });
  if (!wrong.empty()) return malformed(wrong);
  if (record.times.size() < 2) return malformed("has fewer than two rows");
  return record;
}

}  // namespace layerwatt
