// SPDX-License-Identifier: Apache-2.0
// The answer: latency, power and energy of a network and its layers, each with how sure it is. What reports
// are made from; made by attribute() from a Timeline and nothing else.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "attribution/layer_powers.h"
#include "attribution/uncertainty_budget.h"
#include "core/circumstances.h"
#include "core/result.h"
#include "core/units.h"
#include "core/vocabulary.h"
#include "timeline/timeline.h"

namespace layerwatt {

// An estimate with a 95 % interval; without one when none is known or it must be withheld. This is the
// relative interval: statistics and timing, for comparing layers and settings. What the sensor does wrong in
// all readings alike is only in the absolute ones, beside it: docs/uncertainty.md.
template <class Unit>
struct Estimate {
  Unit value{};
  struct Interval {
    Unit low{}, high{};
  };
  std::optional<Interval> interval;
};

struct Distribution {
  std::size_t count = 0;
  Nanoseconds mean{}, minimum{}, quartile1{}, median{}, quartile3{}, percentile99{}, sum{};
};

struct LayerEnergy {
  std::optional<Estimate<Joules>>
      energy;  // of one inference, gross; empty when nothing was read in the layer
  std::optional<Estimate<Joules>::Interval> absolute;  // of energy, k = 2; empty when withheld
  std::optional<Watts> power;                          // energy / duration; empty with it
  std::optional<Joules> net;  // minus idle power x duration; empty without energy or idle
  std::size_t readings = 0;   // that fell into this layer
};

// Layers that belong together: a module of the network, or a layer with those it contains.
struct ModuleEnergy {
  std::string name;
  std::vector<std::size_t> layers;         // of Profile::layers, ascending; a layer may be in several modules
  std::optional<Estimate<Joules>> energy;  // of one inference, gross; empty when that of a layer is not known
};

// Of layers that run alone, of one inference, gross; each empty when that of a layer is not known.
struct AloneEnergy {
  std::optional<Estimate<Joules>> layers, reformat;
};

// What one rail says. Rails that were not read while inferring have no profile; a note names them.
struct RailProfile {
  std::string rail, sensor;
  Origin origin = Origin::measured;
  bool is_total = false;
  bool per_layer_interval = true;       // false for `estimate`: the split is an assumption
  std::optional<Estimate<Watts>> idle;  // before and after, pooled
  std::optional<Watts> idle_before, idle_after;
  Estimate<Joules> inference;           // gross energy of one inference, load to unload, at unmarked latency
  std::optional<Estimate<Joules>> net;  // minus idle power x latency
  std::optional<Estimate<Joules>::Interval> inference_absolute, net_absolute;  // k = 2; empty when withheld
  Accuracy accuracy;                           // of the sensor, as known or assumed
  std::optional<RailCalibration> calibration;  // that all powers here were corrected by
  std::optional<SupplyLoss> supply_loss;       // known, and in no power here
  UncertaintyBudget uncertainty;      // what the absolute intervals are made of, or why there are none
  Nanoseconds pause{};                // between inferences, for each of them: booked at idle power
  Watts mean_power;                   // while inferring
  std::vector<LayerEnergy> layers;    // one for each Profile::layers
  std::vector<ModuleEnergy> modules;  // empty when the network names none
  std::optional<AloneEnergy> alone;   // with Profile::alone
  Joules gaps{};                      // loading, unloading and between layers
  Joules unexplained{};               // inference - layers - gaps; of layers without readings, and bias
  std::vector<JoinedLayers> joined;   // layers that only their sum is known of
  std::optional<SensorFit> fit;       // of methods that model the sensor
  std::size_t gap_readings = 0;       // that fell between layers
  std::size_t readings = 0;           // used, in the whole run
  std::size_t missing = 0;            // did not come, or could not be a power
  std::optional<Nanoseconds> period;  // median time between readings
  std::optional<Nanoseconds> time_constant;  // of the sensor's exponential average
};

struct LayerProfile {
  Layer layer;
  Distribution marked;     // one execution, as it ran with marks on
  Nanoseconds duration{};  // mean time in one inference, rescaled to the unmarked latency: the one reported
  std::size_t runs = 0;
  std::string group;  // in which it is added up; empty: in none
};

// Of a network that is a part of another, or a layer by itself: its layers, and what the engine put in to
// reorder values in memory, which is no part of them. Indices are those of Profile::layers.
struct AlonePart {
  std::string what;  // as the file says: "conv1", "conv1 to pool2"
  std::vector<std::size_t> layers, reformat;
  Nanoseconds time{}, reformat_time{};  // in one inference, at the unmarked latency
};

// A share of pictures, with its 95 % interval.
struct Share {
  std::uint64_t right = 0;
  double value = 0, low = 0, high = 0;
};

// Of a classifier that was asked about labelled pictures: right_answers.h.
struct RightAnswers {
  std::uint64_t pictures = 0, classes = 0;
  std::uint64_t not_finite = 0;  // answers with an infinity or a NaN in them: wrong
  Share top1;
  std::optional<Share> top5;                                 // empty up to five classes
  std::string rail;                                          // that energies are of; empty: none was read
  std::optional<Estimate<Joules>> energy;                    // of one picture, gross
  std::optional<Estimate<Joules>> right_energy;              // energy / top1; empty when nothing is right
  std::optional<Estimate<Joules>::Interval> right_absolute;  // k = 2; empty when withheld
};

enum class Residual { end, start, spread };  // where time that no layer's mark covers goes when stacking
const char* name_of(Residual residual);      // "end", "start", "spread"

struct Profile {
  std::string method;               // "chronological"
  std::optional<Residual> stacked;  // layers were placed by their mean times; empty: by their marks
  Nanoseconds mark_bias{};          // that intervals of method forward allow for, as in the options
  std::string roll_up = "module";   // how layers are added up, as in the options
  Circumstances circumstances;
  bool complete = true;
  Origin worst_origin = Origin::measured;  // what the title must say
  std::vector<LayerProfile> layers;
  std::optional<AlonePart> alone;  // empty: a network as a whole
  std::vector<RailProfile> rails;  // empty when the run ended before its energy pass
  Distribution latency_whole;      // start of loading to end of unloading, sampler and marks off
  std::optional<Nanoseconds> latency_deviation;  // standard, of latency_whole
  Distribution latency_compute;
  Distribution marked_whole;  // the same in the energy pass
  Distribution marked_compute;
  // The mean inference that energies belong to: loading, layers, gaps between them, unloading. At the
  // unmarked latency when there was a latency pass.
  Nanoseconds inference_time{}, load_time{}, unload_time{};
  Nanoseconds gap_time{};               // compute - sum of layers
  std::optional<double> distortion;     // median marked compute / median unmarked compute - 1
  double pause_share = 0;               // of the energy pass between inferences, booked at idle power
  std::int64_t batch = 1;               // inputs of an inference
  std::uint32_t in_flight = 1;          // inferences at the same time; then inference_time is time for each
  std::size_t inferences = 0;           // in the energy pass
  std::size_t blocks = 0;               // of the energy pass
  std::optional<RightAnswers> answers;  // of the accuracy pass; empty: there was none
  SamplerRecord sampler;
  MarkerRecord markers;
  std::vector<std::string> notes;  // sentences a reader must know: what is not known, what was odd
};

// Several inputs at the same time, in one tensor or in flight: figures are shown for one input, too.
inline bool is_batched(const Profile& profile) { return profile.batch > 1 || profile.in_flight > 1; }
// What one inference, or a layer of it, takes, for one of its inputs. With several inferences in flight it is
// a share of what all of them took already.
inline Nanoseconds per_input(const Profile& profile, Nanoseconds time) {
  return from_seconds(seconds(time) / static_cast<double>(profile.batch));
}
inline Joules per_input(const Profile& profile, Joules energy) {
  return energy / static_cast<double>(profile.batch);
}
// Wall time: with several inferences in flight shorter than the latency.
inline Nanoseconds time_per_input(const Profile& profile) {
  return per_input(profile, profile.inference_time);
}
// Precondition: an inference takes time.
inline double inputs_per_second(const Profile& profile) {
  return static_cast<double>(profile.batch) / seconds(profile.inference_time);
}
inline Estimate<Joules> energy_per_input(const Profile& profile, const RailProfile& rail) {
  Estimate<Joules> each{per_input(profile, rail.inference.value), std::nullopt};
  if (const auto& of = rail.inference.interval)
    each.interval = {per_input(profile, of->low), per_input(profile, of->high)};
  return each;
}

// The rail that a table shows when it can show one: the first total, else the first. Rails are never added
// up, because nothing says that they do not contain each other. Precondition: there are rails.
std::size_t headline_rail(const Profile& profile);

struct AttributionOptions {
  std::string method = "forward";
  bool stacked = false;  // layer times stacked from their means (Holly 2020) instead of marks
  Residual residual = Residual::end;
  // Constant error of each mark that intervals allow for, standard deviation; zero only where it was measured
  // to be none. Method forward.
  Nanoseconds mark_bias{1000};
  std::optional<double> shunt_tolerance;  // relative; of every shunt, in place of what the run file says
  std::string roll_up = "module";         // how layers are added up: roll_up.h
  bool calibrated = true;                 // readings are corrected by the calibration that the run file holds
};

// unsupported: no such method; not_found: the run has no inferences to work on.
Result<Profile> attribute(const Timeline& timeline, const AttributionOptions& options = {});
std::vector<std::string> attribution_methods();

}  // namespace layerwatt
