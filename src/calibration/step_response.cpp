// SPDX-License-Identifier: Apache-2.0
// Least squares over readings = off + step x response + drift x time, the response being the load as a window
// and an exponential average show it. Lag and time constant by a coarse search and Gauss-Newton.
#include "calibration/step_response.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "attribution/power_trace.h"
#include "attribution/statistics.h"

namespace layerwatt {

namespace {

constexpr std::size_t fewest_readings = 200, fewest_steps = 8;
constexpr Eigen::Index blocks = 20;                   // of the jackknife
constexpr double shortest_s = 5e-3, longest_s = 0.5;  // stretches of a plan
constexpr double least_explained = 0.02;
constexpr std::size_t searched = 5'000;  // readings, in the coarse search
constexpr double oscillator = 0.1;       // relative

// What one reading is of: the mean over [begin, end] before its lag; the same twice for a moment. Seconds.
struct Piece {
  double begin = 0, end = 0, watts = 0;
};

// The load as 0 and 1, behind an exponential average with the time constant `tau` seconds; 0 is none.
class Response {
 public:
  Response(const std::vector<double>& at, const std::vector<double>& on, double tau)
      : at_{at}, on_{on}, tau_{tau}, state_(at.size()), area_(at.size()) {
    for (std::size_t i = 1; i < at_.size(); ++i) {
      const double length = at_[i] - at_[i - 1];
      state_[i] = decayed(i - 1, length);
      area_[i] = area_[i - 1] + on_[i - 1] * length;
    }
  }
  // Mean over a stretch; pieces come in order of time, so `near` remembers where the last one was.
  [[nodiscard]] double mean(double begin, double end, std::size_t& near) const {
    while (near > 0 && at_[near] > begin) --near;
    while (near + 1 < at_.size() && at_[near + 1] <= begin) ++near;
    std::size_t last = near;
    while (last + 1 < at_.size() && at_[last + 1] <= end) ++last;
    if (!(end > begin)) return tau_ > 0 ? decayed(near, begin - at_[near]) : on_[near];
    const double area =
        area_[last] + on_[last] * (end - at_[last]) - area_[near] - on_[near] * (begin - at_[near]);
    // The integral of y' = (x - y) / tau.
    const double kept =
        tau_ > 0 ? tau_ * (decayed(last, end - at_[last]) - decayed(near, begin - at_[near])) : 0;
    return (area - kept) / (end - begin);
  }

 private:
  [[nodiscard]] double decayed(std::size_t i, double since) const {
    if (!(tau_ > 0)) return on_[i];
    return since <= 0 ? state_[i] : on_[i] + (state_[i] - on_[i]) * std::exp(-since / tau_);
  }
  const std::vector<double>&at_, &on_;
  double tau_;
  std::vector<double> state_, area_;  // at each step: the average, and the load's integral
};

struct Delay {
  double lag = 0, tau = 0;  // seconds; lag is that of the window's end
};

class StepFit {
 public:
  StepFit(std::vector<Piece> pieces, std::vector<double> at, std::vector<double> on)
      : pieces_{std::move(pieces)}, at_{std::move(at)}, on_{std::move(on)} {
    const auto rows = static_cast<Eigen::Index>(pieces_.size());
    columns_.resize(rows, 3);
    watts_.resize(rows);
    const double first = pieces_.front().end, whole = pieces_.back().end - first;
    for (Eigen::Index i = 0; i < rows; ++i) {
      const Piece& piece = pieces_[static_cast<std::size_t>(i)];
      columns_(i, 0) = 1;
      columns_(i, 2) = (piece.end - first) / whole - 0.5;
      watts_[i] = piece.watts;
    }
  }

  [[nodiscard]] Eigen::VectorXd response(const Delay& delay) const {
    const Response response{at_, on_, delay.tau};
    Eigen::VectorXd values(watts_.size());
    std::size_t near = 0;
    for (Eigen::Index i = 0; i < values.size(); ++i) {
      const Piece& piece = pieces_[static_cast<std::size_t>(i)];
      values[i] = response.mean(piece.begin - delay.lag, piece.end - delay.lag, near);
    }
    return values;
  }
  // Sum of squares that is left, with the best powers; these in `powers`: off, step, drift.
  double left(const Delay& delay, Eigen::Vector3d& powers) const {
    Eigen::MatrixXd columns = columns_;
    columns.col(1) = response(delay);
    const Eigen::Matrix3d normal = columns.transpose() * columns;
    const Eigen::LDLT<Eigen::Matrix3d> factors{normal};
    if (factors.info() != Eigen::Success || factors.rcond() < 1e-12)
      return std::numeric_limits<double>::infinity();
    powers = factors.solve(columns.transpose() * watts_);
    return (watts_ - columns * powers).squaredNorm();
  }
  // Columns of the linearised problem: off, step, drift, lag, time constant.
  [[nodiscard]] Eigen::MatrixXd linearised(const Delay& delay, double step, const Delay& by) const {
    Eigen::MatrixXd columns(watts_.size(), 5);
    columns.leftCols(3) = columns_;
    columns.col(1) = response(delay);
    columns.col(3) = step / (2 * by.lag) *
                     (response({delay.lag + by.lag, delay.tau}) - response({delay.lag - by.lag, delay.tau}));
    const double down = std::min(by.tau, delay.tau);  // no time constant is negative
    columns.col(4) = step / (by.tau + down) *
                     (response({delay.lag, delay.tau + by.tau}) - response({delay.lag, delay.tau - down}));
    return columns;
  }
  [[nodiscard]] const Eigen::VectorXd& watts() const { return watts_; }
  [[nodiscard]] const std::vector<Piece>& pieces() const { return pieces_; }
  [[nodiscard]] StepFit thinned() const {
    const std::size_t every = pieces_.size() / searched + 1;
    std::vector<Piece> some;
    for (std::size_t i = 0; i < pieces_.size(); i += every) some.push_back(pieces_[i]);
    return {std::move(some), at_, on_};
  }

 private:
  std::vector<Piece> pieces_;
  std::vector<double> at_, on_;
  Eigen::MatrixXd columns_;  // the one of the response is filled in where it is used
  Eigen::VectorXd watts_;
};

double since(Instant moment, Instant origin) { return seconds(moment - origin); }

std::vector<Piece> pieces_of(const RailRecord& rail, Instant from, Instant to, double window) {
  const PowerTrace trace{rail};
  std::vector<Piece> pieces;
  if (trace.meaning() == Meaning::energy_total) {
    for (std::size_t i = 0; i + 1 < trace.size(); ++i) {
      const Instant begin = trace.moment(i), end = trace.moment(i + 1);
      if (const auto power = trace.stretch_power(i); power && begin >= from && end < to)
        pieces.push_back({since(begin, from), since(end, from), power->value()});
    }
    return pieces;
  }
  for (const Reading& reading : rail.readings) {
    const auto* power = std::get_if<Watts>(&reading.value);
    if (power == nullptr || reading.before < from || reading.before >= to) continue;
    if (!std::isfinite(power->value())) continue;
    const double end = since(reading.before, from);
    pieces.push_back({end - window, end, power->value()});
  }
  return pieces;
}

// The best of a grid; steps of the time constant in proportion to it.
Delay coarse(const StepFit& fit, double window, double whole) {
  Delay best;
  double least = std::numeric_limits<double>::infinity();
  const double first = std::max(50e-6, window / 4), earliest = -window - 1e-3, latest = 3 * window + 10e-3;
  Eigen::Vector3d powers;
  for (double tau = 0; tau<whole / 10; tau = tau> 0 ? tau * 1.3 : first)
    for (int i = 0; i <= 40; ++i) {
      const Delay delay{earliest + (latest - earliest) * i / 40, tau};
      if (const double left = fit.left(delay, powers); left < least) {
        least = left;
        best = delay;
      }
    }
  return best;
}

// Gauss-Newton; a step that does not help is halved.
Delay refined(const StepFit& fit, Delay delay, const Delay& by) {
  Eigen::Vector3d powers;
  double least = fit.left(delay, powers);
  for (int round = 0; round < 20; ++round) {
    const Eigen::MatrixXd columns = fit.linearised(delay, powers[1], by);
    const Eigen::VectorXd rest = fit.watts() - columns.leftCols(3) * powers;
    const Eigen::VectorXd move = columns.colPivHouseholderQr().solve(rest);
    double part = 1;
    bool better = false;
    for (int halving = 0; halving < 8 && !better; ++halving, part /= 2) {
      const Delay tried{delay.lag + part * move[3], std::max(0.0, delay.tau + part * move[4])};
      Eigen::Vector3d tried_powers;
      const double left = fit.left(tried, tried_powers);
      if (left >= least) continue;
      better = true;
      delay = tried;
      powers = tried_powers;
      const bool settled = least - left < 1e-9 * least;
      least = left;
      if (settled) return delay;
    }
    if (!better) break;
  }
  return delay;
}

// Half-widths of the five values: each block of time left out once, to first order.
Eigen::VectorXd half_widths(const StepFit& fit, const Eigen::MatrixXd& columns, const Eigen::VectorXd& rest) {
  const Eigen::MatrixXd normal = columns.transpose() * columns;
  const double whole = fit.pieces().back().end - fit.pieces().front().end;
  Eigen::MatrixXd values(columns.cols(), blocks);
  Eigen::Index row = 0;
  for (Eigen::Index block = 0; block < blocks; ++block) {
    const Eigen::Index first = row;
    const double until = fit.pieces().front().end + whole * static_cast<double>(block + 1) / blocks;
    while (row < columns.rows() &&
           (block + 1 == blocks || fit.pieces()[static_cast<std::size_t>(row)].end < until))
      ++row;
    const auto part = columns.middleRows(first, row - first);
    const Eigen::MatrixXd without = normal - part.transpose() * part;
    values.col(block) = without.ldlt().solve(columns.transpose() * rest -
                                             part.transpose() * rest.segment(first, row - first));
  }
  const Eigen::MatrixXd apart = values.colwise() - values.rowwise().mean();
  const double scale = static_cast<double>(blocks - 1) / static_cast<double>(blocks);
  return student_975(blocks - 1) * (apart.rowwise().squaredNorm() * scale).cwiseSqrt();
}

Nanoseconds rounded(double s) { return Nanoseconds{std::llround(s * 1e9)}; }

}  // namespace

std::vector<Nanoseconds> switching_plan(Nanoseconds length, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::uniform_real_distribution<> exponent{std::log(shortest_s), std::log(longest_s)};
  std::vector<Nanoseconds> lengths;
  for (Nanoseconds left = length; left > Nanoseconds{}; left -= lengths.back())
    lengths.push_back(rounded(std::exp(exponent(random))));
  return lengths;
}

std::optional<StepResponse> step_response(const RailRecord& rail, std::span<const LoadStep> steps,
                                          Instant from, Instant to) {
  const bool counts = rail.channel.meaning == Meaning::energy_total;
  // A value stands until the next one comes: its age at a read is anything up to that.
  const double window =
      !counts && !rail.channel.read_on_update ? seconds(rail.channel.refresh.value_or(Nanoseconds{})) : 0;
  std::vector<Piece> pieces = pieces_of(rail, from, to, window);
  if (pieces.size() < fewest_readings || steps.size() < fewest_steps) return std::nullopt;
  std::vector<double> at, on;
  for (const LoadStep& step : steps) {
    at.push_back(since(step.at, from));
    on.push_back(step.on ? 1 : 0);
  }
  const StepFit fit{std::move(pieces), std::move(at), std::move(on)};
  const Delay by{20e-6 + window / 20, 20e-6 + window / 20};
  const Delay delay = refined(fit, coarse(fit.thinned(), window, seconds(to - from)), by);
  Eigen::Vector3d powers;
  const double left = fit.left(delay, powers);
  const double all = (fit.watts().array() - fit.watts().mean()).matrix().squaredNorm();
  // A rail that stands still has a variance of rounding alone.
  const double rounding = static_cast<double>(fit.watts().size()) * std::pow(1e-9 * fit.watts().mean(), 2);
  if (!(all > rounding) || !(1 - left / all > least_explained)) return std::nullopt;
  const Eigen::MatrixXd columns = fit.linearised(delay, powers[1], by);
  const Eigen::VectorXd widths = half_widths(fit, columns, fit.watts() - columns.leftCols(3) * powers);
  if (!(std::abs(powers[1]) > widths[1])) return std::nullopt;
  StepResponse found;
  found.lag = rounded(delay.lag + window / 2);
  found.lag_half_width = rounded(widths[3]);
  found.time_constant = rounded(delay.tau);
  found.time_constant_half_width = rounded(widths[4]);
  found.off = Watts{powers[0]};
  found.step = Watts{powers[1]};
  found.step_half_width = Watts{widths[1]};
  found.explained = 1 - left / all;
  found.readings = fit.pieces().size();
  return found;
}

std::optional<bool> agrees(const StepResponse& found, const Channel& channel) {
  const bool counts = channel.meaning == Meaning::energy_total;
  if (!counts && !channel.averaging) return std::nullopt;
  const Nanoseconds half = found.time_constant_half_width;
  // Half a refresh is what the window itself blurs.
  const Nanoseconds blur = channel.refresh.value_or(Nanoseconds{}) / 2;
  if (counts || *channel.averaging == 1) return found.time_constant - half <= blur;
  const auto told = time_constant_of(channel);
  if (!told) return std::nullopt;
  const double low = seconds(found.time_constant - half), high = seconds(found.time_constant + half);
  return low <= seconds(*told) * (1 + oscillator) && high >= seconds(*told) * (1 - oscillator);
}

}  // namespace layerwatt
