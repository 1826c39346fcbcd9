// SPDX-License-Identifier: Apache-2.0
// JPEG by libjpeg-turbo's TurboJPEG interface. What it only warns of is an error here: a picture that is cut
// short decodes to grey, and would be measured as that. Orientation (Exif) is not applied.
#include "inputs/image_formats.h"

#ifdef LAYERWATT_HAS_JPEG
#include <turbojpeg.h>

#include <memory>
#include <type_traits>
#endif

namespace layerwatt {

#ifdef LAYERWATT_HAS_JPEG

Result<Image> decode_jpeg(std::span<const std::uint8_t> bytes, const std::string& where) {
  struct Destroy {
    void operator()(void* handle) const { tjDestroy(handle); }
  };
  const std::unique_ptr<std::remove_pointer_t<tjhandle>, Destroy> decoder{tjInitDecompress()};
  if (decoder == nullptr) return Error{Errc::io, where, "TurboJPEG could not be started"};
  const auto refused = [&] {
    return Error{Errc::malformed, where, std::string{"is a damaged JPEG: "} + tjGetErrorStr2(decoder.get())};
  };
  const auto size = static_cast<unsigned long>(bytes.size());
  int width = 0, height = 0, subsampling = 0, colours = 0;
  if (tjDecompressHeader3(decoder.get(), bytes.data(), size, &width, &height, &subsampling, &colours) != 0)
    return refused();
  if (colours == TJCS_CMYK || colours == TJCS_YCCK)
    return Error{Errc::unsupported, where, "is a JPEG of printing colours (CMYK); convert it to RGB"};
  const bool grey = colours == TJCS_GRAY;
  auto image = room_for(width, height, grey ? 1 : 3, where);
  if (!image) return image;
  // A file of many scans, each of which goes over the whole picture, would take hours.
  constexpr int flags = TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS | TJFLAG_ACCURATEDCT;
  if (tjDecompress2(decoder.get(), bytes.data(), size, image->pixels.data(), width, 0, height,
                    grey ? TJPF_GRAY : TJPF_RGB, flags) != 0)
    return refused();
  return image;
}

#else

Result<Image> decode_jpeg(std::span<const std::uint8_t>, const std::string& where) {
  return Error{Errc::unsupported, where,
               "is a JPEG, and layerwatt was built without TurboJPEG (libturbojpeg0-dev)"};
}

#endif

}  // namespace layerwatt
