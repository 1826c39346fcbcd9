// SPDX-License-Identifier: Apache-2.0
// What one tick of the sampler does: reads every rail, stamps before and after each read, and keeps book of
// what failed. No threads, no sleeping: session/sampler.cpp runs it, tests call it.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "sensors/sensor.h"
#include "session/reading_ring.h"

namespace layerwatt {

struct SampledRail {
  Sensor* sensor = nullptr;
  std::size_t channel = 0;
};

class SamplingLoop {
 public:
  // Ticks by how late they were: [0] less than 1 us, [i] from 2^(i-1) to 2^i us.
  using Lateness = std::array<std::uint64_t, 32>;

  // `capacity`: readings a rail between two take()s.
  SamplingLoop(const Clock& clock, const std::vector<SampledRail>& rails, std::size_t capacity);

  // Reads every rail whose turn it is once and returns the last stamp. Called by the sampling thread only;
  // allocates nothing unless a read fails.
  Instant tick(Instant planned, Nanoseconds tolerance);
  // Appends what was read since the last call, each to the entry of its rail; both vectors have rail_count()
  // entries. May run beside tick().
  void take(std::vector<std::vector<Reading>>& readings, std::vector<std::vector<Gap>>& gaps);
  // While no tick runs: books the stretch as a gap on every rail that still lives and is to be read.
  void add_pause(Instant from, Instant to);
  // While no tick runs: as ReadingSource::read_only(), from `at`.
  void read_only(std::optional<std::size_t> rail, Instant at);
  // While no tick runs: ends the gaps of rails that fail, are gone or wait for their turn.
  void close_gaps(Instant at);

  // A rail whose sensor leaves, or fails too often, is lost: not read until it is given back. All of these
  // may run beside tick().
  [[nodiscard]] std::vector<std::size_t> lost();
  // From the next tick on the lost rail is read from this source. Its gap ends with the first reading.
  void give_back(std::size_t rail, const SampledRail& source);
  // A rail is read from this sensor, or was until it was lost, or will be.
  [[nodiscard]] bool uses(const Sensor* sensor);
  struct Return {
    std::size_t rail;
    Instant left, back;
  };
  // Lost rails that were read again since the last call.
  std::vector<Return> take_returns();
  // How often rails were lost so far. For the sampling thread.
  [[nodiscard]] std::uint64_t losses() const { return losses_; }

  [[nodiscard]] std::size_t rail_count() const { return rails_.size(); }
  [[nodiscard]] std::uint64_t ticks() const { return ticks_; }
  [[nodiscard]] std::uint64_t late_ticks() const { return late_ticks_; }
  [[nodiscard]] const Lateness& lateness() const { return lateness_; }

 private:
  // What a tick touches of a rail, and what only a failure does: apart, see reading_ring.h.
  struct Rail {
    SampledRail source;
    bool failing = false, stopped = false, waiting = false;  // waiting: for its turn
  };
  struct Trouble {
    Instant since{};
    std::string why;
    int failures = 0;         // in a row
    bool given_back = false;  // and not read since
    std::vector<Gap> gaps;    // guarded by gaps_mutex_
  };
  Instant read(std::uint32_t rail, Instant before);
  void fail(std::uint32_t rail, Instant at, const Error& error);
  void lose(std::uint32_t rail, std::string why);
  void end_gap(std::uint32_t rail, Instant at);
  void end_gap_locked(std::uint32_t rail, Instant at);
  void take_back(Instant at);
  void count_lateness(Nanoseconds late, Nanoseconds tolerance);

  const Clock& clock_;
  ReadingRing ring_;
  std::vector<Rail> rails_;
  std::vector<Trouble> troubles_;  // one a rail
  std::optional<std::size_t> turn_;
  std::mutex gaps_mutex_;  // taken by the sampling thread only when a gap ends or a rail is lost or back
  std::vector<std::pair<std::size_t, SampledRail>> given_back_;  // guarded by it, as are
  std::vector<Return> returns_;                                  // changes of Rail::stopped and ::source
  std::atomic<bool> any_given_back_{false};
  std::uint64_t losses_ = 0;
  std::uint64_t ticks_ = 0, late_ticks_ = 0;
  Lateness lateness_{};
};

}  // namespace layerwatt
