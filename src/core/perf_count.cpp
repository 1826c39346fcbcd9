// SPDX-License-Identifier: Apache-2.0
// perf_event_open(2), which the C library does not wrap; see perf_count.h.
#include "core/perf_count.h"

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "core/descriptor.h"

namespace layerwatt {

namespace {

constexpr int everyone = -1, no_group = -1;

class OpenedCount final : public PerfCount {
 public:
  OpenedCount(Descriptor descriptor, std::string name)
      : descriptor_{std::move(descriptor)}, name_{std::move(name)} {}
  [[nodiscard]] Result<std::uint64_t> read() const override {
    std::uint64_t count = 0;
    const ssize_t n = ::read(descriptor_.get(), &count, sizeof count);
    if (n == sizeof count) return count;
    if (n < 0) return system_error(errno, name_, "reading");
    return Error{Errc::gone, name_, "the processor that it was counted on is offline"};
  }

 private:
  Descriptor descriptor_;
  std::string name_;
};

}  // namespace

Result<std::unique_ptr<PerfCount>> open_perf_count(const PerfEvent& event) {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.type = event.type;
  attributes.config = event.config;
  const long opened = ::syscall(SYS_perf_event_open, &attributes, everyone, event.cpu, no_group,
                                static_cast<unsigned long>(PERF_FLAG_FD_CLOEXEC));
  const int failure = errno;
  std::string name = "perf event " + std::to_string(event.type) + ":" + std::to_string(event.config) +
                     " on CPU " + std::to_string(event.cpu);
  if (opened < 0) return system_error(failure, std::move(name), "perf_event_open");
  return std::unique_ptr<PerfCount>{
      std::make_unique<OpenedCount>(Descriptor{static_cast<int>(opened)}, std::move(name))};
}

}  // namespace layerwatt
