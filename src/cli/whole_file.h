// SPDX-License-Identifier: Apache-2.0
// A result for a file: written beside its place and renamed there when it is whole, so that nobody sees half.
#pragma once
#include <filesystem>
#include <fstream>
#include <memory>

#include "core/result.h"

namespace layerwatt {

class WholeFile {
 public:
  // exists: there is one, and `force` is false.
  static Result<std::unique_ptr<WholeFile>> create(const std::filesystem::path& place, bool force);
  WholeFile(const WholeFile&) = delete;
  WholeFile& operator=(const WholeFile&) = delete;
  ~WholeFile();  // what was not kept is gone
  [[nodiscard]] std::ostream& stream() { return file_; }
  Result<void> keep();

 private:
  WholeFile(std::filesystem::path place, std::filesystem::path half);
  std::filesystem::path place_, half_;
  std::ofstream file_;
};

}  // namespace layerwatt
