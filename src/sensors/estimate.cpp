// SPDX-License-Identifier: Apache-2.0
// No sensor: energy computed from the CPU time of the process that runs the network. It tells networks and
// layers apart by CPU time and by nothing else, so every use of it says ESTIMATED.
//
// The curve is a line: energy above idle = 2.76 W x CPU time. 2.76 W is 3.5 W - 0.74 W, the mean power of one
// hardware thread at full load and at idle over server processors (Sandy Bridge to EPYC 2), which the Cloud
// Carbon Footprint methodology derives from SPECpower_ssj2008 results (its AWS constants MAX_WATTS_AVG and
// MIN_WATTS_AVG). Assumed: power rises in proportion to load, at any clock, whatever the instructions do,
// and a thread that waits costs nothing. Single processors in that table lie between 1.2 W and 6.4 W.
// A clock rate, a GPU, memory and idle power are not in it.
#include "sensors/sensor.h"

namespace layerwatt {

namespace {

constexpr Watts busy_thread{3.5 - 0.74};

Channel estimate_channel() {
  Channel channel;
  channel.rail = "cpu_estimate";
  channel.meaning = Meaning::energy_total;
  channel.origin = Origin::estimated;
  channel.tick = busy_thread * Nanoseconds{1};
  return channel;
}

class Estimate final : public Sensor {
 public:
  Estimate(const Machine& machine, std::optional<int> process)
      : clock_{machine.clock()}, process_{process}, channel_{estimate_channel()} {}
  [[nodiscard]] std::string device() const override { return {}; }
  [[nodiscard]] std::span<const Channel> channels() const override { return {&channel_, 1}; }
  [[nodiscard]] std::map<std::string, std::string> mode() const override {
    return {
        {"curve", "2.76 W x CPU time of the workload, above idle; idle power is not estimated"},
        {"curve_source", "Cloud Carbon Footprint: 3.5 W - 0.74 W a hardware thread, from SPECpower_ssj2008"}};
  }
  Result<Value> read(std::size_t) override {
    if (!process_)
      return Error{Errc::unsupported, "estimate", "needs a workload: it counts the CPU time of a process"};
    const auto used = clock_.cpu_time(*process_);
    // A process that ends between the two system calls behind cpu_time() answers EINVAL.
    if (!used)
      return used.error().code == Errc::io ? Error{Errc::gone, used.error().where, used.error().detail}
                                           : used.error();
    return Value{busy_thread * *used};
  }

 private:
  const Clock& clock_;
  std::optional<int> process_;
  Channel channel_;
};

Found probe(const Machine& machine, const Workload& workload) {
  Found found;
  found.sensors.push_back(std::make_unique<Estimate>(machine, workload.process));
  return found;
}

}  // namespace

extern const SensorDriver estimate_driver;
const SensorDriver estimate_driver{"estimate", "ESTIMATED from the CPU time of the network's process",
                                   Origin::estimated, probe};

}  // namespace layerwatt
