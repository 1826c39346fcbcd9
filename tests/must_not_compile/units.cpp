// SPDX-License-Identifier: Apache-2.0
// What the units of core/units.h and core/clock.h must refuse. Compiled by itself, once per case; without a
// case it must compile, which shows that the refusals come from the one line of each case.
#include "core/units.h"

#include <chrono>

#include "core/clock.h"

namespace layerwatt {

constexpr Watts power{5};
constexpr Joules energy{2};
constexpr Volts voltage{5};
constexpr Amperes current{1};
constexpr Instant now{Nanoseconds{7}};

constexpr Joules product = power * std::chrono::milliseconds{3};
constexpr Watts quotient = energy / std::chrono::milliseconds{3};
constexpr Watts electrical = voltage * current;
constexpr double ratio = energy / energy;
constexpr Nanoseconds difference = now - Instant{};

#ifdef WATTS_PLUS_JOULES
constexpr auto wrong = power + energy;
#endif
#ifdef WATTS_TIMES_WATTS
constexpr auto wrong = power * power;
#endif
#ifdef VOLTS_TIMES_VOLTS
constexpr auto wrong = voltage * voltage;
#endif
#ifdef JOULES_OVER_WATTS
constexpr auto wrong = energy / power;
#endif
#ifdef WATTS_LESS_THAN_JOULES
constexpr auto wrong = power < energy;
#endif
#ifdef WATTS_FROM_NUMBER
constexpr Watts wrong = 5.0;
#endif
#ifdef WATTS_FROM_JOULES
constexpr Watts wrong = energy;
#endif
#ifdef NUMBER_FROM_WATTS
constexpr double wrong = power;
#endif
#ifdef INSTANT_PLUS_INSTANT
constexpr auto wrong = now + now;
#endif
#ifdef INSTANT_OF_ANOTHER_CLOCK
const Instant wrong = std::chrono::steady_clock::now();
#endif

}  // namespace layerwatt
