// SPDX-License-Identifier: Apache-2.0
// PNG by libpng's simplified interface (libpng-manual.txt, section V), which is safe against errors in the
// middle of a file. Transparency is laid over black; 16 bits become 8.
#include "inputs/image_formats.h"

#ifdef LAYERWATT_HAS_PNG
#include <png.h>
#endif

namespace layerwatt {

#ifdef LAYERWATT_HAS_PNG

Result<Image> decode_png(std::span<const std::uint8_t> bytes, const std::string& where) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  const auto refused = [&] {
    Error error{Errc::malformed, where, std::string{"is a damaged PNG: "} + header.message};
    png_image_free(&header);
    return error;
  };
  if (png_image_begin_read_from_memory(&header, bytes.data(), bytes.size()) == 0) return refused();
  const bool colour = (header.format & PNG_FORMAT_FLAG_COLOR) != 0;
  header.format = colour ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  auto image = room_for(header.width, header.height, colour ? 3 : 1, where);
  if (!image) {
    png_image_free(&header);
    return image;
  }
  const png_color black{0, 0, 0};
  if (png_image_finish_read(&header, &black, image->pixels.data(), 0, nullptr) == 0) return refused();
  if ((header.warning_or_error & PNG_IMAGE_ERROR) != 0) return refused();
  return image;
}

#else

Result<Image> decode_png(std::span<const std::uint8_t>, const std::string& where) {
  return Error{Errc::unsupported, where, "is a PNG, and layerwatt was built without libpng (libpng-dev)"};
}

#endif

}  // namespace layerwatt
