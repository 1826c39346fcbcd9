// SPDX-License-Identifier: Apache-2.0
// The inputs of a run, ready to be copied: pictures as the network takes them, one after the other. Engines
// copy from it as they copy anything else and know nothing of pictures.
#pragma once
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/vocabulary.h"

namespace layerwatt {

class InputSet {
 public:
  // The number of what staging() holds, which is of no timed run.
  static constexpr std::uint64_t staged = ~std::uint64_t{0};

  // Room for `count` >= 1 pictures, of which an inference takes `batch` >= 1.
  InputSet(std::size_t count, std::size_t batch, std::size_t picture_bytes)
      : count_{count},
        batch_{batch},
        picture_bytes_{picture_bytes},
        bytes_((count + batch - 1) * picture_bytes),
        staging_(batch * picture_bytes) {}

  // What inference `number` is given: its pictures follow those of the one before, and begin anew after the
  // last.
  [[nodiscard]] std::span<const std::byte> input(std::uint64_t number) const {
    if (number == staged) return staging_;
    const auto first = static_cast<std::size_t>(number % count_ * batch_ % count_);
    return std::span{bytes_}.subspan(first * picture_bytes_, batch_ * picture_bytes_);
  }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t batch() const { return batch_; }
  [[nodiscard]] std::size_t picture_bytes() const { return picture_bytes_; }
  // Pictures 0 to count - 1, to be filled before they are used; then repeat_first().
  [[nodiscard]] std::span<std::byte> picture(std::size_t index) {
    return std::span{bytes_}.subspan(index * picture_bytes_, picture_bytes_);
  }
  [[nodiscard]] std::span<const std::byte> pictures() const {
    return std::span{bytes_}.first(count_ * picture_bytes_);
  }
  // The first ones stand behind the last once more, so that every input lies in one piece.
  void repeat_first() {
    for (std::size_t at = count_ * picture_bytes_; at < bytes_.size(); ++at)
      bytes_[at] = bytes_[at - count_ * picture_bytes_];
  }
  // One input that changes: of the accuracy pass, whose pictures need not fit into memory.
  [[nodiscard]] std::span<std::byte> staging() { return staging_; }

 private:
  std::size_t count_, batch_, picture_bytes_;
  std::vector<std::byte> bytes_, staging_;
};

}  // namespace layerwatt
