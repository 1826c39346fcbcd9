// SPDX-License-Identifier: Apache-2.0
// One function a format, between image.cpp and the libraries.
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "core/result.h"
#include "inputs/image.h"

namespace layerwatt {

// Pixels for a picture of that size, not yet filled; refuses sizes beyond the bounds of image.h.
Result<Image> room_for(std::int64_t width, std::int64_t height, std::int64_t channels,
                       const std::string& where);

Result<Image> decode_png(std::span<const std::uint8_t> bytes, const std::string& where);
Result<Image> decode_jpeg(std::span<const std::uint8_t> bytes, const std::string& where);
Result<Image> decode_netpbm(std::span<const std::uint8_t> bytes, const std::string& where);  // P5 and P6

}  // namespace layerwatt
