// SPDX-License-Identifier: Apache-2.0
// `--board virtual:X`: execution, sensors and time are all the virtual board's. SIMULATED, and the durations
// UNCALIBRATED. Only the network's description comes from the runner.
#pragma once
#include "session/profile_session.h"

namespace layerwatt {

Result<SessionOutcome> run_virtual_profile(const Machine& machine, const ProfileOptions& options,
                                           Progress& progress);

}  // namespace layerwatt
