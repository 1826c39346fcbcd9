// SPDX-License-Identifier: Apache-2.0
#include "attribution/forward/mark_smoothing.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace layerwatt::forward {
namespace {

struct Marked {
  Boundaries truth, marks;
};

Marked run(std::size_t inferences, double mark_deviation, unsigned seed) {
  std::mt19937_64 random{seed};
  std::normal_distribution<double> normal;
  const std::vector<double> usual{50, 300, 20, 700, 120, 80};
  Marked m;
  m.truth.layers = m.marks.layers = usual.size();
  double t = 1000;
  for (std::size_t r = 0; r < inferences; ++r) {
    m.truth.moment_us.push_back(t);
    for (const double duration : usual)
      m.truth.moment_us.push_back(t += duration * (1 + 0.01 * normal(random)));
    t += 2000;
  }
  for (const double moment : m.truth.moment_us)
    m.marks.moment_us.push_back(moment + mark_deviation * normal(random));
  return m;
}

double rms(const Boundaries& a, const Boundaries& b) {
  double squares = 0;
  for (std::size_t i = 0; i < a.moment_us.size(); ++i)
    squares += std::pow(a.moment_us[i] - b.moment_us[i], 2);
  return std::sqrt(squares / static_cast<double>(a.moment_us.size()));
}

// The variance of 2000 x 5 covariances of clipped normals is known to about 5 %.
TEST(MarkSmoothing, FindsHowNoisyTheMarksAre) {
  const Marked m = run(2000, 5, 1);
  EXPECT_NEAR(estimate_mark_noise(m.marks).mark_variance, 25, 2.5);
}

TEST(MarkSmoothing, LessensTheErrorOfTheMarks) {
  const Marked m = run(2000, 10, 2);
  EXPECT_LT(rms(smooth_marks(m.marks), m.truth), 0.75 * rms(m.marks, m.truth));
}

TEST(MarkSmoothing, KeepsOrder) {
  const Marked m = run(300, 30, 3);
  const Boundaries smooth = smooth_marks(m.marks);
  for (std::size_t i = 1; i < smooth.moment_us.size(); ++i)
    EXPECT_LE(smooth.moment_us[i - 1], smooth.moment_us[i]);
}

TEST(MarkSmoothing, FindsThePreemptedInference) {
  Marked m = run(400, 2, 4);
  const std::size_t inference = 217, layer = 3;
  for (std::size_t i = inference * 7 + layer + 1; i < m.marks.moment_us.size(); ++i)
    m.marks.moment_us[i] += 900;
  const std::vector<bool> disturbed = disturbed_inferences(m.marks);
  EXPECT_TRUE(disturbed[inference]);
  EXPECT_LE(std::count(disturbed.begin(), disturbed.end(), true), 3);
}

TEST(MarkSmoothing, LeavesAFewInferencesAlone) {
  const Marked m = run(3, 10, 5);
  EXPECT_EQ(smooth_marks(m.marks).moment_us, m.marks.moment_us);
}

}  // namespace
}  // namespace layerwatt::forward
