// SPDX-License-Identifier: Apache-2.0
// See core_share.h and sched_getaffinity(2).
#include "session/core_share.h"

#include <sched.h>

#include <algorithm>

#include "core/cpu_list.h"

namespace layerwatt {

Result<CoreShare> share_cores(const std::vector<int>& allowed, const std::vector<int>& asked) {
  for (const int core : asked)
    if (!std::binary_search(allowed.begin(), allowed.end(), core))
      return Error{Errc::not_found, "CPU " + std::to_string(core),
                   "is offline, or not among those this process may use: " + to_cpu_list(allowed)};
  CoreShare share{asked, std::nullopt};
  if (asked.empty()) {
    share.network = allowed;
    // With only one, the network needs it more.
    if (allowed.size() > 1) share.network.pop_back();
  }
  for (const int core : allowed)
    if (!std::binary_search(share.network.begin(), share.network.end(), core)) share.sampling = core;
  return share;
}

std::vector<int> allowed_cores() {
  std::vector<int> cores;
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return cores;
  for (int core = 0; core < CPU_SETSIZE; ++core)
    if (CPU_ISSET(static_cast<std::size_t>(core), &allowed)) cores.push_back(core);
  return cores;
}

std::optional<int> sampling_core() { return share_cores(allowed_cores(), {})->sampling; }

}  // namespace layerwatt
