// SPDX-License-Identifier: Apache-2.0
// Tables and JSON; see meter_reports.h. docs/calibration.md explains both.
#include "cli/meter_reports.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ostream>

#include "calibration/sampling_cost.h"
#include "calibration/settled_mean.h"
#include "cli/calibration_words.h"
#include "cli/load_steps.h"
#include "report/text_table.h"

namespace layerwatt {

using nlohmann::json;

namespace {

auto meter_named(const std::string& name, const MeteredRun& run) {
  return std::find_if(run.meter.begin(), run.meter.end(),
                      [&](const RailRecord& rail) { return rail.channel.rail == name; });
}

// What the step of a rail may have added to the mean of any of the stretches, at the most.
Watts rounding_in(const PowerTrace& trace, const Channel& channel, const MeteredRun& run) {
  if (!channel.quantum || trace.meaning() != Meaning::power_now) return {};
  Watts largest{};
  for (const MeteredRun::Part& part : run.parts) {
    if (!part.sampled) continue;
    const Instant settled = settled_mean(trace, part.time.from, part.time.to).from;
    largest =
        std::max(largest, rounding_of(*channel.quantum, spread_of(trace.powers_in(settled, part.time.to))));
  }
  return largest;
}

// Behind the load, each of them; so that the time a processor takes to rise drops out.
std::optional<Interval> later_than(const RailRecord& meter, const RailRecord& rail, const MeteredRun& run) {
  if (!run.switched) return std::nullopt;
  const auto& [on, from, to] = *run.switched;
  const std::vector<LoadStep> steps = steps_of(on, from);
  const auto seen = step_response(meter, steps, from, to), said = step_response(rail, steps, from, to);
  if (!seen || !said) return std::nullopt;
  return Interval{seconds(said->lag - seen->lag),
                  std::hypot(seconds(said->lag_half_width), seconds(seen->lag_half_width))};
}

}  // namespace

Result<MeterFound> meter_from(const MeteredRun& run, const std::string& meter_rail,
                              const std::string& measures) {
  auto meter = meter_named(meter_rail.empty() ? measures : meter_rail, run);
  if (meter_rail.empty() && meter == run.meter.end()) meter = run.meter.begin();
  if (meter == run.meter.end()) {
    std::string known;
    for (const RailRecord& rail : run.meter) known += (known.empty() ? "" : ", ") + rail.channel.rail;
    return Error{Errc::not_found, "--meter-rail " + meter_rail, "the meter has: " + known};
  }
  const PowerTrace seen{*meter};
  std::vector<PowerTrace> said;
  for (const RailRecord& rail : run.rails) said.emplace_back(rail);
  std::vector<MeteredStretch> stretches;
  for (const MeteredRun::Part& part : run.parts) {
    const auto mean = [&](const PowerTrace& trace) {
      return settled_mean(trace, part.time.from, part.time.to).power;
    };
    MeteredStretch stretch;
    stretch.sampled = part.sampled;
    stretch.loaded = part.loaded;
    stretch.middle_s = seconds(part.time.from - run.parts.front().time.from);
    stretch.meter = mean(seen);
    for (const PowerTrace& trace : said)
      stretch.rails.push_back(part.sampled ? mean(trace) : std::optional<Watts>{});
    stretches.push_back(std::move(stretch));
  }
  MeterFound found;
  found.sampling = sampling_effect(stretches);
  for (std::size_t r = 0; r < run.rails.size(); ++r) {
    const Watts rounding = rounding_in(said[r], run.rails[r].channel, run);
    found.rails.push_back(
        {run.rails[r], beside_meter(stretches, r, rounding), later_than(*meter, run.rails[r], run)});
    found.rails.back().rail.readings.clear();
  }
  found.meter = *meter;
  found.meter.readings.clear();
  return found;
}

json meter_json(const MeterFound& found) {
  const auto put = [](json& into, const std::string& name, const std::string& unit, const Interval& value) {
    into[name + unit] = value.value;
    into[name + "_half_width" + unit] = value.half_width;
  };
  json all{{"meter", named(found.meter)}, {"sampling", nullptr}, {"rails", json::array()}};
  if (found.sampling) {
    all["sampling"] = json{{"stretches", found.sampling->stretches}};
    put(all["sampling"], "effect", "_w", found.sampling->effect_w);
    put(all["sampling"], "without", "_w", found.sampling->without_w);
  }
  for (const MeterFound::Rail& one : found.rails) {
    json rail = named(one.rail);
    rail["gain"] = nullptr;
    rail["later_s"] = nullptr;
    if (one.later_s) put(rail, "later", "_s", *one.later_s);
    if (one.beside) {
      put(rail, "gain", "", one.beside->gain);
      put(rail, "offset", "_w", one.beside->offset_w);
      put(rail, "idle_missing", "_w", one.beside->idle_missing_w);
      put(rail, "loaded_missing", "_w", one.beside->loaded_missing_w);
      rail["span_w"] = one.beside->span_w();
    }
    all["rails"].push_back(std::move(rail));
  }
  return all;
}

void print_meter(const MeterFound& found, Terminal& terminal) {
  const auto shown = [](const Interval& value, const char* unit) {
    return with_interval(value.value, value.half_width, 1, unit);
  };
  const bool simulated = is_simulated(found.meter.channel);
  terminal.out << "The board's sensor beside " << found.meter.sensor << " " << found.meter.channel.rail
               << (simulated ? ", whose data are MADE UP" : "") << ": 95 % intervals\n\n";
  if (found.sampling)
    terminal.out << fmt::format(
        " sampling adds {} to the {} that the idle machine draws by the meter\n\n",
        with_interval(found.sampling->effect_w.value, found.sampling->effect_w.half_width, 1e3, "mW"),
        shown(found.sampling->without_w, "W"));
  else
    terminal.out << " what sampling adds is not known: the meter said too little\n\n";
  TextTable table;
  table.columns = {
      {"rail"},        {"gain", true},   {"offset", true}, {"less, idle", true}, {"less, loaded", true},
      {"later", true}, {"load", true, 1}};
  for (const MeterFound::Rail& one : found.rails) {
    if (!one.beside) {
      table.rows.push_back({{rail_name(one.rail.channel), "", "", "", "", "", ""},
                            "not known: too little was read, or the load does not show"});
      table.remark_from = 1;
      continue;
    }
    const RailBesideMeter& beside = *one.beside;
    table.rows.push_back(
        {{rail_name(one.rail.channel), with_interval(beside.gain.value, beside.gain.half_width, 1, ""),
          shown(beside.offset_w, "W"), shown(beside.idle_missing_w, "W"), shown(beside.loaded_missing_w, "W"),
          one.later_s ? with_interval(one.later_s->value, one.later_s->half_width, 1e3, "ms") : "not known",
          fmt::format("{:.3g} W", beside.span_w())},
         {}});
  }
  terminal.out
      << text_table(table, terminal.style)
      << "Rail = offset + gain x meter. Where the meter measures that very rail, these are the sensor's "
         "errors;\n"
         "where it sits at the supply, what is less is lost between there and the sensor, or drawn "
         "beside it.\n"
         "Later: than the meter, without what the rail's own average delays.\n";
}

}  // namespace layerwatt
