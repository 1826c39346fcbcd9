// SPDX-License-Identifier: Apache-2.0
// The reading half of include/layerwatt/marker_ring.h.
#include "markers/ring_reader.h"

#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "markers/printable.h"

namespace layerwatt {

namespace {

// Two stamps below this can be subtracted in 64 bits; it is 146 years of uptime.
constexpr std::uint64_t latest_stamp = std::uint64_t{1} << 62;
constexpr std::uint32_t number_mask = (std::uint32_t{1} << LW_NUMBER_BITS_) - 1;

template <class T>
T relaxed(const T& shared) {
  return __atomic_load_n(&shared, __ATOMIC_RELAXED);
}

template <class T>
T acquired(const T& shared) {
  return __atomic_load_n(&shared, __ATOMIC_ACQUIRE);
}

std::uint64_t own_pid_namespace() {
  struct stat status {};
  return ::stat("/proc/self/ns/pid", &status) == 0 ? std::uint64_t{status.st_ino} : 0;
}

bool process_is_gone(std::uint32_t pid) {
  const auto number = static_cast<pid_t>(pid);
  return number > 0 && ::kill(number, 0) != 0 && errno == ESRCH;
}

}  // namespace

void lay_out_rings(lw_shared_memory_* memory, const lw_geometry_& geometry) {
  memory->magic = LW_RING_MAGIC_;
  memory->version = LW_RING_VERSION_;
  memory->geometry = geometry;
}

RingReader::RingReader(lw_shared_memory_* memory, const lw_geometry_& geometry)
    : memory_{memory},
      geometry_{geometry},
      sides_(geometry.rings),
      names_(geometry.names),
      pid_namespace_{own_pid_namespace()} {
  names_[0] = "(unnamed)";
}

void RingReader::drain(MarkSink& sink) {
  std::uint32_t free = 0;
  for (std::uint32_t i = 0; i < geometry_.rings; ++i) {
    if (acquired(lw_ring_at_(memory_, &geometry_, i)->owner) == 0 && !sides_[i].used) {
      ++free;
      continue;
    }
    drain_ring(i, sink);
  }
  // Threads that end give their ring back; processes that end do not. Asked only when rings run short,
  // because it takes a system call for each.
  if (free < geometry_.rings / 4 + 1) release_dead(sink);
}

void RingReader::drain_ring(std::uint32_t index, MarkSink& sink) {
  lw_ring_* ring = lw_ring_at_(memory_, &geometry_, index);
  const lw_record_* records = lw_records_of_(memory_, &geometry_, index);
  Side& side = sides_[index];
  if (!side.used) {
    side.used = true;
    side.thread = next_thread_++;
  }
  const std::uint64_t head = acquired(ring->head);
  if (head - side.taken > geometry_.records) {
    // Not written by marker.h. Start again from where the other side claims to be.
    ++counts_.damaged;
    side.taken = head;
  }
  for (; side.taken != head; ++side.taken) {
    const lw_record_& record = records[side.taken & (geometry_.records - 1)];
    take({relaxed(record.nanoseconds), relaxed(record.what)}, side.thread, sink);
  }
  __atomic_store_n(&ring->tail, side.taken, __ATOMIC_RELEASE);
  const std::uint64_t dropped = relaxed(ring->dropped);
  if (dropped > side.dropped) counts_.dropped += dropped - side.dropped;
  side.dropped = dropped;
  release_if_left(index, sink);
}

void RingReader::take(const lw_record_& record, std::uint32_t thread, MarkSink& sink) {
  const auto kind = record.what & 0xff;
  const auto slot = static_cast<std::uint32_t>(record.what >> 32);
  const std::string* text = name(slot);
  if (kind < LW_BEGIN_ || kind > LW_INSTANT_ || text == nullptr || record.nanoseconds >= latest_stamp) {
    ++counts_.damaged;
    return;
  }
  ++counts_.written;
  constexpr std::array kinds{MarkKind::begin, MarkKind::end, MarkKind::instant};
  sink.mark({kinds[kind - LW_BEGIN_], thread, slot, *text,
             static_cast<std::uint32_t>(record.what >> 8) & number_mask,
             Instant{Nanoseconds{static_cast<Nanoseconds::rep>(record.nanoseconds)}}});
}

// Copied once and kept: what the other side does to its copy later does not matter.
const std::string* RingReader::name(std::uint32_t slot) {
  if (slot >= geometry_.names) return nullptr;
  std::string& known = names_[slot];
  if (!known.empty()) return &known;
  const lw_interned_* shared = lw_interned_at_(memory_, slot);
  if (acquired(shared->state) != LW_NAME_READY_) return nullptr;
  std::string text;
  for (std::size_t i = 0; i < LW_NAME_BYTES_; ++i) {
    const char byte = relaxed(shared->text[i]);
    if (byte == '\0') break;
    text += byte;
  }
  known = text.empty() ? "(unnamed)" : printable(text);
  return &known;
}

void RingReader::release_if_left(std::uint32_t index, MarkSink& sink) {
  lw_ring_* ring = lw_ring_at_(memory_, &geometry_, index);
  // `owner` is read before `head`: once it says that the thread has left, `head` does not move any more.
  if ((acquired(ring->owner) & LW_OWNER_LEFT_) == 0) return;
  if (acquired(ring->head) == sides_[index].taken) release(index, sink);
}

void RingReader::release_dead(MarkSink& sink) {
  for (std::uint32_t i = 0; i < geometry_.rings; ++i) {
    if (!sides_[i].used) continue;
    const lw_ring_* ring = lw_ring_at_(memory_, &geometry_, i);
    const std::uint32_t owner = acquired(ring->owner);
    // A process id means nothing in another namespace.
    const bool comparable = pid_namespace_ != 0 && relaxed(ring->pid_namespace) == pid_namespace_;
    if (owner == 0 || !comparable || !process_is_gone(owner & ~LW_OWNER_LEFT_)) continue;
    if (acquired(ring->head) == sides_[i].taken) release(i, sink);
  }
}

void RingReader::release(std::uint32_t index, MarkSink& sink) {
  lw_ring_* ring = lw_ring_at_(memory_, &geometry_, index);
  sink.thread_ended(sides_[index].thread);
  sides_[index].used = false;
  __atomic_store_n(&ring->pid_namespace, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&ring->owner, 0, __ATOMIC_RELEASE);
}

MarkCounts RingReader::counts() const {
  MarkCounts counts = counts_;
  counts.dropped += relaxed(memory_->ringless);
  counts.names_refused = relaxed(memory_->names_refused);
  return counts;
}

}  // namespace layerwatt
