// SPDX-License-Identifier: Apache-2.0
// Sums over inferences; see layer_times.h.
#include "attribution/layer_times.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace layerwatt {

namespace {

// Of the longer one's time; what is left is how well marks are placed.
constexpr double always = 0.99;

// Mean and variance over inferences of each layer's time, as Welford (Technometrics 4, 1962) sums them.
class Sums {
 public:
  explicit Sums(std::size_t layers) : now_(layers), count_(layers), mean_(layers), squares_(layers) {}
  void add(std::uint32_t inference, std::uint32_t layer, double us) {
    if (inference != inference_) flush();
    inference_ = inference;
    if (!now_[layer].ran) touched_.push_back(layer);
    now_[layer] = {now_[layer].us + us, true};
  }
  void finish(std::vector<LayerTime>& times) {
    flush();
    for (std::size_t l = 0; l < times.size(); ++l) {
      times[l].mean_us = mean_[l];
      if (count_[l] > 1) times[l].variance_us2 = squares_[l] / (count_[l] - 1);
    }
  }

 private:
  void flush() {
    for (const std::uint32_t l : touched_) {
      count_[l] += 1;
      const double step = now_[l].us - mean_[l];
      mean_[l] += step / count_[l];
      squares_[l] += step * (now_[l].us - mean_[l]);
      now_[l] = {};
    }
    touched_.clear();
  }
  struct Now {
    double us = 0;
    bool ran = false;
  };
  std::uint32_t inference_ = 0;
  std::vector<std::uint32_t> touched_;
  std::vector<Now> now_;
  std::vector<double> count_, mean_, squares_;
};

// What layers do with each other, over the whole run.
class Company {
 public:
  explicit Company(std::size_t layers) : whole_us_(layers), share_us_(layers) {}
  void add(const std::uint32_t* running, std::uint32_t count, double us) {
    all_us_ += us;
    if (count > 1) several_us_ += us;
    for (std::uint32_t a = 0; a < count; ++a) {
      share_us_[running[a]] += us / count;
      whole_us_[running[a]] += us;
      for (std::uint32_t b = a + 1; b < count; ++b)
        if (running[b] != running[a]) both_us_[{running[a], running[b]}] += us;
    }
  }
  void finish(LayerTimes& times) const {
    times.together = all_us_ > 0 ? several_us_ / all_us_ : 0;
    for (std::size_t l = 0; l < whole_us_.size(); ++l)
      if (share_us_[l] > 0) times.layers[l].excess = whole_us_[l] / share_us_[l] - 1;
    times.inseparable = inseparable();
  }

 private:
  [[nodiscard]] std::vector<std::vector<std::size_t>> inseparable() const {
    std::vector<std::size_t> group(whole_us_.size());  // its lowest layer
    std::iota(group.begin(), group.end(), 0);
    for (const auto& [pair, both] : both_us_) {
      const auto& [a, b] = pair;
      if (both < always * std::max(whole_us_[a], whole_us_[b])) continue;
      const std::size_t from = std::max(group[a], group[b]), to = std::min(group[a], group[b]);
      std::replace(group.begin(), group.end(), from, to);
    }
    std::map<std::size_t, std::vector<std::size_t>> members;
    for (std::size_t l = 0; l < group.size(); ++l) members[group[l]].push_back(l);
    std::vector<std::vector<std::size_t>> sets;
    for (auto& [lowest, set] : members)
      if (set.size() > 1) sets.push_back(std::move(set));
    return sets;
  }

  std::vector<double> whole_us_, share_us_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, double> both_us_;
  double all_us_ = 0, several_us_ = 0;
};

// Of layers that overlapped; of others the order in which they are numbered is that in which they ran.
std::vector<std::size_t> order_of(const Execution& execution, const LayerTimes& times) {
  const std::size_t layers = times.layers.size();
  std::vector<double> begin_us(layers), runs(layers);
  for (const Segment run : execution.runs()) {
    begin_us[run.layer] += microseconds(run.begin - execution.inferences()[run.inference].load_begin);
    ++runs[run.layer];
  }
  std::vector<std::size_t> order;
  for (std::size_t l = 0; l < layers; ++l)
    if (runs[l] > 0) order.push_back(l);
  if (!execution.overlapping) return order;
  for (const std::size_t l : order) begin_us[l] /= runs[l];
  std::vector<std::pair<double, std::size_t>> key;  // of its set: when it begins, and its first layer
  for (std::size_t l = 0; l < layers; ++l) key.emplace_back(begin_us[l], l);
  for (const auto& set : times.inseparable)
    for (const std::size_t l : set) key[l] = key[set.front()];
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key[a] < key[b]; });
  return order;
}

}  // namespace

LayerTimes layer_times(const Execution& execution, std::size_t layers) {
  LayerTimes times;
  times.layers.resize(layers);
  Sums sums{layers};
  if (execution.stretches.empty()) {
    for (const Segment segment : execution.segments)
      sums.add(segment.inference, segment.layer, microseconds(segment.end - segment.begin));
  } else {
    Company company{layers};
    for (const Stretch& stretch : execution.stretches) {
      const double us = microseconds(stretch.end - stretch.begin);
      const std::uint32_t* running = execution.running.data() + stretch.first;
      for (std::uint32_t i = 0; i < stretch.count; ++i)
        sums.add(stretch.inference, running[i], us / stretch.count);
      company.add(running, stretch.count, us);
    }
    company.finish(times);
  }
  sums.finish(times.layers);
  times.order = order_of(execution, times);
  return times;
}

}  // namespace layerwatt
