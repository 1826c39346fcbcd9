// SPDX-License-Identifier: Apache-2.0
// How a sensor sees power: the weight of each past moment in one reading, as a cumulative function of age.
// Boxes (a conversion), spread by a uniform jitter, delayed by an exponential tail (the supply's capacitors).
// One representation for every sensor. Ages are microseconds: moment of the reading's stamp - moment of
// power.
#pragma once
#include <span>
#include <vector>

namespace layerwatt::forward {

struct Box {
  double offset_us;  // age of its newest edge
  double width_us;   // > 0
  double weight = 1;
};

class Kernel {
 public:
  // Boxes (o) U(jitter_low, jitter_high) (o) Exp(tail). The weights are normalised to sum 1.
  explicit Kernel(std::span<const Box> boxes, double jitter_low_us = 0, double jitter_high_us = 0,
                  double tail_us = 0);

  // Share of the weight that lies at ages below `age_us`: 0 .. 1, monotone, linear between table points.
  [[nodiscard]] double operator()(double age_us) const {
    const double at = (age_us - first_) * inverse_step_;
    if (at <= 0) return 0;
    const auto index = static_cast<std::size_t>(at);
    if (index + 1 >= table_.size()) return 1;
    const double part = at - static_cast<double>(index);
    return table_[index] + part * (table_[index + 1] - table_[index]);
  }
  [[nodiscard]] double newest() const { return first_; }  // age below which there is no weight
  [[nodiscard]] double oldest() const { return last_; }   // age above which there is none

 private:
  std::vector<double> table_;
  double first_ = 0, last_ = 0, inverse_step_ = 1;
};

// A box of any width behind a uniform jitter, by formula: for windows that differ from reading to reading
// (between two ticks of a counter, between two reads of a slowly read average).
class Trapezoid {
 public:
  Trapezoid(double offset_us, double width_us, double jitter_us)
      : offset_{offset_us}, width_{width_us}, jitter_{jitter_us} {}
  [[nodiscard]] double operator()(double age_us) const;
  [[nodiscard]] double newest() const { return offset_; }
  [[nodiscard]] double oldest() const { return offset_ + width_ + jitter_; }

 private:
  double offset_, width_, jitter_;
};

}  // namespace layerwatt::forward
