// SPDX-License-Identifier: Apache-2.0
// The half is "PLACE.part", in the same folder, so that renaming it is one step.
#include "cli/whole_file.h"

#include <utility>

namespace layerwatt {

WholeFile::WholeFile(std::filesystem::path place, std::filesystem::path half)
    : place_{std::move(place)}, half_{std::move(half)}, file_{half_, std::ios::binary | std::ios::trunc} {}

WholeFile::~WholeFile() {
  std::error_code ignored;
  if (!half_.empty()) std::filesystem::remove(half_, ignored);
}

Result<std::unique_ptr<WholeFile>> WholeFile::create(const std::filesystem::path& place, bool force) {
  std::error_code ignored;
  if (!force && std::filesystem::exists(place, ignored))
    return Error{Errc::exists, place.string(), "exists already; --force replaces it"};
  std::unique_ptr<WholeFile> file{new WholeFile{place, place.string() + ".part"}};
  if (!file->file_) return Error{Errc::io, place.string(), "cannot be written"};
  return file;
}

Result<void> WholeFile::keep() {
  file_.close();
  if (file_.fail())
    return Error{Errc::io, place_.string(), "could not be written to the end; is the disk full?"};
  std::error_code failure;
  std::filesystem::rename(half_, place_, failure);
  if (failure) return Error{Errc::io, place_.string(), failure.message()};
  half_.clear();
  return {};
}

}  // namespace layerwatt
