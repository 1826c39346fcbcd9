// SPDX-License-Identifier: Apache-2.0
// Sensors that left during a run, as when a driver is unbound or a cable pulled: they are looked for in a
// thread apart from the one that samples, and those that are back are given to it. A rail is known again by
// its device and label, not by the number of an hwmon folder. Does not read rails that were never lost.
#pragma once
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "boards/board.h"
#include "session/sampling_loop.h"
#include "timeline/timeline.h"

namespace layerwatt {

// What the driver finds now. Empty: what left is not looked for.
using LookAgain = std::function<std::vector<std::unique_ptr<Sensor>>()>;

// How the channel is otherwise than it was, in words: "averaging, refresh". Empty when its readings mean the
// same; what follows from the voltage of the moment, and from which other rails there are, does not count.
std::string set_otherwise(const Channel& before, const Channel& now);

class ReturningSensors {
 public:
  // `rails` as `loop` has them; `sensors` are those it reads.
  ReturningSensors(const Clock& clock, SamplingLoop& loop, std::optional<Board> board,
                   std::vector<RailRecord> rails, std::vector<std::unique_ptr<Sensor>> sensors,
                   LookAgain look_again, Nanoseconds every);
  ~ReturningSensors() { stop(); }
  ReturningSensors(const ReturningSensors&) = delete;
  ReturningSensors& operator=(const ReturningSensors&) = delete;

  void start();        // the thread sleeps until wake()
  Nanoseconds stop();  // the thread has ended when it returns; what it cost since start()
  void wake();         // a rail was lost
  // What happened since the last call: rails that are read again, and those that are there but are not.
  std::vector<Event> take_events();

 private:
  void watch(const std::stop_token& stop);
  bool look();
  bool give_back(std::size_t rail, const std::vector<std::unique_ptr<Sensor>>& found);
  void say(std::size_t rail, const std::string& why_not);
  [[nodiscard]] std::string name_of(std::size_t rail) const;

  const Clock& clock_;
  SamplingLoop& loop_;
  std::optional<Board> board_;
  std::vector<RailRecord> rails_;
  std::vector<std::unique_ptr<Sensor>> sensors_;  // after start() of the thread alone
  LookAgain look_again_;
  Nanoseconds every_;
  std::set<std::string> said_;  // so that nothing is said twice; of the thread alone
  Nanoseconds cpu_time_{};      // of the thread, set when it ends
  std::mutex mutex_;            // guards what follows
  std::condition_variable_any woken_;
  bool awake_ = false;
  std::vector<Event> events_;
  std::jthread thread_;  // last: joined before what it uses goes
};

}  // namespace layerwatt
