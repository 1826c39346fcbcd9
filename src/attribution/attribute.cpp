// SPDX-License-Identifier: Apache-2.0
// The table of methods, and the way from a Timeline to a Profile that all of them share. A new method is one
// function and one line in `methods`.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "attribution/alone.h"
#include "attribution/calibrated_rail.h"
#include "attribution/chronological.h"
#include "attribution/chronological_lag.h"
#include "attribution/chronological_stacking.h"
#include "attribution/distributions.h"
#include "attribution/forward_method.h"
#include "attribution/notes.h"
#include "attribution/overlap_mean.h"
#include "attribution/profile.h"
#include "attribution/rail_profile.h"
#include "attribution/right_answers.h"
#include "attribution/roll_up.h"
#include "attribution/time_proportional.h"
#include "attribution/uncertainty.h"
#include "core/circumstances.h"

namespace layerwatt {

namespace {

// What a method needs for one run; gives the function that is then asked rail by rail.
using Method = FindPowers (*)(const RunView& run, const AttributionOptions& options);

// Where the methods after the papers take layers to have run: where their marks say, or stacked.
class Placement {
 public:
  Placement(const RunView& run, const AttributionOptions& options)
      : execution_{run.execution}, layers_{run.timeline.layers.size()} {
    if (options.stacked) stacked_ = stacked_segments(run.execution, run.marked, options.residual);
  }
  [[nodiscard]] const Execution& execution() const { return execution_; }
  [[nodiscard]] const Segments& segments() const { return stacked_ ? *stacked_ : execution_.segments; }
  [[nodiscard]] std::size_t layers() const { return layers_; }

 private:
  const Execution& execution_;
  std::size_t layers_;
  std::optional<Segments> stacked_;
};

FindPowers chronological(const RunView& run, const AttributionOptions& options) {
  return [at = Placement{run, options}](const RailRecord& rail, const PowerTrace& trace, Watts) {
    return map_chronologically(rail, trace, at.execution(), at.segments(), at.layers());
  };
}

FindPowers chronological_lag(const RunView& run, const AttributionOptions& options) {
  return [find_lag = fitted_lags_us(run), at = Placement{run, options}](const RailRecord& rail,
                                                                        const PowerTrace& trace, Watts) {
    LayerPowers powers;
    powers.layers.resize(at.layers());
    const std::string name = rail.channel.rail + ": ";
    const auto lag_us = find_lag(rail);
    if (!lag_us) {
      powers.notes = {name +
                      "too few readings to fit the sensor's lag, without which layers cannot be found."};
      return powers;
    }
    const auto windows = windows_before(rail, trace, from_seconds(*lag_us * 1e-6));
    powers = map_chronologically(windows, at.execution(), at.segments(), at.layers(), rail.channel.quantum);
    powers.notes = {name + fmt::format("readings are put back by {:.2f} ms, as fitted.", *lag_us * 1e-3)};
    return powers;
  };
}

FindPowers overlap_mean(const RunView& run, const AttributionOptions& options) {
  return [at = Placement{run, options}](const RailRecord& rail, const PowerTrace& trace, Watts) {
    return mean_by_overlap(sensor_windows(rail, trace), at.execution(), at.segments(), at.layers());
  };
}

FindPowers by_time(const RunView& run, const AttributionOptions&) {
  return [layers = run.timeline.layers.size()](const RailRecord&, const PowerTrace&, Watts mean) {
    return time_proportional(layers, mean);
  };
}

struct NamedMethod {
  const char* name;
  Method method;
  Moments moments = Moments::owned;
};
constexpr std::array<NamedMethod, 5> methods{{{"forward", forward_method, Moments::shared},
                                              {"chronological", chronological},
                                              {"chronological-lag", chronological_lag},
                                              {"overlap-mean", overlap_mean},
                                              {"time-proportional", by_time}}};

template <class Length>
Distribution distribution(const std::vector<Inference>& inferences, Length length) {
  return distribution_of([&](auto use) {
    for (const Inference& inference : inferences)
      if (!use(length(inference))) return;
  });
}

// Of inferences; empty for fewer than two.
std::optional<Nanoseconds> deviation(const std::vector<Inference>& inferences, Nanoseconds mean) {
  if (inferences.size() < 2) return std::nullopt;
  double squares = 0;
  for (const Inference& one : inferences) squares += std::pow(seconds(whole(one) - mean), 2);
  return from_seconds(std::sqrt(squares / static_cast<double>(inferences.size() - 1)));
}

void set_latencies(const Execution& execution, Profile& profile) {
  profile.latency_whole = distribution(execution.latencies(), whole);
  profile.latency_deviation = deviation(execution.latencies(), profile.latency_whole.mean);
  profile.latency_compute = distribution(execution.latencies(), compute);
  profile.marked_whole = distribution(execution.inferences(), whole);
  profile.marked_compute = distribution(execution.inferences(), compute);
  const Nanoseconds with = profile.marked_compute.median, without = profile.latency_compute.median;
  if (profile.marked_compute.count > 0 && without > Nanoseconds{0})
    profile.distortion = seconds(with) / seconds(without) - 1;
}

std::vector<Distribution> runs_by_layer(const Timeline& timeline, const Execution& execution) {
  return distributions_of(timeline.layers.size(), execution.runs().size(), [&](auto use) {
    for (const Segment run : execution.runs()) use(run.layer, run.end - run.begin);
  });
}

void set_layers(const Timeline& timeline, const std::vector<Distribution>& runs, const InferenceTimes& times,
                const RollUp& roll_up, Profile& profile) {
  for (std::size_t l = 0; l < timeline.layers.size(); ++l) {
    LayerProfile layer;
    layer.layer = timeline.layers[l];
    layer.runs = runs[l].count;
    layer.marked = runs[l];
    layer.duration = times.layers[l];
    layer.group = roll_up.group_of(layer.layer);
    profile.layers.push_back(std::move(layer));
  }
  profile.inference_time = times.whole();
  profile.load_time = times.load;
  profile.unload_time = times.unload;
  profile.gap_time = times.gap;
}

std::optional<RailResult> profile_calibrated(const RailRecord& record, const RunView& run,
                                             const FindPowers& find) {
  auto found = profile_rail(corrected(record), run, find);
  if (found) found->profile.calibration = record.calibration;
  return found;
}

void set_rails(const RunView& run, const FindPowers& find, const AttributionOptions& options,
               Profile& profile, NoteFacts& facts) {
  for (const RailRecord& record : run.timeline.rails) {
    profile.worst_origin = std::max(profile.worst_origin, record.channel.origin);
    auto found = options.calibrated && can_be_corrected(record) ? profile_calibrated(record, run, find)
                                                                : profile_rail(record, run, find);
    if (!found) {
      facts.rails_left_out.push_back(record.channel.rail);
      continue;
    }
    if (!found->idle_settled) facts.rails_idle_unsettled.push_back(record.channel.rail);
    found->profile.supply_loss = record.supply_loss;
    profile.pause_share = std::max(profile.pause_share, found->pause_share);
    profile.notes.insert(profile.notes.end(), found->notes.begin(), found->notes.end());
    profile.rails.push_back(std::move(found->profile));
  }
}

// What whoever attributes knows better than the board's file.
void assume_tolerance(double tolerance, Profile& profile) {
  for (RailProfile& rail : profile.rails) {
    if (!rail.accuracy.shunt) continue;
    rail.accuracy.shunt_tolerance = tolerance;
    rail.accuracy.source += "; tolerance of the shunt: assumed";
  }
}

}  // namespace

std::vector<std::string> attribution_methods() {
  std::vector<std::string> names;
  for (const NamedMethod& method : methods) names.emplace_back(method.name);
  return names;
}

const char* name_of(Residual residual) {
  return residual == Residual::end ? "end" : residual == Residual::start ? "start" : "spread";
}

std::size_t headline_rail(const Profile& profile) {
  for (std::size_t i = 0; i < profile.rails.size(); ++i)
    if (profile.rails[i].is_total) return i;
  return 0;
}

namespace {

Error unknown_method(const std::string& name) {
  std::string known;
  for (const NamedMethod& method : methods) known += std::string{known.empty() ? "" : ", "} + method.name;
  return {Errc::unsupported, "method " + name, "there is: " + known};
}

}  // namespace

Result<Profile> attribute(const Timeline& timeline, const AttributionOptions& options) {
  const auto method = std::find_if(methods.begin(), methods.end(),
                                   [&](const NamedMethod& one) { return options.method == one.name; });
  if (method == methods.end()) return unknown_method(options.method);
  const auto roll_up = RollUp::by(options.roll_up);
  if (!roll_up) return roll_up.error();
  const Execution execution = execution_of(timeline);
  if (execution.energy.empty() && execution.latency.empty())
    return Error{Errc::not_found, "run",
                 "it ended before its first measured inference: nothing to attribute"};
  const std::vector<Distribution> runs = runs_by_layer(timeline, execution);
  const InferenceTimes marked = marked_times(execution, timeline.layers.size(), method->moments, runs);
  const InferenceTimes unmarked = unmarked_times(marked, execution.latency);

  Profile profile;
  profile.method = options.method;
  profile.mark_bias = options.mark_bias;
  if (options.stacked) profile.stacked = options.residual;
  profile.circumstances = timeline.circumstances;
  profile.complete = timeline.complete;
  profile.sampler = timeline.sampler;
  profile.markers = timeline.markers;
  profile.inferences = execution.energy.size();
  profile.blocks = execution.blocks.size();
  profile.in_flight = execution.in_flight;
  profile.batch = counted(timeline.circumstances, "batch");
  set_latencies(execution, profile);
  set_layers(timeline, runs, unmarked, *roll_up, profile);
  profile.roll_up = options.roll_up;
  profile.alone = alone_part(profile.layers, timeline.circumstances);
  std::vector<std::string> groups;
  for (const LayerProfile& layer : profile.layers) groups.push_back(layer.group);
  const bool by_module = options.roll_up == "module";
  const RunView run{timeline,
                    execution,
                    marked,
                    unmarked,
                    by_module ? std::span<const std::string>{} : groups,
                    profile.alone ? &*profile.alone : nullptr};
  NoteFacts facts{timeline, execution, {}, {}, method->moments};
  set_rails(run, method->method(run, options), options, profile, facts);
  if (options.shunt_tolerance) assume_tolerance(*options.shunt_tolerance, profile);
  if (const auto assessed = assess_uncertainty(profile); !assessed) return assessed.error();
  assess_answers(profile);
  const std::vector<std::string> general = notes_on(profile, facts);
  profile.notes.insert(profile.notes.begin(), general.begin(), general.end());
  return profile;
}

}  // namespace layerwatt
