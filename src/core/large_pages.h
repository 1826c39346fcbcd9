// SPDX-License-Identifier: Apache-2.0
// Memory that is new to a process comes page by page, each by a fault that takes longer than filling the
// page: of an array of millions that is most of its cost. Large pages are 512 times fewer. madvise(2).
#pragma once
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace layerwatt {

// In large pages as far as the kernel has any to give. For memory that is filled at once.
inline void advise_large(void* memory, std::size_t size) {
  constexpr std::uintptr_t page = 4096;  // of every kernel that has large ones; elsewhere advice is refused
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  const std::uintptr_t first = (begin + page - 1) / page * page, last = (begin + size) / page * page;
  if (first < last) (void)madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
}

template <class T>
void reserve_large(std::vector<T>& array, std::size_t count) {
  array.reserve(count);
  advise_large(array.data(), count * sizeof(T));
}

// Of no value until written.
template <class T>
std::unique_ptr<T[]> large_array(std::size_t count) {
  auto array = std::make_unique_for_overwrite<T[]>(count);
  advise_large(array.get(), count * sizeof(T));
  return array;
}

}  // namespace layerwatt
