// SPDX-License-Identifier: Apache-2.0
// Opening and draining; see bare_sampler.h.
#include "session/bare_sampler.h"

#include <unistd.h>

#include "session/core_share.h"
#include "session/sensor_choice.h"

namespace layerwatt {

Result<std::unique_ptr<Sampler>> open_sampler(const Machine& machine, const BareSampling& what) {
  auto chosen = choose_sensors(machine, {getpid()}, what.sensor);
  if (!chosen) return chosen.error();
  if (chosen->driver->origin != Origin::measured)
    return Error{Errc::not_found, "sensor " + std::string{chosen->driver->name},
                 "does not measure: there is nothing to find out; `layerwatt sensors` lists what there is"};
  SamplerOptions sampling;
  sampling.period = what.period;
  sampling.seed = what.seed;
  sampling.core = sampling_core();
  sampling.rails = what.rails;
  return Sampler::create(machine, std::string{chosen->driver->name}, std::move(chosen->sensors), sampling);
}

void take_into(std::vector<RailRecord>& rails, ReadingSource& source, std::span<const LayerSpan> spans,
               Instant until) {
  const std::vector<ReadingSource::Taken> taken = source.take(spans, until);
  for (std::size_t i = 0; i < taken.size(); ++i) {
    rails[i].readings.insert(rails[i].readings.end(), taken[i].readings.begin(), taken[i].readings.end());
    rails[i].gaps.insert(rails[i].gaps.end(), taken[i].gaps.begin(), taken[i].gaps.end());
  }
}

}  // namespace layerwatt
