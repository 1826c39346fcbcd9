// SPDX-License-Identifier: Apache-2.0
// See power_log.h.
#include "timeline/power_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

namespace layerwatt {

namespace {

bool is_in(const LogWindow& window, const PowerLog::Sample& sample) {
  return (!window.from || sample.at >= *window.from) && (!window.to || sample.at <= *window.to);
}

double number_in(const Value& value) {
  if (const Watts* power = std::get_if<Watts>(&value)) return power->value();
  return std::get<Joules>(value).value();
}

struct Step {
  Nanoseconds length;
  Joules energy;
};

// Between neighbouring samples.
std::vector<Step> steps_of(const std::vector<PowerLog::Sample>& samples) {
  std::vector<Step> steps;
  for (std::size_t i = 1; i < samples.size(); ++i) {
    const auto& a = samples[i - 1];
    const auto& b = samples[i];
    const Nanoseconds length = b.at - a.at;
    if (const Watts* power = std::get_if<Watts>(&a.value))
      steps.push_back({length, (*power + std::get<Watts>(b.value)) * 0.5 * length});
    else
      steps.push_back({length, std::get<Joules>(b.value) - std::get<Joules>(a.value)});
  }
  return steps;
}

// Not a counter, which only has power between two of its values.
void note_extremes(const std::vector<PowerLog::Sample>& samples, const std::vector<Step>& steps,
                   LogSummary& summary) {
  std::vector<double> watts;
  for (const auto& sample : samples)
    if (std::holds_alternative<Watts>(sample.value)) watts.push_back(number_in(sample.value));
  if (watts.empty())
    for (const Step& step : steps)
      if (step.length > Nanoseconds{0}) watts.push_back((step.energy / step.length).value());
  if (watts.empty()) return;
  const auto [low, high] = std::minmax_element(watts.begin(), watts.end());
  summary.lowest = Watts{*low};
  summary.highest = Watts{*high};
}

}  // namespace

Result<LogSummary> summarise(const PowerLog& log, const LogWindow& window) {
  if (!log.timed && (window.from || window.to))
    return Error{Errc::malformed, log.channel.rail, "has no times, so no window can be taken from it"};
  std::vector<PowerLog::Sample> samples;
  for (const auto& sample : log.samples) {
    if (!log.timed || is_in(window, sample)) samples.push_back(sample);
  }
  for (std::size_t i = 1; log.timed && i < samples.size(); ++i)
    if (samples[i].at < samples[i - 1].at)
      return Error{Errc::malformed, log.channel.rail, "its times are not in order"};
  if (samples.size() < 2)
    return Error{Errc::malformed, log.channel.rail, "has fewer than two readings in the window"};
  LogSummary summary;
  summary.samples = samples.size();
  const std::vector<Step> steps = steps_of(samples);
  note_extremes(samples, steps, summary);
  if (!log.timed) {
    if (log.channel.meaning == Meaning::energy_total)
      return Error{Errc::malformed, log.channel.rail,
                   "is a counter of energy without times, which gives no power"};
    double sum = 0;
    for (const auto& sample : samples) sum += number_in(sample.value);
    summary.mean = Watts{sum / static_cast<double>(samples.size())};
    return summary;
  }
  summary.first = samples.front().at;
  summary.last = samples.back().at;
  if (*summary.last <= *summary.first)
    return Error{Errc::malformed, log.channel.rail, "all its readings are of one moment"};
  Joules energy{};
  for (const Step& step : steps) energy += step.energy;
  summary.energy = energy;
  summary.mean = energy / (*summary.last - *summary.first);
  return summary;
}

Result<void> write_lines(const std::vector<PowerLog>& logs, const LogWindow& window,
                         const std::string& time_column, std::ostream& out) {
  if (logs.empty()) return Error{Errc::malformed, "power log", "has no rail"};
  const PowerLog& first = logs.front();
  out << (first.timed ? time_column : "");
  bool comma = first.timed;
  for (const PowerLog& log : logs) {
    if (log.samples.size() != first.samples.size())
      return Error{Errc::malformed, log.channel.rail, "has other readings than " + first.channel.rail};
    out << (comma ? "," : "") << log.channel.rail
        << (log.channel.meaning == Meaning::power_now ? "_w" : "_j");
    comma = true;
  }
  out << "\n";
  for (std::size_t i = 0; i < first.samples.size(); ++i) {
    if (first.timed && !is_in(window, first.samples[i])) continue;
    const auto ns = first.samples[i].at.count();
    std::string row;
    if (first.timed)
      row = time_column.ends_with("_ns") ? fmt::format("{}", ns)
                                         : fmt::format("{:.9f}", static_cast<double>(ns) * 1e-9);
    for (const PowerLog& log : logs)
      row += fmt::format("{}{:.9g}", row.empty() ? "" : ",", number_in(log.samples[i].value));
    out << row << "\n";
  }
  if (!out) return Error{Errc::io, "power log", "the stream took no more"};
  return {};
}

}  // namespace layerwatt
