// SPDX-License-Identifier: Apache-2.0
// Counts of Linux' perf events on one processor, whoever runs there: the system call behind them and nothing
// of what they mean. Facts: perf_event_open(2); Linux, Documentation/admin-guide/perf-security.rst.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>

#include "core/result.h"

namespace layerwatt {

// As /sys/bus/event_source/devices/PMU says: its `type`, and the number of one of its `events`.
struct PerfEvent {
  std::uint32_t type = 0;
  std::uint64_t config = 0;
  int cpu = 0;
};

class PerfCount {
 public:
  virtual ~PerfCount() = default;
  // Since it was opened. No allocation on success. gone: the processor went offline.
  [[nodiscard]] virtual Result<std::uint64_t> read() const = 0;
};

// How a count is opened: open_perf_count(), or what stands in for it.
using OpenPerfCount = std::function<Result<std::unique_ptr<PerfCount>>(const PerfEvent&)>;

// Counts until the object goes. permission: this user may not count what others run.
Result<std::unique_ptr<PerfCount>> open_perf_count(const PerfEvent& event);

}  // namespace layerwatt
