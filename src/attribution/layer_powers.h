// SPDX-License-Identifier: Apache-2.0
// What a method of attribution finds out about one rail: the power of each layer, and of the time between
// them. Energies, rescaling and conservation are the same for every method and follow from it.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/units.h"

namespace layerwatt {

struct LayerPower {
  std::optional<Watts> mean;        // empty when nothing was read in it
  std::optional<Watts> half_width;  // of the 95 % interval; empty when there is none
  std::size_t readings = 0;
};

// Neighbouring layers that the readings cannot tell apart; their sum is known better than they are.
struct JoinedLayers {
  static constexpr double worst_alone =
      0.2;                               // half-width of a layer over its energy, above which it is joined
  std::vector<std::size_t> layers;       // of Profile::layers, in order of execution
  Joules energy{}, half_width{};         // of one inference, together, as marked
  std::optional<Nanoseconds> more_time;  // of measuring until they could be told apart, about
  std::optional<Joules> absolute_half_width = {};  // the sensor's own errors included, k = 2
  bool always_together = false;  // some of them never run without each other: no time separates those
};

// What unmixing found out about the sensor, and about how far it can be trusted.
struct SensorFit {
  static constexpr double sure_margin = 50;   // of lag_margin; below it another lag is as good
  Nanoseconds lag{};                          // age of the newest power that a reading shows
  std::optional<Nanoseconds> lag_half_width;  // 95 %
  Nanoseconds tail{};                         // time constant of the supply's capacitors; 0 = none found
  double lag_margin =
      0;          // log-likelihood by which this lag leads the best one elsewhere; below 50: ambiguous
  Watts noise{};  // standard deviation of one reading around the fit
  std::size_t readings = 0, outliers = 0;  // used; of them left out as wild
  double condition = 1;                    // of the columns' scaled Gram matrix; above 1e6: phase locked
  std::optional<double> phase_lock;  // |mean exp(2 pi i begin / cycle)| of inferences; above 0.3: locked
  double tail_test = 0,
         width_test = 0;       // standard deviations; beyond 3: the sensor's window is not as assumed
  std::size_t from_prior = 0;  // layers whose power comes from their likeness to others
  double balance = 0;          // fitted over read energy, minus 1
  // Where layers ran at the same time: what two at once add to idle, over the sum of what each adds alone.
  // 0.5 = they take turns, 1 = neither minds the other. Without a half-width: assumed.
  std::optional<double> two_at_once, two_at_once_half_width;
  std::string withheld;  // why there are no intervals; empty: there are
};

struct LayerPowers {
  std::vector<LayerPower> layers;
  // Of the errors of `layers` means, W^2, layer by layer, row by row; empty when it is not known.
  std::vector<double> covariance;
  LayerPower between;              // loading, unloading and between layers
  std::vector<std::string> notes;  // sentences on this rail that a reader must know
  std::vector<JoinedLayers> joined;
  std::optional<SensorFit> fit;  // of methods that model the sensor
};

}  // namespace layerwatt
