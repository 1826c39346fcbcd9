// SPDX-License-Identifier: Apache-2.0
// See picture_form.h.
#include "inputs/picture_form.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

namespace layerwatt {

namespace {

constexpr std::array<const char*, 4> type_names{"float32", "float16", "uint8", "int8"};
constexpr std::array<std::size_t, 4> type_sizes{4, 2, 1, 1};

bool is_channels(std::int64_t extent) { return extent == 1 || extent == 3; }

std::string shape_of(const TensorDescription& input) {
  std::string text;
  for (const std::int64_t extent : input.shape)
    text += (text.empty() ? "" : ", ") + (extent < 0 ? "?" : std::to_string(extent));
  return fmt::format("input {}, {}[{}]", input.name, input.element_type, text);
}

double at(const std::vector<double>& values, std::size_t channel) {
  return values.size() == 1 ? values.front() : values[channel];
}

// Rounded to the nearest half, of two the even one: IEEE 754 binary16.
std::uint16_t half_of(float value) {
  const auto sign = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16 & 0x8000U);
  const float size = std::abs(value);
  if (!(size < 65520)) return static_cast<std::uint16_t>(sign | 0x7c00U);
  int exponent = 0;
  std::frexp(size, &exponent);
  exponent = std::max(exponent - 11, -24);  // of the last of its 11 digits
  const auto digits = static_cast<unsigned>(std::nearbyint(std::ldexp(size, -exponent)));
  // A full set of digits reaches into the exponent's bits, as it is to.
  const unsigned bits = digits < 1024 ? digits : (static_cast<unsigned>(exponent + 24) << 10) + digits;
  return static_cast<std::uint16_t>(sign | bits);
}

// False: an integer cannot hold it.
bool put(double value, PictureForm::Type type, std::byte* out) {
  switch (type) {
    case PictureForm::Type::float32: {
      const auto number = static_cast<float>(value);
      std::memcpy(out, &number, sizeof number);
      return true;
    }
    case PictureForm::Type::float16: {
      const std::uint16_t bits = half_of(static_cast<float>(value));
      std::memcpy(out, &bits, sizeof bits);
      return true;
    }
    case PictureForm::Type::uint8:
    case PictureForm::Type::int8: {
      const bool is_signed = type == PictureForm::Type::int8;
      const double whole = std::nearbyint(value);
      if (!(whole >= (is_signed ? -128 : 0) && whole <= (is_signed ? 127 : 255))) return false;
      *out = static_cast<std::byte>(static_cast<int>(whole) & 0xff);
      return true;
    }
  }
  return false;
}

}  // namespace

std::size_t PictureForm::picture_bytes() const {
  return static_cast<std::size_t>(channels * height * width) * type_sizes[static_cast<std::size_t>(type)];
}

Result<PictureForm> picture_form(const Network& network, const std::string& layout) {
  if (network.inputs.size() != 1)
    return Error{
        Errc::unsupported, "--input",
        fmt::format("the network has {} inputs; pictures go to networks with one", network.inputs.size())};
  const TensorDescription& input = network.inputs.front();
  PictureForm form;
  form.input = shape_of(input);
  std::size_t type = 0;
  while (type < type_names.size() && input.element_type != type_names[type]) ++type;
  if (type == type_names.size())
    return Error{Errc::unsupported, form.input,
                 fmt::format("is not fed with pictures: they are {}", fmt::join(type_names, ", "))};
  form.type = static_cast<PictureForm::Type>(type);
  const Error no_picture{Errc::unsupported, form.input,
                         "is no picture: expected [batch, channels, height, width] or [batch, height, width, "
                         "channels] with 1 or 3 channels, all known; --input random feeds any network"};
  if (input.shape.size() != 4) return no_picture;
  const bool first = is_channels(input.shape[1]), last = is_channels(input.shape[3]);
  if (layout.empty() ? !first && !last : !(layout == "nchw" ? first : last)) return no_picture;
  form.channels_last = layout.empty() ? !first : layout == "nhwc";
  form.batch = input.shape[0];
  form.channels = input.shape[form.channels_last ? 3 : 1];
  form.height = input.shape[form.channels_last ? 1 : 2];
  form.width = input.shape[form.channels_last ? 2 : 3];
  if (form.batch < 1 || form.height < 1 || form.width < 1) return no_picture;
  if (form.height > longest_side || form.width > longest_side || form.height * form.width > most_pixels)
    return Error{Errc::unsupported, form.input, "takes larger pictures than are read"};
  return form;
}

Result<void> write_picture(const Image& image, const Preprocessing& preprocessing, const PictureForm& form,
                           std::span<std::byte> out) {
  const auto channels = static_cast<std::size_t>(form.channels);
  for (const auto* list : {&preprocessing.mean, &preprocessing.std})
    if (list->size() != 1 && list->size() != channels)
      return Error{Errc::malformed, list == &preprocessing.mean ? "--mean" : "--std",
                   fmt::format("has {} values; {} has {} channel{}", list->size(), form.input, channels,
                               channels == 1 ? "" : "s")};
  const std::size_t size = type_sizes[static_cast<std::size_t>(form.type)];
  const auto count = static_cast<std::size_t>(form.height * form.width);
  for (std::size_t c = 0; c < channels; ++c) {
    const std::size_t source = preprocessing.blue_first ? channels - 1 - c : c;
    const double mean = at(preprocessing.mean, c), std = at(preprocessing.std, c);
    for (std::size_t i = 0; i < count; ++i) {
      const double value = (image.pixels[i * channels + source] * preprocessing.scale - mean) / std;
      const std::size_t place = form.channels_last ? i * channels + c : c * count + i;
      if (!put(value, form.type, &out[place * size]))
        return Error{
            Errc::malformed, form.input,
            fmt::format("cannot hold {:.6g}: choose --scale, --mean and --std so that pixels fit", value)};
    }
  }
  return {};
}

}  // namespace layerwatt
