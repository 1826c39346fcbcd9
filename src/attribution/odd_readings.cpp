// SPDX-License-Identifier: Apache-2.0
// The checks one by one; see odd_readings.h. docs/attribution.md, "Bad input", lists what is said of what.
#include "attribution/odd_readings.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "attribution/notes.h"
#include "attribution/plausible.h"

namespace layerwatt {

namespace {

using namespace std::chrono_literals;

// While inferences went on, a longer silence that the sampler knows nothing of is more likely a clock that
// was set than a thread that was starved.
constexpr Nanoseconds longest_stall = 500ms;
constexpr double notable_holes = 0.01;  // of the energy pass
constexpr std::size_t few_readings = 20, long_run = 100;
constexpr double unlikely_run = 50;      // times the mean one: e^-50 where readings repeat at random
constexpr std::size_t clear_values = 8;  // a coarse or averaging sensor with fewer may stand still honestly

class Check {
 public:
  Check(const RailRecord& rail, const PowerTrace& trace, const Execution& execution,
        const SamplerRecord& sampler)
      : rail_{rail}, trace_{trace}, sampler_{sampler} {
    if (execution.energy.empty()) return;
    from_ = execution.energy.front().load_begin;
    to_ = execution.energy.back().unload_end;
  }
  OddReadings all() {
    left_out();
    set_back();
    holes();
    if (rail_.channel.origin != Origin::estimated) stuck();
    return std::move(odd_);
  }

 private:
  template <class... Values>
  void say(fmt::format_string<Values...> text, Values&&... values) {
    odd_.notes.push_back(rail_.channel.rail + ": " + fmt::format(text, std::forward<Values>(values)...));
  }
  void left_out();
  void set_back();
  void holes();
  void stuck();
  template <class Use>
  void each_power(Use use) const;

  const RailRecord& rail_;
  const PowerTrace& trace_;
  const SamplerRecord& sampler_;
  Instant from_, to_;  // of the energy pass
  OddReadings odd_;
};

void Check::left_out() {
  if (trace_.discarded() == 0) return;
  say("{} of {} readings were left out: no number, of another kind, or not later than the one before.",
      trace_.discarded(), rail_.readings.size());
}

void Check::set_back() {
  if (trace_.set_back() < longest_stall) return;
  say("stamps of readings went back by {}: a clock was set. Whether readings and marks still belong together "
      "is not known, so layers have no intervals.",
      milliseconds(trace_.set_back()));
  odd_.withholds_intervals = true;
}

void Check::holes() {
  const Nanoseconds hole = trace_.hole();
  if (trace_.longest_step() <= hole) return;
  Nanoseconds unread{}, longest{}, unexplained{};
  auto gap = rail_.gaps.begin();
  for (std::size_t i = 1; i < trace_.size(); ++i) {
    const Instant before = trace_.moment(i - 1), after = trace_.moment(i);
    const Instant begin = std::max(before, from_), end = std::min(after, to_);
    if (after - before <= hole || end <= begin) continue;
    while (gap != rail_.gaps.end() && gap->to <= begin) ++gap;
    const bool recorded = gap != rail_.gaps.end() && gap->from < end;
    if (recorded && is_wanted(*gap)) continue;
    unread += end - begin;
    longest = std::max(longest, end - begin);
    if (!recorded) unexplained = std::max(unexplained, end - begin);
  }
  if (seconds(unread) > notable_holes * seconds(to_ - from_))
    say("{:.2g} % of the energy pass was not read, {} at the longest.",
        100 * seconds(unread) / seconds(to_ - from_), milliseconds(longest));
  const double missed = static_cast<double>(sampler_.missed_ticks) * seconds(sampler_.period);
  if (unexplained < longest_stall || missed >= seconds(unexplained)) return;
  say("nothing was read for {} while inferences ran, and no reason was recorded: a clock may have been set. "
      "Whether readings and marks still belong together is not known, so layers have no intervals.",
      milliseconds(unexplained));
  odd_.withholds_intervals = true;
}

// In the energy pass: readings, or the mean powers between changes of a counter.
template <class Use>
void Check::each_power(Use use) const {
  const std::size_t first = trace_.first_from(from_), last = std::max(first, trace_.first_from(to_));
  if (trace_.meaning() == Meaning::power_now) {
    for (std::size_t i = first; i < last; ++i) use(trace_.power(i));
    return;
  }
  for (std::size_t i = first; i < last && i + 1 < trace_.size(); ++i)
    if (const auto power = trace_.stretch_power(i)) use(*power);
}

void Check::stuck() {
  std::size_t count = 0, runs = 0, run = 0, longest = 0;
  Watts last, of_longest;
  each_power([&](Watts power) {
    const bool again = count > 0 && power == last;
    run = run * static_cast<std::size_t>(again) + 1;  // no branch: nobody can foretell it
    runs += static_cast<std::size_t>(!again);
    ++count;
    last = power;
    if (run <= longest) return;
    longest = run;
    of_longest = power;
  });
  if (count < few_readings) return;
  if (runs == 1) {
    say("all {} readings of the energy pass are {:.4g} W: the sensor is stuck, or its step is too coarse to "
        "see this network. They tell nothing about layers.",
        count, of_longest.value());
    odd_.withholds_intervals = true;
    return;
  }
  const double mean_run = static_cast<double>(count - longest) / static_cast<double>(runs - 1);
  if (longest < long_run || static_cast<double>(longest) < unlikely_run * mean_run) return;
  std::set<Watts> values;
  each_power([&](Watts power) { values.insert(power); });
  if (values.size() < clear_values) return;
  say("{} readings in a row are {:.4g} W: the sensor was stuck for a while. What it showed then is in the "
      "result.",
      longest, of_longest.value());
}

}  // namespace

OddReadings odd_readings(const RailRecord& rail, const PowerTrace& trace, const Execution& execution,
                         const SamplerRecord& sampler) {
  return Check{rail, trace, execution, sampler}.all();
}

}  // namespace layerwatt
