// SPDX-License-Identifier: Apache-2.0
// The sampler: one thread that reads all sensors of this machine on a planned grid while it is on, and does
// not exist while it is off. Readings pass to the session through rings; the sampling thread allocates
// nothing, locks nothing and writes no file.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/machine.h"
#include "sensors/sensor.h"
#include "session/reading_source.h"
#include "session/realtime.h"
#include "session/returning_sensors.h"
#include "session/sampling_loop.h"
#include "session/tick_plan.h"

namespace layerwatt {

struct SamplerOptions {
  Nanoseconds period{};            // zero: as fast as the reads allow, see fastest_useful_period()
  double dither = 0.1;             // each tick moved by up to this part of the period
  std::uint64_t seed = 1;          // of the dither
  std::optional<int> core;         // to pin the thread to, if that is possible
  bool realtime = true;            // ask for SCHED_FIFO and locked memory
  std::vector<std::string> rails;  // to be read; empty = all
  std::size_t capacity = 16384;    // readings a rail between two take()s: 16 s at 1 kHz
  LookAgain look_again;            // for sensors that left during the run; empty: they stay away
  Nanoseconds look_every = std::chrono::seconds{1};
};

// Time between ticks without a given period: 2.5 ticks to a new value of the fastest rail, so that each value
// is seen and its moment known; never below 0.2 ms, and 1 ms when no rail's refresh is known. Reads that take
// longer set the pace themselves.
Nanoseconds fastest_useful_period(const std::vector<Channel>& channels);

class Sampler final : public ReadingSource {
 public:
  // Off until resume(). not_found: a wanted rail is not there; the detail lists those that are. `driver` is
  // the name under which the rails are recorded.
  static Result<std::unique_ptr<Sampler>> create(const Machine& machine, const std::string& driver,
                                                 std::vector<std::unique_ptr<Sensor>> sensors,
                                                 const SamplerOptions& options);
  ~Sampler() override;

  // With the board's facts, when the board is known.
  [[nodiscard]] std::vector<RailRecord> rails() const override { return rails_; }
  void resume() override;  // the thread runs and has been set up when it returns
  void pause() override;   // the thread has ended when it returns; the stretch becomes a gap
  void read_only(std::optional<std::size_t> rail) override;  // the thread is another one when it returns
  std::vector<Taken> take(std::span<const LayerSpan> spans, Instant until) override;
  std::vector<Event> take_events() override { return returning_.take_events(); }
  [[nodiscard]] SamplerRecord record() const;  // so far; while it is off
  // Ends sampling; gaps that were still open are closed and come with one more take().
  SamplerRecord finish() override;

 private:
  struct Run;
  struct Selection;
  Sampler(const Clock& clock, std::vector<std::unique_ptr<Sensor>> sensors, Selection selection,
          const SamplerOptions& options);
  static Result<Selection> select_rails(const Machine& machine, const std::string& driver,
                                        const std::vector<std::unique_ptr<Sensor>>& sensors,
                                        const std::vector<std::string>& wanted);
  void sample(const std::stop_token& stop, Run& run);
  void stop_thread();

  const Clock& clock_;
  SamplerOptions options_;
  std::vector<RailRecord> rails_;
  SamplingLoop loop_;
  ReturningSensors returning_;  // has the sensors
  TickPlan plan_;
  std::optional<LockedMemory> locked_;
  SamplerRecord record_;
  bool core_kept_ = true;  // pinned as asked, at every moment so far
  std::optional<Instant> paused_at_;
  std::unique_ptr<Run> run_;  // while the thread lives
  std::jthread thread_;       // last: joined before what it uses goes
};

}  // namespace layerwatt
