// SPDX-License-Identifier: Apache-2.0
#include "core/units.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace layerwatt {
namespace {

using namespace literals;
using namespace std::chrono_literals;

TEST(Units, VoltsTimesAmperesAreWatts) { EXPECT_DOUBLE_EQ((5.0_V * 0.25_A).value(), 1.25); }

TEST(Units, WattsTimesTimeAreJoules) {
  EXPECT_DOUBLE_EQ((2.0_W * 500ms).value(), 1.0);
  EXPECT_DOUBLE_EQ((1.0_J / 250ms).value(), 4.0);
}

TEST(Units, SecondsRoundToTheNearestNanosecond) {
  EXPECT_EQ(from_seconds(1.5e-9), Nanoseconds{2});
  EXPECT_EQ(from_seconds(-2.4e-9), Nanoseconds{-2});
  EXPECT_EQ(from_seconds(seconds(123456789ns)), 123456789ns);
}

template <class A, class B>
concept Addable = requires(A a, B b) {
  a + b;
};
template <class A, class B>
concept Multipliable = requires(A a, B b) {
  a* b;
};

static_assert(!Addable<Watts, Joules>);
static_assert(!Addable<Watts, double>);
static_assert(!Multipliable<Watts, Watts>);
static_assert(!Multipliable<Volts, Volts>);
static_assert(!std::is_convertible_v<double, Watts>);
static_assert(std::is_same_v<decltype(1.0_J / 2.0_J), double>);

}  // namespace
}  // namespace layerwatt
