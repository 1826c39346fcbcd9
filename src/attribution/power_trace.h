// SPDX-License-Identifier: Apache-2.0
// The readings of one rail as a course of power that can be integrated: power_now values joined by
// trapezoids, energy_total counters differenced with their wraps undone. Where nothing was read, nothing is
// covered. Not what decides which layer a reading belongs to.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "core/vocabulary.h"
#include "timeline/timeline.h"

namespace layerwatt {

class PowerTrace {
 public:
  // Readings are looked at as they stand when all are usable: the rail must outlive it.
  explicit PowerTrace(const RailRecord& rail);
  explicit PowerTrace(RailRecord&&) = delete;
  PowerTrace(PowerTrace&&) = default;

  // Mean power over [from, to], from what was covered of it; empty when less than half was. For a sensor with
  // an exponential average of known time constant T, T (y(to) - y(from)) is added to the integral of the
  // readings y: for a first-order filter that is exact, whatever happened before `from`.
  [[nodiscard]] std::optional<Watts> mean(Instant from, Instant to) const;

  // Time after a change of load for which readings still show the past: 5 time constants, or 0.3 s when the
  // sensor does not say how it averages. Zero for counters and for sensors that do not average.
  [[nodiscard]] Nanoseconds settling() const;
  // True when mean() undoes the average, so that nothing needs to be left out.
  [[nodiscard]] bool average_is_known() const { return average_is_known_; }
  [[nodiscard]] std::optional<Nanoseconds> time_constant() const { return time_constant_; }

  [[nodiscard]] Meaning meaning() const { return meaning_; }
  // Usable readings, each later than those before; of a counter those at which it had changed.
  [[nodiscard]] std::span<const Reading> kept() const { return kept_; }
  // power_now: how many readings, when each happened, and the power read (of a counter there is none).
  // energy_total: ends of the stretches between changes of the counter; stretch i lies between moments i and
  // i + 1, see stretch_power().
  [[nodiscard]] std::size_t size() const { return kept_.size(); }
  [[nodiscard]] Instant moment(std::size_t i) const { return moment_of(kept_[i]); }
  [[nodiscard]] Watts power(std::size_t i) const { return *std::get_if<Watts>(&kept_[i].value); }
  // The first moment that is not before; size() when all are.
  [[nodiscard]] std::size_t first_from(Instant when) const;
  [[nodiscard]] std::vector<Watts> powers_in(Instant from,
                                             Instant to) const;  // [from, to); none of a counter
  // Mean power of stretch i; empty when it is not covered.
  [[nodiscard]] std::optional<Watts> stretch_power(std::size_t i) const;

  [[nodiscard]] std::size_t readings() const { return readings_; }
  [[nodiscard]] std::size_t discarded() const {
    return discarded_;
  }                                                             // not a number, wrong kind, out of order
  [[nodiscard]] std::size_t resets() const { return resets_; }  // counter fell and does not wrap
  // The middle one of the steps between moments.
  [[nodiscard]] std::optional<Nanoseconds> period() const { return period_; }
  // Readings further apart than this have nothing between them.
  [[nodiscard]] Nanoseconds hole() const;
  [[nodiscard]] Nanoseconds longest_step() const { return longest_step_; }  // between moments
  // How far the stamp of a reading, usable or not, lies before that of the reading before it, at the most.
  [[nodiscard]] Nanoseconds set_back() const { return set_back_; }

 private:
  struct Total {
    Joules energy{};
    Nanoseconds covered{};
    Total& operator+=(const Total& next) {
      energy += next.energy;
      covered += next.covered;
      return *this;
    }
  };
  // Where a read is taken to have happened.
  static Instant moment_of(const Reading& reading) {
    return reading.before + (reading.after - reading.before) / 2;
  }
  template <class Unit, class Use>
  void each_usable(const std::vector<Reading>& readings, Use use);
  void take_powers(const RailRecord& rail);
  void take_counter(const RailRecord& rail);
  void find_period();
  void find_holes(const std::vector<Gap>& gaps);
  void accumulate();
  [[nodiscard]] Total step(std::size_t i) const;  // from moment i to the next
  // With the steps [first, last) added.
  [[nodiscard]] Total with_steps(Total total, std::size_t first, std::size_t last) const;
  [[nodiscard]] Total total_at(std::size_t i) const;  // up to moment i
  [[nodiscard]] Total total_until(Instant when) const;
  [[nodiscard]] std::optional<Watts> power_at(Instant when) const;

  Meaning meaning_;
  std::optional<Nanoseconds> time_constant_, period_;
  bool average_is_known_ = false;
  std::span<const Reading> kept_;   // of the rail, or of `own_`
  std::vector<Reading> own_;        // where some had to be left out
  std::vector<std::size_t> holes_;  // power_now only: steps in which nothing is covered, ascending
  std::vector<Total> counted_;      // energy_total only: from each moment to the next
  std::vector<Total> totals_;       // up to some of the moments
  Nanoseconds longest_step_{}, set_back_{};
  std::size_t readings_ = 0, discarded_ = 0, resets_ = 0;
};

}  // namespace layerwatt
