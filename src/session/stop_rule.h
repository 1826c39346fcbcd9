// SPDX-License-Identifier: Apache-2.0
// When the energy pass has enough: after a time, a number of inferences, when the fastest layer has been read
// often enough (Holly 2020: 100 readings), or when layers are known as precisely as asked. The first of these
// ends it. Pure; fed a block at a time. `elapsed`: since the energy pass began.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/vocabulary.h"
#include "session/profile_options.h"
#include "session/refit_plan.h"

namespace layerwatt {

class StopRule {
 public:
  StopRule(const ProfileOptions& options, const PhaseBudget& budget, std::size_t layers)
      : wanted_{options.inferences},
        wanted_readings_{options.fastest_readings},
        budget_{budget.energy},
        in_vain_{budget.energy_in_vain},
        refits_{!options.precision.empty() && static_cast<bool>(options.refit)},
        readings_(layers),
        spent_(layers) {}

  // A block that ran: its spans in order of time, and the readings of one rail in order of time.
  void add_block(std::size_t inferences, std::span<const LayerSpan> spans, std::span<const Reading> readings);
  [[nodiscard]] bool enough(Nanoseconds elapsed) const;
  // "after 812 inferences: the precision is reached". Precondition: enough().
  [[nodiscard]] std::string reason(Nanoseconds elapsed) const;
  [[nodiscard]] double fraction(Nanoseconds elapsed) const;  // of the energy pass, 0 to 1
  // Until that is 1, about; empty while nothing can be said.
  [[nodiscard]] std::optional<Nanoseconds> left(Nanoseconds elapsed) const;
  // Inferences until there may be enough of them or a refit is due; the largest count when only time limits.
  [[nodiscard]] std::uint64_t inferences_left() const;
  // Readings that fell into the layer with the shortest mean duration so far.
  [[nodiscard]] std::uint64_t readings_of_fastest() const;
  [[nodiscard]] std::uint64_t inferences() const { return inferences_; }

  // There is something new to say, and it would be over before the time is up.
  [[nodiscard]] bool refit_due(Nanoseconds elapsed) const;
  void add_refit(std::optional<ProfileOptions::Refit> said, Nanoseconds took) {
    refits_.add(inferences_, std::move(said), took);
  }
  [[nodiscard]] std::string precision() const { return refits_.brief(); }  // empty before the first refit

 private:
  [[nodiscard]] bool in_vain(Nanoseconds elapsed) const;
  [[nodiscard]] std::optional<Nanoseconds> time(Nanoseconds elapsed) const {
    return in_vain(elapsed) ? in_vain_ : budget_;
  }
  std::optional<std::uint64_t> wanted_, wanted_readings_;
  std::optional<Nanoseconds> budget_, in_vain_;
  RefitPlan refits_;
  std::vector<std::uint64_t> readings_;  // by layer
  std::vector<Nanoseconds> spent_;       // by layer
  std::uint64_t inferences_ = 0;
};

}  // namespace layerwatt
