// SPDX-License-Identifier: Apache-2.0
// What a network's input looks like when it is a picture, and pictures as its bytes.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "core/result.h"
#include "inputs/image.h"
#include "inputs/preprocessing.h"
#include "networks/network.h"

namespace layerwatt {

struct PictureForm {
  enum class Type { float32, float16, uint8, int8 };
  Type type = Type::float32;
  std::int64_t batch = 1, channels = 3, height = 0, width = 0;
  bool channels_last = false;
  std::string input;  // as errors call it: "input data, float32[1, 3, 224, 224]"
  [[nodiscard]] std::size_t picture_bytes() const;
};

// Of the network's only input. `layout`: "", "nchw" or "nhwc"; empty: where the 1 or 3 is. unsupported: the
// network takes something else than pictures; the message says what.
Result<PictureForm> picture_form(const Network& network, const std::string& layout);

// The picture, already as large as the form says, as the network takes it. malformed: a mean or std for other
// than its channels, a value that an integer input cannot hold.
Result<void> write_picture(const Image& image, const Preprocessing& preprocessing, const PictureForm& form,
                           std::span<std::byte> out);

}  // namespace layerwatt
