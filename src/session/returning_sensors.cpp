// SPDX-License-Identifier: Apache-2.0
// The search and what it accepts; see returning_sensors.h. A driver that is bound anew sets its chip as it
// likes (drivers/hwmon/ina3221.c resets it), so a rail that is back may mean something else than before.
#include "session/returning_sensors.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "session/thread_cpu_time.h"

namespace layerwatt {

namespace {

// Drivers put "@device" behind a label that two chips share: one of them may be away.
std::string_view label_of(std::string_view rail) { return rail.substr(0, rail.find('@')); }

}  // namespace

std::string set_otherwise(const Channel& before, const Channel& now) {
  const std::pair<bool, const char*> differences[] = {
      {before.meaning != now.meaning || before.origin != now.origin, "meaning"},
      {before.averaging != now.averaging, "averaging"},
      {before.refresh != now.refresh, "refresh"},
      {before.aperture != now.aperture || before.voltage_aperture != now.voltage_aperture, "aperture"},
      {before.tick != now.tick || before.wraps_at != now.wraps_at, "counter"},
      {before.read_on_update != now.read_on_update, "moment of reads"},
      {before.accuracy.shunt != now.accuracy.shunt, "shunt"}};
  std::string text;
  for (const auto& [differs, what] : differences)
    if (differs) text += (text.empty() ? "" : ", ") + std::string{what};
  return text;
}

ReturningSensors::ReturningSensors(const Clock& clock, SamplingLoop& loop, std::optional<Board> board,
                                   std::vector<RailRecord> rails,
                                   std::vector<std::unique_ptr<Sensor>> sensors, LookAgain look_again,
                                   Nanoseconds every)
    : clock_{clock},
      loop_{loop},
      board_{std::move(board)},
      rails_{std::move(rails)},
      sensors_{std::move(sensors)},
      look_again_{std::move(look_again)},
      every_{every} {}

void ReturningSensors::start() {
  if (!look_again_ || thread_.joinable()) return;
  cpu_time_ = {};
  thread_ = std::jthread{[this](const std::stop_token& stop) { watch(stop); }};
}

Nanoseconds ReturningSensors::stop() {
  if (!thread_.joinable()) return {};
  thread_.request_stop();
  thread_.join();
  thread_ = {};
  return cpu_time_;
}

void ReturningSensors::wake() {
  {
    const std::lock_guard lock{mutex_};
    awake_ = true;
  }
  woken_.notify_one();
}

void ReturningSensors::watch(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), "lw-look-again");
  std::unique_lock lock{mutex_};
  while (woken_.wait(lock, stop, [this] { return awake_; })) {
    woken_.wait_for(lock, stop, every_, [] { return false; });
    if (stop.stop_requested()) break;
    awake_ = false;
    lock.unlock();
    const bool away = look();
    lock.lock();
    awake_ = awake_ || away;
  }
  lock.unlock();
  cpu_time_ = thread_cpu_time();
}

// True when rails are still lost.
bool ReturningSensors::look() {
  std::erase_if(sensors_, [this](const auto& sensor) { return !loop_.uses(sensor.get()); });
  const std::vector<std::size_t> lost = loop_.lost();
  if (lost.empty()) return false;
  std::vector<std::unique_ptr<Sensor>> found = look_again_();
  std::size_t back = 0;
  for (const std::size_t rail : lost) back += give_back(rail, found) ? 1 : 0;
  for (auto& sensor : found)
    if (loop_.uses(sensor.get())) sensors_.push_back(std::move(sensor));
  return back < lost.size();
}

bool ReturningSensors::give_back(std::size_t rail, const std::vector<std::unique_ptr<Sensor>>& found) {
  const RailRecord& wanted = rails_[rail];
  for (const auto& sensor : found) {
    if (sensor->device() != wanted.device) continue;
    const std::vector<Channel> channels =
        with_board_facts(board_, wanted.sensor, sensor->device(), sensor->mode(), sensor->channels());
    const auto same = std::find_if(channels.begin(), channels.end(), [&](const Channel& channel) {
      return label_of(channel.rail) == label_of(wanted.channel.rail);
    });
    if (same == channels.end()) continue;
    const std::string how = set_otherwise(wanted.channel, *same);
    if (!how.empty()) {
      say(rail, "it is set otherwise than before (" + how + ")");
    } else if (wanted.channel.meaning == Meaning::energy_total) {
      // What it counted meanwhile is not known, nor from where it counts now.
      say(rail, "a counter that left may have begun anew");
    } else {
      loop_.give_back(rail, {sensor.get(), static_cast<std::size_t>(same - channels.begin())});
      return true;
    }
  }
  return false;
}

std::string ReturningSensors::name_of(std::size_t rail) const {
  const RailRecord& record = rails_[rail];
  return record.channel.rail + (record.device.empty() ? "" : " of " + record.device);
}

void ReturningSensors::say(std::size_t rail, const std::string& why_not) {
  const std::string text = name_of(rail) + " is there again and not read: " + why_not;
  if (!said_.insert(text).second) return;
  const std::lock_guard lock{mutex_};
  events_.push_back({clock_.now(), "sensor_otherwise", text});
}

std::vector<Event> ReturningSensors::take_events() {
  std::vector<Event> events;
  {
    const std::lock_guard lock{mutex_};
    events.swap(events_);
  }
  for (const SamplingLoop::Return& one : loop_.take_returns())
    events.push_back({one.back, "sensor_back",
                      fmt::format("{} is read again, after {:.3g} s without it", name_of(one.rail),
                                  seconds(one.back - one.left))});
  return events;
}

}  // namespace layerwatt
