// SPDX-License-Identifier: Apache-2.0
// memfd and seals: memfd_create(2), fcntl(2). The size is sealed because a child could otherwise shrink the
// file and end this process with SIGBUS.
#include "markers/ring.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace layerwatt {

namespace {

constexpr const char* what = "memory for marks";

}  // namespace

Result<MarkRing> MarkRing::create(const MarkRingOptions& options) {
  const lw_geometry_ geometry{options.threads, options.marks_per_thread, options.names};
  if (lw_geometry_fits_(&geometry) == 0)
    return Error{Errc::unsupported, what, "1 to 1024 threads, a power of two of marks, 2 to 2^20 names"};
  const std::size_t size = lw_memory_size_(&geometry);
  const int descriptor = ::memfd_create("layerwatt-marks", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (descriptor < 0) return system_error(errno, what, "memfd_create");
  const bool sealed = ::ftruncate(descriptor, static_cast<off_t>(size)) == 0 &&
                      ::fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0;
  void* memory = MAP_FAILED;
  if (sealed) memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) {
    const int failure = errno;
    ::close(descriptor);
    return system_error(failure, what, "making it");
  }
  lay_out_rings(static_cast<lw_shared_memory_*>(memory), geometry);
  return MarkRing{descriptor, static_cast<lw_shared_memory_*>(memory), geometry};
}

MarkRing::MarkRing(int descriptor, lw_shared_memory_* memory, const lw_geometry_& geometry)
    : descriptor_{descriptor},
      memory_{memory},
      size_{lw_memory_size_(&geometry)},
      reader_{std::make_unique<RingReader>(memory, geometry)} {}

MarkRing::MarkRing(MarkRing&& other) noexcept
    : descriptor_{std::exchange(other.descriptor_, -1)},
      memory_{std::exchange(other.memory_, nullptr)},
      size_{other.size_},
      reader_{std::move(other.reader_)} {}

MarkRing& MarkRing::operator=(MarkRing&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(memory_, other.memory_);
  std::swap(size_, other.size_);
  std::swap(reader_, other.reader_);
  return *this;
}

MarkRing::~MarkRing() {
  if (memory_ != nullptr) ::munmap(memory_, size_);
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace layerwatt
