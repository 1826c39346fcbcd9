// SPDX-License-Identifier: Apache-2.0
// Pictures in another size: a triangle filter, as wide as the pixels of the smaller picture when shrinking,
// so that nothing is skipped. That is Pillow's BILINEAR, which networks of torchvision are tested with;
// OpenCV's linear resize is the same when enlarging. Pure.
#pragma once
#include "inputs/image.h"

namespace layerwatt {

Image resized(Image image, std::int64_t width, std::int64_t height);

// The middle; where it cannot be exact, half a pixel up and left. Precondition: not larger than the picture.
Image middle_of(Image image, std::int64_t width, std::int64_t height);

}  // namespace layerwatt
