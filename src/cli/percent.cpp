// SPDX-License-Identifier: Apache-2.0
// Parsing of percentages; see percent.h.
#include "cli/percent.h"

#include <cstdlib>

namespace layerwatt {

Result<double> parse_percent(const std::string& text) {
  const Error wrong{Errc::malformed, "percentage \"" + text + "\"",
                    "expected a number from 0 to 100 and the sign, as in 5% or 0.5%"};
  const auto sign = text.find_first_not_of("0123456789.");
  const std::string digits = text.substr(0, sign);
  if (sign == std::string::npos || text.substr(sign) != "%" ||
      digits.find_first_not_of('.') == std::string::npos || digits.find('.') != digits.rfind('.'))
    return wrong;
  const double share = std::strtod(digits.c_str(), nullptr) / 100;
  if (!(share <= 1)) return wrong;
  return share;
}

}  // namespace layerwatt
