// SPDX-License-Identifier: Apache-2.0
// Read times: a shortest one that the bus sets, and an exponential rest for what else the kernel does.
#include "simulation/read_plan.h"

#include <algorithm>
#include <cmath>

namespace layerwatt::simulation {

namespace {

constexpr Moment between_reads{1'500};  // from one return to the next call

}  // namespace

ReadPlan::ReadPlan(const ReadSettings& settings, Random random) : settings_{settings}, random_{random} {}

PlannedRead ReadPlan::next() {
  Moment begin = free_ + between_reads;
  if (channel_ == 0 && settings_.period.count() > 0) {
    const double passed = std::floor(free_ / settings_.period);
    if (static_cast<double>(tick_) <= passed && free_.count() > 0)
      tick_ = static_cast<std::uint64_t>(passed) + 1;
    begin = static_cast<double>(tick_) * settings_.period + settings_.lateness * random_.exponential();
    begin = std::max(begin, free_ + between_reads);
    ++tick_;
  }
  const Moment extra = (settings_.mean - settings_.shortest) * random_.exponential();
  const Moment length = std::min(settings_.shortest + extra, settings_.longest);
  PlannedRead read{channel_, begin, begin + shunt_fetched * length, begin + bus_fetched * length,
                   begin + length};
  free_ = read.after;
  channel_ = (channel_ + 1) % settings_.channels;
  return read;
}

}  // namespace layerwatt::simulation
