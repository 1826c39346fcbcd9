// SPDX-License-Identifier: Apache-2.0
// A record as files again. All files are written before there is a link, so nothing is written through one.
#include <cerrno>
#include <fstream>

#include "boards/board_record.h"
#include "core/private_folder.h"

namespace layerwatt {

namespace {

using std::filesystem::path;

Error refused(const path& where, const std::error_code& failure) {
  return system_error(failure.value(), where.string(), "unpacking");
}

Result<void> put(const path& where, const std::string& content) {
  std::error_code failure;
  std::filesystem::create_directories(where.parent_path(), failure);
  if (failure) return refused(where, failure);
  std::ofstream file{where, std::ios::binary};
  file << content;
  file.close();
  if (!file) return Error{Errc::io, where.string(), "cannot be written"};
  return {};
}

// Links stay within the tree: absolute ones become relative.
Result<void> link(const path& folder, const std::string& from, const std::string& to) {
  const path at{from}, target{to};
  const path relative = target.is_absolute() ? target.lexically_relative(at.parent_path()) : target;
  std::error_code failure;
  std::filesystem::create_directories((folder / at.relative_path()).parent_path(), failure);
  if (!failure) std::filesystem::create_symlink(relative, folder / at.relative_path(), failure);
  if (failure) return refused(folder / at.relative_path(), failure);
  return {};
}

bool is_within(const path& folder, const path& place) {
  const path relative = place.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != "..";
}

}  // namespace

Result<void> unpack_board_record(const BoardRecord& record, const path& folder) {
  for (const RecordedFile& file : record.files)
    if (auto done = put(folder / path{file.path}.relative_path(), file.content); !done) return done;
  for (const auto& [from, to] : record.links)
    if (auto done = link(folder, from, to); !done) return done;
  std::error_code failure;
  const path real = std::filesystem::canonical(folder, failure);
  for (const auto& [from, to] : record.links) {
    // Of the target, not of the link: a link to what does not exist would be taken for a name in its folder.
    const path made = folder / path{from}.relative_path();
    const path target = std::filesystem::read_symlink(made, failure);
    const path leads_to =
        failure ? path{} : std::filesystem::weakly_canonical(made.parent_path() / target, failure);
    if (failure || !is_within(real, leads_to))
      return Error{Errc::malformed, from, "is a link that leads out of the record, to " + to};
  }
  return {};
}

Result<Machine> replay(const BoardRecord& record, const Clock& clock) {
  auto folder = PrivateFolder::create();
  if (!folder) return folder.error();
  if (auto done = unpack_board_record(record, folder->path()); !done) return done.error();
  struct Kept {
    PrivateFolder folder;
    RecordedTree tree;
  };
  std::error_code failure;
  auto kept = std::make_shared<Kept>(Kept{std::move(*folder), {}});
  kept->tree.root = std::filesystem::canonical(kept->folder.path(), failure);
  if (failure) return refused(kept->folder.path(), failure);
  for (const RecordedFile& file : record.files)
    if (file.failure != 0) kept->tree.failures[file.path] = file.failure;
  return Machine{std::shared_ptr<const RecordedTree>{kept, &kept->tree}, clock};
}

}  // namespace layerwatt
