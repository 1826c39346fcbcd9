// SPDX-License-Identifier: Apache-2.0
// The straight line, backwards; see calibrated_rail.h and docs/calibration.md.
#include "attribution/calibrated_rail.h"

#include <cassert>

namespace layerwatt {

bool can_be_corrected(const RailRecord& rail) {
  return rail.calibration && rail.channel.meaning == Meaning::power_now && rail.calibration->gain > 0;
}

RailRecord corrected(const RailRecord& rail) {
  assert(can_be_corrected(rail));
  RailRecord made = rail;
  for (Reading& reading : made.readings)
    if (Watts* power = std::get_if<Watts>(&reading.value)) *power = rail.calibration->power(*power);
  if (made.channel.quantum) made.channel.quantum = *made.channel.quantum / rail.calibration->gain;
  return made;
}

}  // namespace layerwatt
