// SPDX-License-Identifier: Apache-2.0
// A model file that is read in small windows, so that gigabytes of weights never enter memory. It knows
// nothing about ONNX beyond the size limit of a protobuf message and what is commonly mistaken for it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace layerwatt {

class ModelFile {
 public:
  // malformed: not a regular file, empty, over the 2 GiB that a protobuf message may have, or of a format
  // that is recognisably another one.
  // `format` says what it should be, for errors: "ONNX", "a caffemodel".
  static Result<ModelFile> open(const std::filesystem::path& path, const char* format = "ONNX");
  ModelFile(ModelFile&& other) noexcept;
  ModelFile& operator=(ModelFile&& other) noexcept;
  ModelFile(const ModelFile&) = delete;
  ModelFile& operator=(const ModelFile&) = delete;
  ~ModelFile();

  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  // The bytes from `offset`, `count` of them or as many as the file has; valid until the next read.
  Result<std::string_view> read(std::uint64_t offset, std::size_t count);

 private:
  ModelFile(int descriptor, std::uint64_t size, std::string path)
      : descriptor_{descriptor}, size_{size}, path_{std::move(path)} {}
  Result<void> refuse_other_formats(const char* format);

  int descriptor_ = -1;
  std::uint64_t size_ = 0;
  std::string path_;
  std::vector<char> window_;
  std::uint64_t window_offset_ = 0;
};

}  // namespace layerwatt
