// SPDX-License-Identifier: Apache-2.0
// Doubling, and aiming; see refit_plan.h.
#include "session/refit_plan.h"

#include <algorithm>
#include <limits>

namespace layerwatt {

namespace {

constexpr std::uint64_t first_refit = 50;  // fewer say nothing of how layers differ: docs/attribution.md
constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

}  // namespace

std::string description(const ProfileOptions::Refit& refit) {
  if (refit.reached) return refit.brief + ", reached";
  return refit.brief + (refit.needed ? ", about " + std::to_string(*refit.needed) + " inferences needed"
                                     : ", no telling how many inferences are needed");
}

RefitPlan::RefitPlan(bool wanted) : next_{wanted ? first_refit : never} {}

std::uint64_t RefitPlan::until_next(std::uint64_t done) const {
  return next_ != never && next_ > done ? next_ - done : never;
}

Nanoseconds RefitPlan::cost(std::uint64_t done) const {
  if (at_ == 0) return {};
  return from_seconds(seconds(took_) * static_cast<double>(done) / static_cast<double>(at_));
}

void RefitPlan::add(std::uint64_t done, std::optional<ProfileOptions::Refit> said, Nanoseconds took) {
  at_ = done;
  took_ = took;
  needed_before_ = last_ ? last_->needed : std::nullopt;
  last_ = std::move(said);
  next_ = 2 * done;
  // A fifth more at least, or predictions that are a little short would make for a refit each block.
  if (const auto needed = this->needed()) next_ = std::clamp(*needed, done + (done + 4) / 5, next_);
  if (reached()) next_ = never;
}

std::optional<std::uint64_t> RefitPlan::needed() const {
  return last_ && last_->needed ? last_->needed : needed_before_;
}

}  // namespace layerwatt
