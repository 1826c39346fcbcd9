// SPDX-License-Identifier: Apache-2.0
// The load: turns "this layer ran from here to there" into the true power of every rail, and keeps the books
// of who drew how much. The truth that attribution is judged by.
#pragma once
#include <cstdint>
#include <vector>

#include "simulation/background.h"
#include "simulation/random.h"
#include "simulation/true_power.h"

namespace layerwatt::simulation {

struct LoadSettings {
  std::vector<Watts> idle;                             // of each rail, all that it feeds included
  std::vector<std::vector<Watts>> layers;              // [layer][rail]: while the layer runs, idle included
  std::vector<BackgroundSettings> background;          // independent sources
  std::vector<std::vector<double>> background_shares;  // [rail][source]
  double drift = 0;                                    // relative rise as the board warms up,
  Moment drift_time{60e9};                             // with this time constant
  double step = 0;                                     // relative rise of layer power from `step_at` on
  Moment step_at{};
  double layer_jitter = 0.02;      // standard deviation of a layer's power from run to run, relative
  double inference_jitter = 0.01;  // the same, common to all layers of an inference
  Moment supply_tail{};
};

struct LayerRun {
  std::uint32_t layer, inference;
  Moment begin, end;
  Moment stolen{};  // of that time, the layer was preempted and the board idle
};

class Load {
 public:
  Load(LoadSettings settings, std::uint64_t seed);

  // Idle from where the last ended, then the layer. Runs come in order of time; where one begins before the
  // last ended, that part is not counted twice: the earlier one keeps it.
  void run(const LayerRun& run);
  // From the next change on, all but the background is multiplied by this: a new clock, another input.
  void set_level(double level) { level_ = level; }
  // Nothing will begin before `until`.
  void idle_until(Moment until);

  [[nodiscard]] TruePower& power() { return power_; }
  [[nodiscard]] const TruePower& power() const { return power_; }

  struct Account {
    Joules by_layer{};    // at the layer's own power
    Joules background{};  // what else the board drew while it ran
    std::uint64_t runs = 0;
  };
  [[nodiscard]] const Account& account(std::size_t rail, std::size_t layer) const {
    return accounts_[layer * settings_.idle.size() + rail];
  }
  // Drawn while no layer ran, until power().known_until().
  [[nodiscard]] Joules outside(std::size_t rail) const;
  // Forgets what layers and idle drew so far, but not the state of the board.
  void restart_accounts();

 private:
  void hold_until(Moment until);
  void close_piece(Moment at);
  void open_piece(Moment at);
  void next_background();
  void next_drift();

  LoadSettings settings_;
  Random jitter_;
  std::vector<Background> background_;
  std::vector<Watts> sources_;         // of the background, now
  std::vector<Watts> background_now_;  // by rail
  double drift_ = 1, level_ = 1;
  std::uint64_t grid_ = 1;  // index of the next step of the background
  double inference_factor_ = 1;
  std::uint32_t last_inference_ = ~std::uint32_t{0};

  static constexpr std::size_t none = ~std::size_t{0};
  std::size_t layer_now_ = none;
  Moment piece_begin_{};
  std::vector<Watts> own_;    // of the layer or idle, by rail, before drift and level
  double scale_ = 1;          // drift and level of this piece
  std::vector<Watts> total_;  // own and background, never negative
  std::vector<Account> accounts_;
  std::vector<Joules> outside_;
  TruePower power_;
};

}  // namespace layerwatt::simulation
