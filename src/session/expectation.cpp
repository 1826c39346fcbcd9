// SPDX-License-Identifier: Apache-2.0
// Figures of bench/accuracy as docs/forward.md has them; a test holds the two together.
#include "session/expectation.h"

#include <fmt/format.h>

namespace layerwatt {

namespace {

using namespace std::chrono_literals;

constexpr double inference_s = 0.017;

// In order: the first that fits.
struct Simulated {
  const char* name;
  bool (*is_like)(const Channel&);
  std::optional<double> inferences;
};

bool is_averaged(const Channel& channel) { return channel.averaging.value_or(1) > 1; }
bool renewed_within(const Channel& channel, Nanoseconds time) {
  return channel.refresh && *channel.refresh <= time;
}
bool is_fine(const Channel& channel) { return !channel.quantum || channel.quantum->value() <= 0.05; }

const Simulated simulated[]{
    {"sensor rapl, N=3000",
     [](const Channel& c) { return c.meaning == Meaning::energy_total && renewed_within(c, 2ms); }, 38000},
    {"sensor nvml, N=300", [](const Channel& c) { return c.refresh && *c.refresh >= 20ms; }, {}},
    {"sensor triggered, N=3000",
     [](const Channel& c) { return c.meaning == Meaning::power_now && c.aperture && !c.refresh; }, 3300},
    {"nano, not averaged, polled each 0.3 ms, N=3000",
     [](const Channel& c) { return c.averaging && !is_averaged(c) && renewed_within(c, 1ms) && is_fine(c); },
     750},
    {"varied, N=3000",
     [](const Channel& c) { return c.averaging && !is_averaged(c) && renewed_within(c, 2ms); }, 7100},
    {"sensor hwmon-reset, N=3000",
     [](const Channel& c) { return c.averaging && !is_averaged(c) && renewed_within(c, 7ms); }, 150000},
    {"sensor nano, N=3000",
     [](const Channel& c) {
       return is_averaged(c) && c.refresh && *c.refresh * *c.averaging <= 60ms && is_fine(c);
     },
     33000},
    {"sensor tx2, N=3000", [](const Channel& c) { return is_averaged(c) && c.refresh.has_value(); }, {}},
};

std::string in_words(double s) {
  return s < 120    ? fmt::format("{:.0f} s", s)
         : s < 7200 ? fmt::format("{:.0f} min", s / 60)
                    : fmt::format("{:.0f} h", s / 3600);
}

}  // namespace

std::optional<Expectation> expectation_for(const Channel& channel) {
  for (const Simulated& one : simulated)
    if (one.is_like(channel)) return Expectation{one.name, one.inferences};
  return std::nullopt;
}

std::string describe(const Expectation& expectation) {
  if (!expectation.inferences)
    return "layers of about 0.3 ms cannot be told apart by it, only longer parts or the whole (SIMULATED)";
  return fmt::format(
      "95 % of layers to 5 %: about {:.0f} inferences, {}, of a network of 65 layers and 17 ms (SIMULATED)",
      *expectation.inferences, in_words(*expectation.inferences * inference_s));
}

}  // namespace layerwatt
