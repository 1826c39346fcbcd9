// SPDX-License-Identifier: Apache-2.0
// The answer: latency, power and energy of a network and its layers, each with how sure it is. What reports
// are made from; made by attribute() from a Timeline and nothing else.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/units.h"
#include "core/vocabulary.h"
#include "timeline/timeline.h"

namespace layerwatt {

// An estimate with a 95 % interval; without one when none is known or it must be withheld.
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
  Nanoseconds mean{}, minimum{}, quartile1{}, median{}, quartile3{}, percentile99{};
};

struct LayerEnergy {
  Estimate<Joules> energy;     // of one inference, gross
  std::optional<Watts> power;  // energy / duration; empty when the duration is zero or nothing was read
  std::optional<Joules> net;   // minus idle power x duration
  std::size_t readings = 0;    // that fell into this layer
};

struct RailProfile {
  std::string rail, sensor;
  Origin origin = Origin::measured;
  bool is_total = false;
  bool per_layer_interval = true;  // false for `estimate`: the split is an assumption, not a measurement
  Estimate<Watts> idle;            // before and after, pooled; no value (see has_idle) when none was read
  bool has_idle = false;
  Watts idle_before{}, idle_after{};
  Estimate<Joules> inference;  // gross energy of one inference, load to unload, at unmarked latency
  std::optional<Estimate<Joules>> net;
  Watts mean_power;                 // while inferring
  std::vector<LayerEnergy> layers;  // one for each Profile::layers
  Joules gaps{};                    // between layers, loading and unloading, marks included
  Joules unexplained{};             // inference - layers - gaps: > 0 when layers got no readings
  std::size_t readings = 0, missing = 0;
};

struct LayerProfile {
  Layer layer;
  Distribution marked;     // as it ran with marks on
  Nanoseconds duration{};  // mean, rescaled to the unmarked latency: the one reported
  std::size_t runs = 0;
};

struct Profile {
  std::string method;  // "chronological"
  std::map<std::string, std::string> circumstances;
  bool complete = true;
  Origin worst_origin = Origin::measured;  // what the title must say
  std::vector<LayerProfile> layers;
  std::vector<RailProfile> rails;
  Distribution latency_whole;  // start of loading to end of unloading, sampler and marks off
  Distribution latency_compute;
  Distribution marked_whole;  // the same in the energy pass
  Distribution marked_compute;
  Nanoseconds gap_time{};  // unmarked compute - sum of layers, per inference
  Nanoseconds load_time{}, unload_time{};
  double distortion = 0;       // marked compute / unmarked compute - 1; 0 when unknown
  std::size_t inferences = 0;  // in the energy pass
  SamplerRecord sampler;
  MarkerRecord markers;
  std::vector<std::string> notes;  // sentences a reader must know: what is not known, what was odd
};

enum class Residual { end, start, spread };  // where time that no layer's mark covers goes when stacking

struct AttributionOptions {
  std::string method = "chronological";
  bool stacked = false;  // layer times stacked from their means (Holly 2020) instead of marks
  Residual residual = Residual::end;
};

// unsupported: no such method; not_found: the run has no inferences or no readings to work on.
Result<Profile> attribute(const Timeline& timeline, const AttributionOptions& options = {});
std::vector<std::string> attribution_methods();

}  // namespace layerwatt
