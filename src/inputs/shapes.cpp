// SPDX-License-Identifier: Apache-2.0
// See shapes.h.
#include "inputs/shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <random>

namespace layerwatt {

namespace {

// Is the point in the shape? The shape's own coordinates: it fills about -1 to 1, v downwards.
bool is_inside(std::size_t shape, double u, double v) {
  const double au = std::abs(u), av = std::abs(v), square = std::max(au, av), round = u * u + v * v;
  switch (shape) {
    case 0: return round <= 1;
    case 1: return round <= 1 && round >= 0.36;
    case 2: return square <= 0.88;
    case 3: return square <= 0.88 && square >= 0.52;
    case 4: return au + av <= 1.15;
    case 5: return v >= -0.9 && v <= 0.75 && au <= (v + 0.9) * 0.6;
    case 6: return square <= 0.95 && std::min(au, av) <= 0.28;
    case 7: return round <= 1.1 && std::min(std::abs(u + v), std::abs(u - v)) <= 0.4;
    case 8: return square <= 0.9 && (av <= 0.2 || av >= 0.55);
    default: return square <= 0.9 && (au <= 0.2 || au >= 0.55);
  }
}

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : generator_{seed} {}
  double between(double low, double high) {
    return low + (high - low) * (static_cast<double>(generator_() >> 11) * 0x1p-53);
  }

 private:
  std::mt19937_64 generator_;
};

struct Placement {
  double x, y, radius, cosine, sine;
};

// A turn by the rational points of the circle, since sine and cosine differ between mathematical libraries.
Placement placement(Dice& dice) {
  const double middle = static_cast<double>(shape_extent) / 2;
  const double x = middle + dice.between(-5, 5), y = middle + dice.between(-5, 5);
  const double radius = dice.between(5, 11), t = dice.between(-0.17, 0.17);  // up to 19 degrees
  return {x, y, radius, (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)};
}

// Share of the pixel that the shape covers, in quarters.
double covered(std::size_t shape, const Placement& at, std::int64_t column, std::int64_t row) {
  int inside = 0;
  for (int part = 0; part < 4; ++part) {
    const double dx = static_cast<double>(column) + 0.25 + 0.5 * (part % 2) - at.x;
    const double dy = static_cast<double>(row) + 0.25 + 0.5 * static_cast<double>(part >> 1) - at.y;
    const double u = (at.cosine * dx + at.sine * dy) / at.radius;
    const double v = (at.cosine * dy - at.sine * dx) / at.radius;
    inside += is_inside(shape, u, v) ? 1 : 0;
  }
  return inside / 4.0;
}

}  // namespace

Image shape_picture(std::size_t shape, std::uint64_t seed) {
  assert(shape < shape_names.size());
  Dice dice{seed * shape_names.size() + shape};
  const Placement at = placement(dice);
  double ground[3], colour[3];
  double apart = 0;
  while (apart < 60) {  // else nobody could tell the shape from its ground
    apart = 0;
    for (int c = 0; c < 3; ++c) {
      ground[c] = dice.between(0, 255);
      colour[c] = dice.between(0, 255);
      apart = std::max(apart, std::abs(colour[c] - ground[c]));
    }
  }
  const double noise = dice.between(5, 45);
  Image image{shape_extent, shape_extent, 3, {}};
  image.pixels.reserve(static_cast<std::size_t>(3 * shape_extent * shape_extent));
  for (std::int64_t row = 0; row < shape_extent; ++row)
    for (std::int64_t column = 0; column < shape_extent; ++column) {
      const double part = covered(shape, at, column, row);
      for (int c = 0; c < 3; ++c) {
        const double value = ground[c] + (colour[c] - ground[c]) * part + dice.between(-noise, noise);
        image.pixels.push_back(static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0)));
      }
    }
  return image;
}

Image shape_of_set(std::int64_t number, std::uint64_t seed) {
  const auto index = static_cast<std::uint64_t>(number);
  return shape_picture(index % shape_names.size(), seed + index / shape_names.size());
}

Result<void> write_labelled_shapes(const std::filesystem::path& folder) {
  std::string labels = "# file class; layerwatt's network `shapes` answers with these classes\n";
  for (std::int64_t number = 0; number < labelled_shapes; ++number) {
    const std::size_t shape = static_cast<std::size_t>(number) % shape_names.size();
    const std::string name =
        fmt::format("{}-{}/{:04}.ppm", shape, shape_names[shape], number / std::int64_t{shape_names.size()});
    std::error_code failure;
    std::filesystem::create_directories((folder / name).parent_path(), failure);
    if (failure) return system_error(failure.value(), folder.string(), "creating the folder");
    if (auto written = write_image(shape_of_set(number, labelled_shapes_seed), folder / name); !written)
      return written;
    labels += fmt::format("{} {}\n", name, shape);
  }
  const std::filesystem::path file = folder / "labels.txt";
  errno = 0;
  std::ofstream out{file};
  out << labels;
  out.close();
  if (!out) return system_error(errno != 0 ? errno : EIO, file.string(), "writing");
  return {};
}

}  // namespace layerwatt
