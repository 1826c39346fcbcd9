// SPDX-License-Identifier: Apache-2.0
// See model_file.h. The magic numbers are those of file(1)'s database.
#include "networks/model_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <utility>

namespace layerwatt {

namespace {

constexpr std::size_t smallest_window = 64 * 1024;
// Protobuf counts the bytes of a message in an int.
constexpr auto largest_model = static_cast<std::uint64_t>(std::numeric_limits<int>::max());

struct OtherFormat {
  std::size_t offset;
  std::string_view magic;
  std::string_view what;
};

using namespace std::string_view_literals;
constexpr std::array other_formats{
    OtherFormat{0, "\x89PNG"sv, "a PNG picture"},
    OtherFormat{0, "\xff\xd8\xff"sv, "a JPEG picture"},
    OtherFormat{0, "PK\x03\x04"sv, "a zip archive, perhaps a PyTorch checkpoint; export it with torch.onnx"},
    OtherFormat{0, "\x80\x02"sv, "a Python pickle, perhaps a PyTorch checkpoint; export it with torch.onnx"},
    OtherFormat{0, "\x89HDF"sv, "an HDF5 file, perhaps a Keras model; convert it with tf2onnx"},
    OtherFormat{4, "TFL3"sv, "a TensorFlow Lite model; convert it with tf2onnx"},
    OtherFormat{4, "ORTM"sv, "an ONNX Runtime .ort file; the .onnx it was made from is needed"},
    OtherFormat{0, "\x1f\x8b"sv, "compressed with gzip; unpack it first"},
    OtherFormat{0,
                "\x7f"
                "ELF"sv,
                "an ELF program or library"},
    OtherFormat{0, "version https://git-lfs"sv, "a Git LFS pointer; fetch the file itself with git lfs pull"},
    OtherFormat{0, "<!DOCTYPE"sv, "an HTML page, perhaps of a failed download"},
    OtherFormat{0, "<html"sv, "an HTML page, perhaps of a failed download"},
};

}  // namespace

Result<ModelFile> ModelFile::open(const std::filesystem::path& path, const char* format) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (descriptor < 0) return system_error(errno, path.string(), "opening the model");
  ModelFile file{descriptor, 0, path.string()};
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return system_error(errno, path.string(), "looking at the model");
  if (S_ISDIR(status.st_mode))
    return Error{Errc::malformed, path.string(), fmt::format("is a directory, not {}", format)};
  if (!S_ISREG(status.st_mode)) return Error{Errc::malformed, path.string(), "is not a regular file"};
  file.size_ = static_cast<std::uint64_t>(status.st_size);
  if (file.size_ == 0) return Error{Errc::malformed, path.string(), "is empty"};
  if (file.size_ > largest_model)
    return Error{
        Errc::malformed, path.string(),
        fmt::format("has {} bytes; a message of protobuf, as in {}, has at most {} (2 GiB), and ONNX keeps "
                    "larger weights in external data files",
                    file.size_, format, largest_model)};
  if (auto refused = file.refuse_other_formats(format); !refused) return refused.error();
  return file;
}

ModelFile::ModelFile(ModelFile&& other) noexcept
    : descriptor_{std::exchange(other.descriptor_, -1)},
      size_{other.size_},
      path_{std::move(other.path_)},
      window_{std::move(other.window_)},
      window_offset_{other.window_offset_} {}

ModelFile& ModelFile::operator=(ModelFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(size_, other.size_);
  std::swap(path_, other.path_);
  std::swap(window_, other.window_);
  std::swap(window_offset_, other.window_offset_);
  return *this;
}

ModelFile::~ModelFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<std::string_view> ModelFile::read(std::uint64_t offset, std::size_t count) {
  if (offset >= size_) return std::string_view{};
  count = static_cast<std::size_t>(std::min<std::uint64_t>(count, size_ - offset));
  const bool inside = offset >= window_offset_ && offset + count <= window_offset_ + window_.size();
  if (!inside) {
    const std::uint64_t wanted = std::max<std::uint64_t>(count, smallest_window);
    window_.resize(static_cast<std::size_t>(std::min(wanted, size_ - offset)));
    window_offset_ = offset;
    std::size_t filled = 0;
    while (filled < window_.size()) {
      const ssize_t got = ::pread(descriptor_, window_.data() + filled, window_.size() - filled,
                                  static_cast<off_t>(offset + filled));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return system_error(errno, path_, "reading the model");
      if (got == 0) return Error{Errc::malformed, path_, "became shorter while it was read"};
      filled += static_cast<std::size_t>(got);
    }
  }
  return std::string_view{window_.data() + (offset - window_offset_), count};
}

Result<void> ModelFile::refuse_other_formats(const char* format) {
  const auto head = read(0, 64);
  if (!head) return head.error();
  for (const OtherFormat& other : other_formats) {
    if (head->size() < other.offset) continue;
    if (head->substr(other.offset, other.magic.size()) == other.magic)
      return Error{Errc::malformed, path_, fmt::format("is not {} but {}", format, other.what)};
  }
  return {};
}

}  // namespace layerwatt
