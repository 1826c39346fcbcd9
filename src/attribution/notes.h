// SPDX-License-Identifier: Apache-2.0
// The sentences that go with a profile: what is simulated or estimated, what is missing, what was odd, and
// what the numbers do not say. One sentence each; nothing here changes a number.
#pragma once
#include <string>
#include <vector>

#include "attribution/execution.h"
#include "attribution/inference_times.h"
#include "attribution/profile.h"

namespace layerwatt {

struct NoteFacts {
  const Timeline& timeline;
  const Execution& execution;
  std::vector<std::string> rails_left_out;  // not read in the energy pass
  std::vector<std::string> rails_idle_unsettled;
  Moments moments = Moments::owned;  // of layers that overlap, as the method has it
};

std::vector<std::string> notes_on(const Profile& profile, const NoteFacts& facts);

// "1.25 ms", three digits.
std::string milliseconds(Nanoseconds t);

}  // namespace layerwatt
