// SPDX-License-Identifier: Apache-2.0
// Within a piece of power P the average runs as P + (y - P) exp(-t / tau), with y where the piece began; so
// its integral over the piece, and where it ends, are closed forms, and the period closes on itself.
#include "reanalysis/exponential_average.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace layerwatt::reanalysis {

namespace {

// Piece by piece: where the average starts, as a number of watts.
using Start = std::vector<double>;
// Integral over the first `t` of piece `i`, in watt nanoseconds.
using Integral = std::function<double(std::size_t i, double t)>;

double length_of(std::span<const Piece> pieces) {
  double period = 0;
  for (const Piece& piece : pieces) period += piece.length.count();
  return period;
}

// Integral of the average from the period's begin to `t`, any `t`, by whole periods and pieces.
double integral_until(std::span<const Piece> pieces, const Integral& integral, double t) {
  const double period = length_of(pieces), periods = std::floor(t / period);
  double left = t - periods * period, sum = 0, whole = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const double length = pieces[i].length.count(), inside = std::clamp(left, 0.0, length);
    if (inside > 0) sum += integral(i, inside);
    if (length > 0) whole += integral(i, length);
    left -= inside;
  }
  return sum + periods * whole;
}

std::vector<Watts> means(std::span<const Piece> pieces, const Integral& integral, double delay) {
  std::vector<Watts> result;
  double begin = -delay;
  for (const Piece& piece : pieces) {
    const double length = piece.length.count(), end = begin + length;
    const double inside = integral_until(pieces, integral, end) - integral_until(pieces, integral, begin);
    result.emplace_back(length > 0 ? inside / length : 0);
    begin = end;
  }
  return result;
}

}  // namespace

Moment time_constant(Moment cycle, int averaging) {
  return averaging > 1 ? cycle / -std::log(1 - 1.0 / averaging) : Moment{};
}

std::vector<Watts> averaged_powers(std::span<const Piece> pieces, Moment tau, Moment delay) {
  const double constant = tau.count();
  const auto after = [&](double y, const Piece& piece) {
    return piece.power.value() + (y - piece.power.value()) * std::exp(-piece.length.count() / constant);
  };
  double from_zero = 0;
  for (const Piece& piece : pieces) from_zero = after(from_zero, piece);
  Start start;
  double y = from_zero / -std::expm1(-length_of(pieces) / constant);  // what repeats
  for (const Piece& piece : pieces) {
    start.push_back(y);
    y = after(y, piece);
  }
  const Integral integral = [&](std::size_t i, double t) {
    const double power = pieces[i].power.value();
    return power * t - (start[i] - power) * constant * std::expm1(-t / constant);
  };
  return means(pieces, integral, delay.count());
}

}  // namespace layerwatt::reanalysis
