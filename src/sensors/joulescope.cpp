// SPDX-License-Identifier: Apache-2.0
// Joulescope's statistics as its user interface and downsample_logging.py write them: time since the start in
// seconds, means of current, voltage and power, and counters of charge and energy. The counter of energy is
// taken, which has all samples in it. Facts: jetperch/pyjoulescope_ui, statistics_record.py and main.py
// ("#time,current,..." and its "%.1f,%g,..." rows); jetperch/pyjoulescope_examples, bin/downsample_logging.py
// (header without #, rows flushed one by one). Both give 6 digits: 0.1 mJ of 100 J.
#include <algorithm>

#include "sensors/power_table.h"
#include "sensors/stream.h"
#include "sensors/stream_text.h"

namespace layerwatt {

namespace {

using Kind = PowerColumn::Kind;

class Joulescope final : public StreamParser {
 public:
  Result<void> parse(std::string_view line, std::vector<StreamReading>& into) override {
    line = text::trimmed(line);
    if (line.empty()) return {};
    if (table_ && line.front() != '#') return table_->parse(line, into);
    if (line.starts_with("#&") || line.starts_with("#= ")) line.remove_prefix(line.size());  // events, state
    if (line.empty()) return {};
    if (line.front() == '#') line.remove_prefix(1);
    if (!table_) return header(line);
    if (line == header_) return {};  // the program was started again
    return Error{Errc::malformed, "header", "it is not the one that the first rows had"};
  }
  [[nodiscard]] std::span<const Channel> channels() const override {
    return table_ ? std::span<const Channel>{table_->channels()} : std::span<const Channel>{};
  }
  [[nodiscard]] StampClock clock() const override { return table_ ? table_->clock() : StampClock::own; }

 private:
  Result<void> header(std::string_view line) {
    const auto names = text::fields(line, ',');
    const auto has = [&](std::string_view name) {
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    if (!has("time") || !(has("energy") || has("power")))
      return Error{Errc::malformed, "header", "expected time,current,voltage,power,charge,energy"};
    std::vector<PowerColumn> columns;
    for (const std::string_view name : names) {
      if (name == "time")
        columns.push_back({Kind::time, 1, {}});
      else if (name == "energy")
        columns.push_back({Kind::energy, 1, "joulescope"});
      else if (name == "power" && !has("energy"))
        columns.push_back({Kind::power, 1, "joulescope"});
      else
        columns.emplace_back();
    }
    table_.emplace(std::move(columns), StampClock::own, std::nullopt);
    header_ = line;
    return {};
  }
  std::optional<PowerTable> table_;
  std::string header_;
};

Result<StreamPlan> plan(std::string_view argument, Nanoseconds) {
  if (argument.empty())
    return Error{Errc::malformed, "joulescope", "say which file its statistics go to: joulescope:FILE"};
  StreamPlan plan;
  plan.file = argument;
  plan.device = plan.file.filename();
  plan.parser = std::make_unique<Joulescope>();
  return plan;
}

}  // namespace

extern const StreamDriver joulescope_stream;
const StreamDriver joulescope_stream{
    "joulescope", "joulescope:FILE", "statistics that Joulescope's programs write to FILE", "", true, plan};

}  // namespace layerwatt
