// SPDX-License-Identifier: Apache-2.0
// See right_answers.h and docs/inputs.md.
#include "attribution/right_answers.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <string>

#include "attribution/statistics.h"
#include "core/circumstances.h"
#include "core/text.h"

namespace layerwatt {

namespace {

// A count that a run file tells; files are anybody's.
std::optional<std::uint64_t> counted(const Profile& profile, const std::string& key) {
  const auto number = text::integer(circumstance(profile.circumstances, key));
  if (!number || *number < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

Estimate<Joules> divided(const Estimate<Joules>& energy, double by) {
  Estimate<Joules> part{energy.value / by, std::nullopt};
  if (energy.interval) part.interval = {energy.interval->low / by, energy.interval->high / by};
  return part;
}

// Zou and Donner's distances on the scale of logarithms, where a quotient is a difference.
double apart(double a, double b) { return std::log(a) - std::log(b); }

}  // namespace

Share binomial_share(std::uint64_t right, std::uint64_t of) {
  assert(of > 0 && right <= of);
  const double n = static_cast<double>(of), p = static_cast<double>(right) / n;
  const double z2 = normal_975 * normal_975, scale = 1 / (1 + z2 / n), middle = scale * (p + z2 / (2 * n));
  const double half = scale * normal_975 * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  // At the ends the formula gives 0 and 1, but for rounding.
  return {right, p, right == 0 ? 0 : middle - half, right == of ? 1 : middle + half};
}

std::optional<Estimate<Joules>> cost_of_right(const Estimate<Joules>& cost, const Share& share) {
  if (share.right == 0) return std::nullopt;
  Estimate<Joules> right{cost.value / share.value, std::nullopt};
  if (!cost.interval || cost.value.value() <= 0) return right;
  const double value = cost.value.value(), low = cost.interval->low.value();
  const double above = std::hypot(apart(cost.interval->high.value(), value), apart(share.value, share.low));
  // An energy that may be nothing has no logarithm: the outermost, then.
  const Joules least =
      low <= 0 ? Joules{low / share.low}
               : right.value * std::exp(-std::hypot(apart(value, low), apart(share.high, share.value)));
  right.interval = {least, right.value * std::exp(above)};
  return right;
}

void assess_answers(Profile& profile) {
  const auto pictures = counted(profile, "accuracy.pictures"), top1 = counted(profile, "accuracy.top1"),
             top5 = counted(profile, "accuracy.top5"), classes = counted(profile, "accuracy.classes");
  if (!pictures || !top1 || !top5 || !classes || *pictures == 0 || *top1 > *top5 || *top5 > *pictures) return;
  RightAnswers answers;
  answers.pictures = *pictures;
  answers.classes = *classes;
  answers.not_finite = counted(profile, "accuracy.not_finite").value_or(0);
  answers.top1 = binomial_share(*top1, *pictures);
  if (*classes > 5) answers.top5 = binomial_share(*top5, *pictures);
  if (!profile.rails.empty()) {
    const RailProfile& rail = profile.rails[headline_rail(profile)];
    const auto batch = static_cast<double>(std::max<std::uint64_t>(counted(profile, "batch").value_or(1), 1));
    answers.rail = rail.rail;
    answers.energy = divided(rail.inference, batch);
    answers.right_energy = cost_of_right(*answers.energy, answers.top1);
    if (rail.inference_absolute) {
      const auto absolute =
          cost_of_right(divided({rail.inference.value, rail.inference_absolute}, batch), answers.top1);
      if (absolute) answers.right_absolute = absolute->interval;
    }
  }
  profile.answers = std::move(answers);
}

}  // namespace layerwatt
