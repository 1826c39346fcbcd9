// SPDX-License-Identifier: Apache-2.0
// When the energy pass is asked how precise it is already: after 50, 100, 200, ... inferences, and earlier
// than the double where the last answer says that less will do. Pure; counts are inferences of the energy
// pass.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "session/profile_options.h"

namespace layerwatt {

// "41 of 64 within 5 %, about 2400 inferences needed": for the run file.
std::string description(const ProfileOptions::Refit& refit);

class RefitPlan {
 public:
  explicit RefitPlan(bool wanted);

  // Inferences from `done` until the next refit; the largest count when none is to come, or one is overdue
  // because it would have taken too long.
  [[nodiscard]] std::uint64_t until_next(std::uint64_t done) const;
  [[nodiscard]] bool due(std::uint64_t done) const { return done >= next_; }
  // How long the next one will take, about: it grows with what there is to read.
  [[nodiscard]] Nanoseconds cost(std::uint64_t done) const;
  void add(std::uint64_t done, std::optional<ProfileOptions::Refit> said, Nanoseconds took);

  [[nodiscard]] bool reached() const { return last_ && last_->reached; }
  // In all, as the last refit predicted, or the one before it: one that fails alone tells nothing. Empty when
  // neither could.
  [[nodiscard]] std::optional<std::uint64_t> needed() const;
  [[nodiscard]] std::string brief() const { return last_ ? last_->brief : std::string{}; }
  [[nodiscard]] bool asked() const { return at_ > 0; }  // there was a refit

 private:
  std::uint64_t next_;
  std::uint64_t at_ = 0;  // inferences at the last refit
  Nanoseconds took_{};
  std::optional<ProfileOptions::Refit> last_;
  std::optional<std::uint64_t> needed_before_;  // as predicted by the refit before the last
};

}  // namespace layerwatt
