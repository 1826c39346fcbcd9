// SPDX-License-Identifier: Apache-2.0
// A folder only this user can read, gone with the object: for files an engine insists on writing.
#pragma once
#include <filesystem>

#include "core/result.h"

namespace layerwatt {

class PrivateFolder {
 public:
  static Result<PrivateFolder> create();  // under TMPDIR, or /tmp
  PrivateFolder(PrivateFolder&& other) noexcept;
  PrivateFolder& operator=(PrivateFolder&& other) noexcept;
  ~PrivateFolder();
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  explicit PrivateFolder(std::filesystem::path path) : path_{std::move(path)} {}
  std::filesystem::path path_;
};

}  // namespace layerwatt
