// SPDX-License-Identifier: Apache-2.0
// The power is cut where a layer begins or ends and at every step of the background's grid, and nowhere else:
// how the caller cuts time into calls must not show in a single bit.
#include "simulation/load.h"

#include <algorithm>
#include <utility>

namespace layerwatt::simulation {

namespace {

constexpr std::uint64_t steps_a_drift = 100;  // 10 ms: far below any time in which a board warms up

}  // namespace

Load::Load(LoadSettings settings, std::uint64_t seed)
    : settings_{std::move(settings)},
      jitter_{seed, "layer power"},
      background_now_(settings_.idle.size()),
      own_{settings_.idle},
      total_(settings_.idle.size()),
      accounts_(settings_.layers.size() * settings_.idle.size()),
      outside_(settings_.idle.size()),
      power_{settings_.idle, settings_.supply_tail} {
  for (std::size_t i = 0; i < settings_.background.size(); ++i) {
    const Random random{seed + 0x51ed2701 * i, "background"};
    background_.emplace_back(settings_.background[i], random);
  }
  sources_.resize(background_.size());
  next_background();
  open_piece(Moment{});
}

void Load::run(const LayerRun& run) {
  const Moment begin = std::max(run.begin, power_.known_until());
  const Moment end = std::max(run.end, begin);
  idle_until(begin);
  close_piece(begin);
  if (run.inference != last_inference_) {
    inference_factor_ = 1 + settings_.inference_jitter * jitter_.normal();
    last_inference_ = run.inference;
  }
  const double factor = (1 + settings_.layer_jitter * jitter_.normal()) * inference_factor_;
  const double idle_share = run.stolen.count() > 0 ? std::min(run.stolen / (run.end - run.begin), 1.0) : 0;
  const std::vector<Watts>& at_work = settings_.layers[run.layer];
  for (std::size_t rail = 0; rail < own_.size(); ++rail)
    own_[rail] = at_work[rail] * (factor * (1 - idle_share)) + settings_.idle[rail] * idle_share;
  layer_now_ = run.layer;
  open_piece(begin);
  hold_until(end);
  close_piece(end);
  for (std::size_t rail = 0; rail < own_.size(); ++rail) ++accounts_[run.layer * own_.size() + rail].runs;
  layer_now_ = none;
  own_ = settings_.idle;
  open_piece(end);
}

void Load::idle_until(Moment until) { hold_until(std::max(until, power_.known_until())); }

void Load::hold_until(Moment until) {
  for (Moment at = static_cast<double>(grid_) * Background::step; at <= until;
       at = static_cast<double>(grid_) * Background::step) {
    close_piece(at);
    next_background();
    if (grid_ % steps_a_drift == 0) next_drift();
    ++grid_;
    open_piece(at);
  }
  power_.extend(until);
}

void Load::close_piece(Moment at) {
  const Moment length = at - piece_begin_;
  for (std::size_t rail = 0; rail < own_.size(); ++rail) {
    if (layer_now_ == none) {
      outside_[rail] += energy(total_[rail], length);
      continue;
    }
    Account& account = accounts_[layer_now_ * own_.size() + rail];
    const Watts own = own_[rail] * scale_;
    account.by_layer += energy(own, length);
    account.background += energy(total_[rail] - own, length);
  }
}

void Load::open_piece(Moment at) {
  piece_begin_ = at;
  scale_ = drift_ * level_;
  for (std::size_t rail = 0; rail < own_.size(); ++rail)
    total_[rail] = std::max(own_[rail] * scale_ + background_now_[rail], Watts{});
  power_.change(at, total_);
}

void Load::next_background() {
  for (std::size_t i = 0; i < background_.size(); ++i) sources_[i] = background_[i].next();
  if (sources_.empty()) return;
  for (std::size_t rail = 0; rail < background_now_.size(); ++rail) {
    Watts sum{};
    for (std::size_t i = 0; i < sources_.size(); ++i)
      sum += sources_[i] * settings_.background_shares[rail][i];
    background_now_[rail] = sum;
  }
}

void Load::next_drift() {
  if (settings_.drift == 0) return;
  const double ages = static_cast<double>(grid_) * (Background::step / settings_.drift_time);
  drift_ = 1 + settings_.drift * (1 - portable_exp(-std::min(ages, 600.0)));
}

Joules Load::outside(std::size_t rail) const {
  if (layer_now_ != none) return outside_[rail];
  return outside_[rail] + energy(total_[rail], power_.known_until() - piece_begin_);
}

void Load::restart_accounts() {
  std::fill(accounts_.begin(), accounts_.end(), Account{});
  std::fill(outside_.begin(), outside_.end(), Joules{});
  for (std::size_t rail = 0; rail < own_.size(); ++rail)  // the open piece counts from now on only
    outside_[rail] -= energy(total_[rail], power_.known_until() - piece_begin_);
}

}  // namespace layerwatt::simulation
