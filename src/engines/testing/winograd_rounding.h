// SPDX-License-Identifier: Apache-2.0
// For tests: how much more Winograd's F(4x4, 3x3) rounds than a sum of products does. Found by doing both in
// float32 and float64 on random tiles; the matrices are those of Lavin and Gray,
// https://arxiv.org/abs/1509.09308, section 4.3.
#pragma once
#include <Eigen/Core>
#include <cmath>
#include <random>

namespace layerwatt::testing {

inline double winograd_rounding() {
  using Tile = Eigen::Matrix<float, 6, 6>;
  using Exact = Eigen::MatrixXd;
  Eigen::Matrix<float, 6, 6> b;
  b << 4, 0, -5, 0, 1, 0, 0, -4, -4, 1, 1, 0, 0, 4, -4, -1, 1, 0, 0, -2, -1, 2, 1, 0, 0, 2, -1, -2, 1, 0, 0,
      4, 0, -5, 0, 1;
  Eigen::Matrix<float, 6, 3> g;
  g << 1.F / 4, 0, 0, -1.F / 6, -1.F / 6, -1.F / 6, -1.F / 6, 1.F / 6, -1.F / 6, 1.F / 24, 1.F / 12, 1.F / 6,
      1.F / 24, -1.F / 12, 1.F / 6, 0, 0, 1;
  Eigen::Matrix<float, 4, 6> a;
  a << 1, 1, 1, 1, 1, 0, 0, 1, -1, 2, -2, 0, 0, 1, 1, 4, 4, 0, 0, 1, -1, 8, -8, 1;
  std::mt19937_64 random{5};
  std::normal_distribution<float> normal;
  double by_winograd = 0, by_sum = 0;
  for (int trial = 0; trial < 2000; ++trial) {
    const Tile d = Tile::NullaryExpr([&] { return normal(random); });
    const Eigen::Matrix3f w = Eigen::Matrix3f::NullaryExpr([&] { return normal(random); });
    const Tile transformed = b * d * b.transpose(), weights = g * w * g.transpose();
    const Eigen::Matrix4f winograd = a * transformed.cwiseProduct(weights) * a.transpose();
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 4; ++j) {
        const double exact = (Exact{d.block<3, 3>(i, j).cast<double>()}.cwiseProduct(w.cast<double>())).sum();
        float sum = 0;
        for (int k = 0; k < 9; ++k) sum += d(i + k / 3, j + k % 3) * w(k / 3, k % 3);
        by_winograd += std::pow(winograd(i, j) - exact, 2);
        by_sum += std::pow(sum - exact, 2);
      }
  }
  return std::sqrt(by_winograd / by_sum);
}

}  // namespace layerwatt::testing
