// SPDX-License-Identifier: Apache-2.0
// One direction after the other, rounded to a byte after each, as Pillow does (src/libImaging/Resample.c).
#include "inputs/resize.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace layerwatt {

namespace {

// What a pixel of the new line is made of.
struct Taps {
  std::int64_t first = 0;
  std::vector<double> weights;
};

std::vector<Taps> taps_for(std::int64_t from, std::int64_t to) {
  const double ratio = static_cast<double>(from) / static_cast<double>(to), reach = std::max(ratio, 1.0);
  std::vector<Taps> all(static_cast<std::size_t>(to));
  for (std::int64_t at = 0; at < to; ++at) {
    const double centre = (static_cast<double>(at) + 0.5) * ratio;
    Taps& taps = all[static_cast<std::size_t>(at)];
    taps.first = std::max<std::int64_t>(0, static_cast<std::int64_t>(std::floor(centre - reach + 0.5)));
    const std::int64_t end = std::min(from, static_cast<std::int64_t>(std::floor(centre + reach + 0.5)));
    double sum = 0;
    for (std::int64_t source = taps.first; source < end; ++source) {
      const double distance = std::abs((static_cast<double>(source) + 0.5 - centre) / reach);
      taps.weights.push_back(std::max(0.0, 1 - distance));
      sum += taps.weights.back();
    }
    for (double& weight : taps.weights) weight /= sum;
  }
  return all;
}

// `lines` lines of pixels; a pixel's neighbours along the line are `step` bytes apart.
struct Grid {
  std::int64_t lines, line_step, step;
};

void resample(const std::vector<std::uint8_t>& from, const Grid& in, std::vector<std::uint8_t>& to,
              const Grid& out, const std::vector<Taps>& all, std::int64_t channels) {
  for (std::int64_t line = 0; line < out.lines; ++line)
    for (std::size_t at = 0; at < all.size(); ++at)
      for (std::int64_t c = 0; c < channels; ++c) {
        double sum = 0;
        std::int64_t source = line * in.line_step + all[at].first * in.step + c;
        for (const double weight : all[at].weights) {
          sum += weight * from[static_cast<std::size_t>(source)];
          source += in.step;
        }
        to[static_cast<std::size_t>(line * out.line_step + static_cast<std::int64_t>(at) * out.step + c)] =
            static_cast<std::uint8_t>(std::clamp(sum + 0.5, 0.0, 255.0));
      }
}

Image blank(std::int64_t width, std::int64_t height, std::int64_t channels) {
  return {width, height, channels,
          std::vector<std::uint8_t>(static_cast<std::size_t>(width * height * channels))};
}

}  // namespace

Image resized(Image image, std::int64_t width, std::int64_t height) {
  const std::int64_t c = image.channels;
  if (image.width != width) {
    Image wide = blank(width, image.height, c);
    resample(image.pixels, {image.height, image.width * c, c}, wide.pixels, {image.height, width * c, c},
             taps_for(image.width, width), c);
    image = std::move(wide);
  }
  if (image.height == height) return image;
  Image high = blank(width, height, c);
  resample(image.pixels, {width, c, width * c}, high.pixels, {width, c, width * c},
           taps_for(image.height, height), c);
  return high;
}

Image middle_of(Image image, std::int64_t width, std::int64_t height) {
  assert(width <= image.width && height <= image.height);
  if (image.width == width && image.height == height) return image;
  Image cut = blank(width, height, image.channels);
  const std::int64_t left = (image.width - width) / 2, top = (image.height - height) / 2;
  for (std::int64_t row = 0; row < height; ++row)
    std::copy_n(image.pixels.begin() + ((top + row) * image.width + left) * image.channels,
                width * image.channels, cut.pixels.begin() + row * width * image.channels);
  return cut;
}

}  // namespace layerwatt
