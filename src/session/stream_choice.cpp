// SPDX-License-Identifier: Apache-2.0
// See stream_choice.h.
#include "session/stream_choice.h"

#include <algorithm>

namespace layerwatt {

const StreamDriver* stream_driver_named(std::string_view name) {
  for (const StreamDriver* driver : stream_drivers())
    if (driver->name == name) return driver;
  return nullptr;
}

Result<SensorRequest> parse_sensor_request(const Machine& machine, const std::string& text,
                                           Nanoseconds period) {
  SensorRequest request;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t to = std::min(text.find(',', from), text.size());
    const std::string one = text.substr(from, to - from);
    from = to + 1;
    const std::size_t colon = std::min(one.find(':'), one.size());
    const StreamDriver* driver = stream_driver_named(one.substr(0, colon));
    if (driver == nullptr) {
      request.names += (request.sensors ? "," : "") + one;
      request.sensors = true;
      continue;
    }
    if (machine.is_recorded())
      return Error{Errc::unsupported, "sensor " + one, "a recorded machine has no streams"};
    if (!driver->live)
      return Error{Errc::unsupported, "sensor " + one,
                   "is a file made after the recording; layerwatt import " + std::string{driver->name} +
                       " FILE says what is in it"};
    auto plan = driver->plan(
        colon < one.size() ? std::string_view{one}.substr(colon + 1) : std::string_view{}, period);
    if (!plan) return plan.error();
    request.streams.push_back({driver, std::move(*plan)});
  }
  return request;
}

}  // namespace layerwatt
