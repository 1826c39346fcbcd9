// SPDX-License-Identifier: Apache-2.0
// Marks from C++11, built against an installed layerwatt. Nobody listens, so nothing may happen.
#include <layerwatt/marker.h>

int main() {
  const lw_name_t name = lw_name("conv1");
  lw_begin(name);
  lw_end(name);
  return name == 0 ? 0 : 1;
}
