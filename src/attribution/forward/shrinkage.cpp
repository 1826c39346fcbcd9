// SPDX-License-Identifier: Apache-2.0
// Empirical-Bayes ridge with a Student-t prior; see shrinkage.h. docs/forward.md derives each formula.
#include "attribution/forward/shrinkage.h"

#include <algorithm>
#include <cmath>

namespace layerwatt::forward {

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double first_ridge = 0.03 * 0.03;  // (noise / prior scale)^2 of the first look
constexpr double jitter = 1e-10;             // of the diagonal, so that unseen columns do not break the solve
constexpr int most_em_steps = 6, quick_em_steps = 2;
constexpr double settled = 0.02;  // change of a prior weight that ends EM

MatrixXd inverse_of(const MatrixXd& positive) {
  return positive.llt().solve(MatrixXd::Identity(positive.rows(), positive.cols()));
}

double log_determinant(const MatrixXd& positive) {
  const MatrixXd lower = positive.llt().matrixL();
  return 2 * lower.diagonal().array().log().sum();
}

// Layers x classes: which mean a layer is shrunk towards.
MatrixXd class_matrix(std::size_t layers, const std::vector<std::uint32_t>& classes) {
  if (classes.size() != layers) return MatrixXd::Ones(static_cast<Index>(layers), 1);
  const std::uint32_t count = *std::max_element(classes.begin(), classes.end()) + 1;
  MatrixXd x = MatrixXd::Zero(static_cast<Index>(layers), static_cast<Index>(count));
  for (std::size_t l = 0; l < layers; ++l) x(static_cast<Index>(l), static_cast<Index>(classes[l])) = 1;
  std::vector<Index> used;
  for (Index c = 0; c < x.cols(); ++c)
    if (x.col(c).sum() > 0) used.push_back(c);
  MatrixXd kept(x.rows(), static_cast<Index>(used.size()));
  for (std::size_t c = 0; c < used.size(); ++c) kept.col(static_cast<Index>(c)) = x.col(used[c]);
  return kept;
}

// Prior precision of the layers, class means projected out: W - W X (X'WX)^-1 X'W.
MatrixXd prior_precision(const VectorXd& weights, const MatrixXd& x) {
  const MatrixXd wx = weights.asDiagonal() * x;
  MatrixXd precision = -wx * (x.transpose() * wx).llt().solve(wx.transpose());
  precision.diagonal() += weights;
  return precision;
}

struct BlockScores {
  MatrixXd outer;     // jackknifed sum of score x score'
  double clustering;  // against noise_variance x Gram, over the layers that were seen
};

// Scores of blocks as they are: a little too small, since each block drew the solution towards itself.
MatrixXd plain_scores(const NormalEquations& e, const VectorXd& p) {
  MatrixXd scores(e.size(), static_cast<Index>(e.gram.size()));
  for (std::size_t b = 0; b < e.gram.size(); ++b)
    scores.col(static_cast<Index>(b)) = e.moment[b] - e.gram[b] * p;
  return scores;
}

// (I - gram x hat)^-1 score: what the block's score would be had the block had no part in the solution. Few
// terms of the geometric series do while a block is a small part of all; a layer that ran in one block only
// needs the exact solution.
VectorXd without_itself(const MatrixXd& gram, const MatrixXd& hat, const VectorXd& score) {
  constexpr int terms = 10;
  constexpr double enough = 1e-3;
  VectorXd sum = score, term = score;
  const double size = score.norm();
  for (int i = 0; i < terms; ++i) {
    term = gram * (hat * term);
    sum += term;
    if (term.norm() <= enough * size) return sum;
  }
  MatrixXd left = -gram * hat;
  left.diagonal().array() += 1 + 1e-9;
  return left.partialPivLu().solve(score);
}

BlockScores score_blocks(const NormalEquations& e, const VectorXd& p, const MatrixXd* hat,
                         double noise_variance) {
  const auto blocks = static_cast<double>(e.gram.size());
  MatrixXd scores = plain_scores(e, p);
  if (hat != nullptr)
    for (std::size_t b = 0; b < e.gram.size(); ++b) {
      const auto at = static_cast<Index>(b);
      scores.col(at) = without_itself(e.gram[b], *hat, scores.col(at));
    }
  BlockScores result{scores * scores.transpose() * ((blocks - 1) / blocks), 1};
  const auto layers = static_cast<Index>(e.layers);
  const VectorXd seen = e.gram_sum.diagonal().head(layers);
  double found = 0, expected = 0;
  for (Index l = 0; l < layers; ++l) {
    if (seen[l] <= 1e-9 * seen.maxCoeff()) continue;
    found += result.outer(l, l);
    expected += noise_variance * seen[l];
  }
  if (expected > 0) result.clustering = found / expected;
  return result;
}

// What one prior scale gives.
struct Candidate {
  double scale = 0, log_evidence = 0;
  VectorXd weights, power;
  MatrixXd inverse, precision;  // posterior covariance; prior precision / scale^2
};

Candidate fit_scale(const NormalEquations& e, const MatrixXd& gram, const MatrixXd& x, double noise,
                    double scale, const ShrinkageOptions& options, VectorXd weights) {
  const double degrees = options.degrees;
  const int steps = options.quick ? quick_em_steps : most_em_steps;
  const auto layers = static_cast<Index>(e.layers);
  Candidate c;
  c.scale = scale;
  MatrixXd a;
  for (int step = 0; step < steps; ++step) {
    c.precision = prior_precision(weights, x) / (scale * scale);
    a = gram / noise;
    a.topLeftCorner(layers, layers) += c.precision;
    c.inverse = inverse_of(a);
    c.power = c.inverse * (e.moment_sum / noise);
    const MatrixXd wx = weights.asDiagonal() * x;
    const MatrixXd centring =
        MatrixXd::Identity(layers, layers) - x * (x.transpose() * wx).llt().solve(wx.transpose());
    const VectorXd away = centring * c.power.head(layers);
    const MatrixXd spread = centring * c.inverse.topLeftCorner(layers, layers);
    const VectorXd variance = (spread.array() * centring.array()).rowwise().sum().max(0.0);
    const VectorXd next =
        (degrees + 1) / (degrees + (away.array().square() + variance.array()) / (scale * scale));
    const double change = (next - weights).cwiseAbs().maxCoeff();
    c.weights = weights;
    weights = next;
    if (change < settled) break;
  }
  const MatrixXd wx = c.weights.asDiagonal() * x;
  const auto free = static_cast<double>(layers - x.cols());
  c.log_evidence =
      -0.5 *
      (log_determinant(a) -
       (c.weights.array().log().sum() - log_determinant(x.transpose() * wx) - 2 * free * std::log(scale)) -
       e.moment_sum.dot(c.power) / noise);
  // Gamma(degrees/2, degrees/2) weights, Laplace approximation.
  c.log_evidence += ((degrees / 2 - 1) * c.weights.array().log() - degrees / 2 * c.weights.array()).sum() +
                    0.5 * (2 * c.weights.array().square() / (degrees + 1)).log().sum();
  c.log_evidence += std::log(scale);  // uniform prior on the scale, on a logarithmic grid
  return c;
}

std::vector<double> posterior_weights(const std::vector<Candidate>& candidates) {
  double best = candidates.front().log_evidence, sum = 0;
  for (const Candidate& c : candidates) best = std::max(best, c.log_evidence);
  std::vector<double> weights;
  for (const Candidate& c : candidates) weights.push_back(std::exp(c.log_evidence - best));
  for (const double w : weights) sum += w;
  for (double& w : weights) w /= sum;
  return weights;
}

}  // namespace

Fit shrink(const NormalEquations& e, const ShrinkageOptions& options) {
  const auto layers = static_cast<Index>(e.layers);
  const auto rows = static_cast<double>(e.rows);
  const MatrixXd x = class_matrix(e.layers, options.classes);
  MatrixXd gram = e.gram_sum;
  gram.diagonal() += jitter * e.gram_sum.diagonal().cwiseMax(1e-20);

  MatrixXd first = gram;
  first.topLeftCorner(layers, layers) += first_ridge * prior_precision(VectorXd::Ones(layers), x);
  const MatrixXd first_inverse = inverse_of(first);
  Fit fit;
  fit.power = first_inverse * e.moment_sum;
  const auto noise_of = [&](const VectorXd& p, double freedom) {
    return std::max(e.residual_squares(p), 1e-12) / std::max(rows - freedom, 0.1 * rows);
  };
  fit.freedom = (first_inverse.array() * e.gram_sum.array()).sum();
  fit.noise_variance = noise_of(fit.power, fit.freedom);
  BlockScores scores =
      score_blocks(e, fit.power, options.quick ? nullptr : &first_inverse, fit.noise_variance);
  const VectorXd seen = e.gram_sum.diagonal().head(layers);
  const double mean_power =
      std::max(std::abs(fit.power.head(layers).dot(seen)) / std::max(seen.sum(), 1e-30), 1e-9);

  std::vector<Candidate> candidates;
  std::vector<double> weights;
  double noise = 0;
  std::size_t best = 0;
  const int rounds = options.quick ? 1 : 2;
  for (int round = 0; round < rounds; ++round) {
    noise = fit.noise_variance * std::max(scores.clustering, 1.0);
    candidates.clear();
    VectorXd start = VectorXd::Ones(layers);
    for (int i = options.scales; i-- > 0;) {
      const double part = options.scales > 1 ? i / (options.scales - 1.0) : 0.5;
      const double scale = mean_power * 0.004 * std::pow(0.8 / 0.004, part);
      candidates.push_back(fit_scale(e, gram, x, noise, scale, options, start));
      start = candidates.back().weights;
    }
    weights = posterior_weights(candidates);
    fit.power.setZero();
    for (std::size_t i = 0; i < candidates.size(); ++i) fit.power += weights[i] * candidates[i].power;
    best = static_cast<std::size_t>(std::max_element(weights.begin(), weights.end()) - weights.begin());
    fit.freedom = (candidates[best].inverse.array() * e.gram_sum.array()).sum() / noise;
    fit.noise_variance = noise_of(fit.power, fit.freedom);
    if (options.quick) break;
    fit.hat = candidates[best].inverse / noise;
    scores = score_blocks(e, fit.power, &fit.hat, fit.noise_variance);
  }
  fit.clustering = std::max(scores.clustering, 1.0);
  if (options.quick) {
    fit.covariance = candidates[best].inverse;
    fit.prior_scale = candidates[best].scale;
    fit.reliability = VectorXd::Ones(layers);
    return fit;
  }

  const MatrixXd middle = 0.5 * scores.outer + 0.5 * noise * e.gram_sum;
  fit.covariance = MatrixXd::Zero(e.size(), e.size());
  double kept = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (weights[i] < 1e-3) continue;
    const Candidate& c = candidates[i];
    const VectorXd away = c.power - fit.power;
    const MatrixXd towards_prior = c.inverse.leftCols(layers);
    fit.covariance +=
        weights[i] * (c.inverse * middle * c.inverse / (noise * noise) +
                      towards_prior * c.precision * towards_prior.transpose() + away * away.transpose());
    fit.prior_scale += weights[i] * c.scale;
    kept += weights[i];
  }
  fit.covariance /= kept;
  fit.prior_scale /= kept;
  fit.reliability = 1 - fit.covariance.diagonal().head(layers).array() * candidates[best].weights.array() /
                            (fit.prior_scale * fit.prior_scale);
  fit.reliability = fit.reliability.cwiseMax(0.0).cwiseMin(1.0);
  return fit;
}

MatrixXd likeness_precision(std::size_t layers) {
  // Neighbouring layers are alike: an AR(0.4) prior with free mean steadies the search on few readings.
  constexpr double likeness = 0.4;
  const auto n = static_cast<Index>(layers);
  MatrixXd correlation(n, n);
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j)
      correlation(i, j) = std::pow(likeness, static_cast<double>(std::abs(i - j)));
  MatrixXd precision = inverse_of(correlation);
  const VectorXd sums = precision.rowwise().sum();
  precision -= sums * sums.transpose() / sums.sum();
  return precision;
}

double misfit_of(const NormalEquations& e, const MatrixXd& precision) {
  const auto layers = static_cast<Index>(e.layers);
  const auto rows = static_cast<double>(e.rows);
  double lowest = 0;
  bool any = false;
  for (const double ratio : {0.0005, 0.01, 0.2, 4.0}) {  // (noise / prior scale)^2
    MatrixXd a = e.gram_sum;
    a.diagonal() += jitter * e.gram_sum.diagonal().cwiseMax(1e-9);
    a.topLeftCorner(layers, layers) += ratio * precision;
    const Eigen::LLT<MatrixXd> factor = a.llt();
    const double left = std::max(e.squares - e.moment_sum.dot(factor.solve(e.moment_sum)), 1e-12);
    const double value = 0.5 * rows * std::log(left / rows) +
                         factor.matrixLLT().diagonal().array().log().sum() -
                         0.5 * static_cast<double>(layers - 1) * std::log(ratio);
    lowest = any ? std::min(lowest, value) : value;
    any = true;
  }
  return lowest;
}

}  // namespace layerwatt::forward
