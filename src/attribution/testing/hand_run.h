// SPDX-License-Identifier: Apache-2.0
// Two inferences and a handful of readings, written down one by one: for tests whose answers are worked out
// by hand. Times are milliseconds. For tests only.
#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "timeline/timeline.h"

namespace layerwatt::testing {

inline Instant at_ms(double ms) { return Instant{from_seconds(ms * 1e-3)}; }

// Each inference: loading for 1 ms, layer 0 for 4 ms, layer 1 for 6 ms, unloading for 1 ms; the second begins
// at 20 ms.
inline Timeline hand_run(int inferences = 2) {
  Timeline timeline;
  timeline.complete = true;
  timeline.layers.resize(2);
  timeline.layers[0].name = "first";
  timeline.layers[1].name = "second";
  for (int i = 0; i < inferences; ++i) {
    const double at = 20.0 * i;
    const auto number = static_cast<std::uint32_t>(i);
    timeline.inferences.push_back(
        {Phase::energy, 0, at_ms(at), at_ms(at + 1), at_ms(at + 11), at_ms(at + 12)});
    timeline.spans.push_back({0, number, at_ms(at + 1), at_ms(at + 5)});
    timeline.spans.push_back({1, number, at_ms(at + 5), at_ms(at + 11)});
  }
  return timeline;
}

struct HandReading {
  double before_ms, after_ms, watts;
};

inline RailRecord hand_rail(const std::vector<HandReading>& readings) {
  RailRecord rail;
  rail.channel.rail = "VDD_IN";
  rail.sensor = "ina3221";
  for (const HandReading& one : readings)
    rail.readings.push_back({at_ms(one.before_ms), at_ms(one.after_ms), Watts{one.watts}});
  return rail;
}

}  // namespace layerwatt::testing
