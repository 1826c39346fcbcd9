// SPDX-License-Identifier: Apache-2.0
// How a Result of core/result.h must not be used. Compiled by itself, once per case; without a case it must
// compile.
#include "core/result.h"

namespace layerwatt {

Result<int> read_rail();

int rail_or_zero() {
  const Result<int> rail = read_rail();
  return rail ? *rail : 0;
}

#ifdef IGNORED
void wrong() { read_rail(); }
#endif
#ifdef VALUE_WITHOUT_ASKING
int wrong() { return read_rail(); }
#endif

}  // namespace layerwatt
