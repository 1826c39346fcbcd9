// SPDX-License-Identifier: Apache-2.0
// Tables and JSON; see calibration_reports.h. docs/calibration.md explains both.
#include "cli/calibration_reports.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "calibration/settled_mean.h"
#include "cli/calibration_words.h"
#include "report/text_table.h"

namespace layerwatt {

using nlohmann::json;

namespace {

double in_ms(Nanoseconds t) { return seconds(t) * 1e3; }

json interval_json(const Estimate<Joules>& estimate) {
  if (!estimate.interval) return nullptr;
  return {estimate.interval->low.value(), estimate.interval->high.value()};
}

std::string in_mj(const Estimate<Joules>& estimate) {
  if (!estimate.interval) return fmt::format("{:.4g} mJ, interval withheld", estimate.value.value() * 1e3);
  const double half = (estimate.interval->high.value() - estimate.interval->low.value()) / 2;
  return fmt::format("{:.4g} +- {:.2g} mJ", estimate.value.value() * 1e3, half * 1e3);
}

const char* verdict_on(const PlantedResult& result) {
  const auto recovered = result.recovered();
  if (!recovered) return "UNDECIDED";
  if (!*recovered) return "NOT RECOVERED";
  return result.is_telling() ? "recovered" : "UNDECIDED: the interval is too wide to tell";
}

}  // namespace

// What the average still remembers of the phase before is left out.
CostFound cost_from(const std::vector<ReadAtOneRate>& phases) {
  CostFound found;
  found.phases = phases.size();
  for (const ReadAtOneRate& phase : phases)
    found.reads_per_s = std::max(found.reads_per_s, phase.reads_per_s);
  for (std::size_t r = 0; r < phases.front().rails.size(); ++r) {
    std::vector<RatePhase> rates;
    for (const ReadAtOneRate& phase : phases) {
      const PowerTrace trace{phase.rails[r]};
      const auto [from, power] = settled_mean(trace, phase.from, phase.to);
      const Instant middle = from + (phase.to - from) / 2;
      if (!power) continue;
      const Watts step = phase.rails[r].channel.quantum.value_or(Watts{});
      rates.push_back({phase.reads_per_s, seconds(middle - phases.front().from), *power,
                       rounding_of(step, spread_of(trace.powers_in(Instant{}, Instant::max())))});
    }
    RailRecord rail = phases.front().rails[r];
    rail.readings.clear();
    found.rails.push_back({std::move(rail), sampling_cost(rates)});
  }
  return found;
}

json cost_json(const CostFound& found) {
  json rails = json::array();
  for (const RailCost& one : found.rails) {
    json rail = named(one.rail);
    rail["a_read_j"] = nullptr;
    if (one.cost) {
      rail["a_read_j"] = one.cost->a_read.value();
      rail["a_read_half_width_j"] = one.cost->a_read_half_width.value();
      rail["without_w"] = one.cost->without.value();
      rail["without_half_width_w"] = one.cost->without_half_width.value();
      rail["drift_w"] = one.cost->drift.value();
      rail["drift_half_width_w"] = one.cost->drift_half_width.value();
      rail["is_linear"] = one.cost->is_linear();
    }
    rails.push_back(std::move(rail));
  }
  return {{"fastest_reads_per_s", found.reads_per_s}, {"phases", found.phases}, {"rails", rails}};
}

void print_cost(const CostFound& found, Terminal& terminal) {
  const bool simulated = is_simulated(found.rails.front().rail.channel);
  terminal.out << "What reading the sensor costs" << (simulated ? ", SIMULATED" : "") << ": " << found.phases
               << fmt::format(" stretches at up to {:.0f} reads/s, all rails together; 95 % intervals\n\n",
                              found.reads_per_s);
  TextTable table;
  table.columns = {{"rail"},
                   {"without reads", true},
                   {"a read", true},
                   {"at full rate", true},
                   {"in proportion", false, 1}};
  for (const RailCost& one : found.rails) {
    if (!one.cost) {
      table.rows.push_back(
          {{one.rail.channel.rail, "", "", "", ""}, "not known: it could not be read long enough"});
      table.remark_from = 1;
      continue;
    }
    const SamplingCost& cost = *one.cost;
    table.rows.push_back({{rail_name(one.rail.channel),
                           with_interval(cost.without.value(), cost.without_half_width.value(), 1, "W"),
                           with_interval(cost.a_read.value(), cost.a_read_half_width.value(), 1e6, "uJ"),
                           with_interval(cost.a_read.value() * found.reads_per_s,
                                         cost.a_read_half_width.value() * found.reads_per_s, 1e3, "mW"),
                           cost.is_linear() ? "yes" : "NO: it grows otherwise than the rate"},
                          {}});
  }
  terminal.out << text_table(table, terminal.style)
               << "The cost is in idle power and in what layers draw alike: energies net of idle are free of "
                  "it, gross\n"
                  "ones contain it.\n";
}

json responses_json(const std::vector<RailResponse>& responses) {
  json rails = json::array();
  for (const RailResponse& one : responses) {
    json rail = named(one.rail);
    rail["lag_s"] = nullptr;
    if (one.response) {
      const StepResponse& found = *one.response;
      rail["lag_s"] = seconds(found.lag);
      rail["lag_half_width_s"] = seconds(found.lag_half_width);
      rail["time_constant_s"] = seconds(found.time_constant);
      rail["time_constant_half_width_s"] = seconds(found.time_constant_half_width);
      rail["averages"] = found.averages();
      rail["load_w"] = found.step.value();
      rail["load_half_width_w"] = found.step_half_width.value();
      rail["explained"] = found.explained;
      rail["readings"] = found.readings;
      const auto table = time_constant_of(one.rail.channel);
      rail["table_time_constant_s"] = table ? json(seconds(*table)) : json();
      const auto agreed = agrees(found, one.rail.channel);
      rail["agrees_with_table"] = agreed ? json(*agreed) : json();
    }
    rails.push_back(std::move(rail));
  }
  return rails;
}

void print_responses(const std::vector<RailResponse>& responses, Terminal& terminal) {
  const bool simulated = is_simulated(responses.front().rail.channel);
  terminal.out << "How readings follow a load that goes on and off" << (simulated ? ", SIMULATED" : "")
               << ": 95 % intervals\n\n";
  TextTable table;
  table.columns = {{"rail"},          {"load", true},  {"late by", true},
                   {"average", true}, {"table", true}, {"so the table", false, 1}};
  for (const RailResponse& one : responses) {
    const Channel& channel = one.rail.channel;
    if (!one.response) {
      table.rows.push_back(
          {{channel.rail, "", "", "", "", ""}, "not known: the load does not move it clearly"});
      table.remark_from = 1;
      continue;
    }
    const StepResponse& found = *one.response;
    const auto told = time_constant_of(channel);
    const bool none = channel.meaning == Meaning::energy_total || channel.averaging == 1;
    const auto agreed = agrees(found, channel);
    table.rows.push_back(
        {{rail_name(channel), with_interval(found.step.value(), found.step_half_width.value(), 1, "W"),
          with_interval(in_ms(found.lag), in_ms(found.lag_half_width), 1, "ms"),
          found.averages()
              ? with_interval(in_ms(found.time_constant), in_ms(found.time_constant_half_width), 1, "ms")
              : fmt::format("none above {:.2g} ms",
                            in_ms(found.time_constant + found.time_constant_half_width)),
          told   ? fmt::format("{:.3g} ms", in_ms(*told))
          : none ? "none"
                 : "not known",
          !agreed   ? "says nothing"
          : *agreed ? "is right"
                    : "is CONTRADICTED"},
         {}});
  }
  terminal.out << text_table(table, terminal.style)
               << "Late by: from the moment a reading's power is of to the reading's stamp, beside what the "
                  "average\n"
                  "delays. Method forward finds it anew in every run.\n";
}

json planted_json(const PlantedPlan& plan, const std::vector<PlantedResult>& results) {
  json rails = json::array();
  for (const PlantedResult& one : results) {
    const auto recovered = one.recovered();
    rails.push_back({{"rail", one.rail},
                     {"planted_j", one.planted.value.value()},
                     {"planted_interval_j", interval_json(one.planted)},
                     {"found_j", one.found ? json(one.found->value.value()) : json()},
                     {"found_interval_j", one.found ? interval_json(*one.found) : json()},
                     {"recovered", recovered ? json(*recovered) : json()},
                     {"telling", one.is_telling()}});
  }
  return {{"plant_s", seconds(plan.plant)}, {"inferences", plan.inferences}, {"rails", rails}};
}

void print_planted(const PlantedPlan& plan, const std::vector<PlantedResult>& results, bool simulated,
                   Terminal& terminal) {
  terminal.out << fmt::format(
      "A load of {:.3g} ms planted into {} made-up inferences{}: is its energy found? 95 % intervals\n\n",
      in_ms(plan.plant), plan.inferences, simulated ? ", SIMULATED" : "");
  TextTable table;
  table.columns = {{"rail"}, {"planted, an inference", true}, {"found", true}, {"so it is", false, 1}};
  for (const PlantedResult& one : results)
    table.rows.push_back(
        {{one.rail, in_mj(one.planted), one.found ? in_mj(*one.found) : "not known", verdict_on(one)}, {}});
  terminal.out << text_table(table, terminal.style)
               << "Planted: power of long stretches of the same load x its length. Time is tested with it, "
                  "not the\n"
                  "sensor's gain: for that, `--meter`.\n";
}

}  // namespace layerwatt
