// SPDX-License-Identifier: Apache-2.0
// Memory that is new to a process comes page by page, each by a fault that takes longer than filling the
// page: of an array of millions that is most of its cost. Large pages are 512 times fewer. madvise(2).
#pragma once
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace layerwatt {

// Reserves, in large pages as far as the kernel has any to give. For arrays that are filled at once.
template <class T>
void reserve_large(std::vector<T>& array, std::size_t count) {
  constexpr std::uintptr_t page = 4096;  // of every kernel that has large ones; elsewhere advice is refused
  array.reserve(count);
  const auto begin = reinterpret_cast<std::uintptr_t>(array.data());
  const std::uintptr_t first = (begin + page - 1) / page * page,
                       last = (begin + count * sizeof(T)) / page * page;
  if (first < last) (void)madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
}

}  // namespace layerwatt
