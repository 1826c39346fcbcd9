// SPDX-License-Identifier: Apache-2.0
#include "report/quantity_format.h"

#include <gtest/gtest.h>

#include <limits>

#include "report/testing/styles.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

std::string joules(double value, double half_width, const Style& style = ascii) {
  return quantity(Estimate<Joules>{Joules{value}, {{Joules{value - half_width}, Joules{value + half_width}}}},
                  style);
}

TEST(Quantity, HasThreeDigitsAndThePrefixThatSuits) {
  EXPECT_EQ(quantity(12.345e-3, "J", ascii), "12.3 mJ");
  EXPECT_EQ(quantity(1.2345, "J", ascii), "1.23 J");
  EXPECT_EQ(quantity(123.45, "J", ascii), "123 J");
  EXPECT_EQ(quantity(1234.5, "J", ascii), "1.23 kJ");
  EXPECT_EQ(quantity(4.5e-9, "J", ascii), "4.50 nJ");
  EXPECT_EQ(quantity(100e-6, "J", ascii), "100 uJ");
  EXPECT_EQ(quantity(-12.345e-3, "J", ascii), "-12.3 mJ");
}

TEST(Quantity, WritesTheMicroSignOnlyInUtf8) {
  EXPECT_EQ(quantity(470us, utf8), "470 µs");
  EXPECT_EQ(quantity(470us, ascii), "470 us");
}

TEST(Quantity, RoundsUpIntoTheNextDigitAndPrefix) {
  EXPECT_EQ(quantity(9.996e-3, "J", ascii), "10.0 mJ");
  EXPECT_EQ(quantity(99.96e-3, "J", ascii), "100 mJ");
  EXPECT_EQ(quantity(0.99951, "J", ascii), "1.00 J");
  EXPECT_EQ(quantity(0.9994, "J", ascii), "999 mJ");
}

TEST(Quantity, ShowsZeroPlainAndWhatIsNoNumberAsADash) {
  EXPECT_EQ(quantity(Joules{0}, ascii), "0 J");
  EXPECT_EQ(quantity(Joules{std::numeric_limits<double>::quiet_NaN()}, ascii), "-");
}

TEST(Quantity, StaysReadableBeyondItsPrefixes) {
  EXPECT_EQ(quantity(5e12, "J", ascii), "5000 GJ");
  EXPECT_EQ(quantity(4e-14, "J", ascii), "0.040 pJ");
}

TEST(Quantity, GivesTheValueToThePlaceOfItsInterval) {
  EXPECT_EQ(joules(76.3149e-3, 0.82e-3), "76.31 +- 0.82 mJ");
  EXPECT_EQ(joules(76.3149e-3, 0.82e-3, utf8), "76.31 ± 0.82 mJ");
  EXPECT_EQ(joules(76.3149e-3, 9.96e-3), "76 +- 10 mJ");
  EXPECT_EQ(joules(999.7e-3, 12e-3), "1.000 +- 0.012 J");
  EXPECT_EQ(joules(1.2e-3, 4.5e-3), "1.2 +- 4.5 mJ");  // not even the sign is known
}

TEST(Quantity, GivesAtMostFiveDigitsHoweverSmallTheInterval) {
  EXPECT_EQ(joules(76.3149e-3, 1e-9), "76.315 +- 0.000 mJ");
}

TEST(Quantity, WithoutAnIntervalIsPlain) {
  EXPECT_EQ(quantity(Estimate<Joules>{Joules{0.5}, {}}, ascii), "500 mJ");
}

TEST(RelativeInterval, IsHalfTheWidthOverTheValue) {
  EXPECT_EQ(relative_interval({Joules{2}, {{Joules{1.9}, Joules{2.1}}}}, ascii), "+- 5.0 %");
  EXPECT_EQ(relative_interval({Joules{2}, {{Joules{1.5}, Joules{2.5}}}}, utf8), "± 25 %");
  EXPECT_EQ(relative_interval({Joules{2e-6}, {{Joules{-1}, Joules{1}}}}, ascii), "+- >999 %");
  EXPECT_EQ(relative_interval({Joules{2}, {}}, ascii), "");
}

TEST(Share, OfNothingIsADash) {
  EXPECT_EQ(share(1, 8), "12.5 %");
  EXPECT_EQ(share(0, 0), "-");
}

}  // namespace
}  // namespace layerwatt
