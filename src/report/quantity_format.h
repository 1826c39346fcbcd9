// SPDX-License-Identifier: Apache-2.0
// Quantities for people: three significant digits and the prefix that suits, "12.3 mJ". Machine output never
// goes through here.
#pragma once
#include <string>
#include <string_view>

#include "attribution/profile.h"
#include "report/report.h"

namespace layerwatt {

// "12.3 mJ", "470 uJ" ("470 µJ" with Style::utf8), "0 J". `si` in the base unit.
std::string quantity(double si, std::string_view unit, const Style& style);
std::string quantity(Joules energy, const Style& style);
std::string quantity(Watts power, const Style& style);
std::string quantity(Nanoseconds time, const Style& style);

// "76.31 ± 0.82 mJ": two digits of the half-width, and the value to the same place, as long as it has at
// most five digits. Without an interval, as quantity(). An interval is shown by its half-width.
std::string quantity(const Estimate<Joules>& energy, const Style& style);
std::string quantity(const Estimate<Watts>& power, const Style& style);

// "± 1.2 %" of the value; empty without an interval or for a value of zero.
std::string relative_interval(const Estimate<Joules>& energy, const Style& style);

// "10.1 %"; one digit after the point. "-" when the whole is zero.
std::string share(double part, double whole);

}  // namespace layerwatt
