// SPDX-License-Identifier: Apache-2.0
// The undo journal's place on disk: its lock, and writing it so that a crash leaves the old or the new one.
// The order of syncs: fsync(2) and rename(2), "NOTES".
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "controls/journal.h"

namespace layerwatt {

namespace {

using std::filesystem::path;

constexpr const char* journal_name = "undo-journal";
constexpr const char* unfinished_name = "undo-journal.new";
constexpr const char* lock_name = "lock";
constexpr off_t largest_journal = 1 << 20;

Error unwritable(int errno_value, const path& where, const std::string& what) {
  Error error = system_error(errno_value, where.string(), what);
  error.detail +=
      ". Without an undo journal no setting is changed; XDG_STATE_HOME says where else it may lie";
  return error;
}

// Made by this user, or root, and writable by nobody else: others could name what we are to write.
Result<std::optional<std::string>> read_own(const path& file) {
  const Descriptor opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
  if (opened.get() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::optional<std::string>{};
    return system_error(errno, file.string(), "opening");
  }
  struct stat status {};
  if (::fstat(opened.get(), &status) != 0) return system_error(errno, file.string(), "looking at");
  const bool own = status.st_uid == ::geteuid() || status.st_uid == 0;
  if (!S_ISREG(status.st_mode) || !own || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return Error{Errc::malformed, file.string(), "others may write it, so it is not followed"};
  if (status.st_size > largest_journal)
    return Error{Errc::malformed, file.string(), "is too long for an undo journal"};
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  const ssize_t n = ::pread(opened.get(), text.data(), text.size(), 0);
  if (n < 0) return system_error(errno, file.string(), "reading");
  text.resize(static_cast<std::size_t>(n));
  return std::optional<std::string>{std::move(text)};
}

Result<std::optional<Journal>> read_journal(const path& file) {
  const auto text = read_own(file);
  if (!text) return text.error();
  if (!*text) return std::optional<Journal>{};
  auto journal = parse_journal(**text, file.string());
  if (!journal) return journal.error();
  return std::optional<Journal>{std::move(*journal)};
}

Result<void> write_synced(const path& file, const std::string& text) {
  const Descriptor opened{::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                                 S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH)};
  if (opened.get() < 0) return unwritable(errno, file, "opening");
  const ssize_t written = ::write(opened.get(), text.data(), text.size());
  if (written < 0) return unwritable(errno, file, "writing");
  if (static_cast<std::size_t>(written) != text.size()) return unwritable(ENOSPC, file, "writing");
  if (::fsync(opened.get()) != 0) return unwritable(errno, file, "syncing");
  return {};
}

std::string owner_named_in(const path& folder) {
  const auto journal = read_journal(folder / journal_name);
  return journal && *journal ? "process " + std::to_string((*journal)->owner) : "another process";
}

}  // namespace

Result<std::optional<JournalFound>> look_for_journal(const path& folder) {
  auto journal = read_journal(folder / journal_name);
  if (!journal) return journal.error();
  if (!*journal) return std::optional<JournalFound>{};
  JournalFound found{std::move(**journal), false};
  const Descriptor lock{::open((folder / lock_name).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  found.in_use = lock.get() >= 0 && ::flock(lock.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  return std::optional<JournalFound>{std::move(found)};
}

Result<JournalFile> JournalFile::hold(const path& folder) {
  if (folder.empty())
    return Error{Errc::not_found, "undo journal",
                 "there is no place for it: neither XDG_STATE_HOME nor HOME is set. Without it no setting is "
                 "changed"};
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) return unwritable(failure.value(), folder, "making the folder");
  Descriptor directory{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (directory.get() < 0) return unwritable(errno, folder, "opening");
  const path lock_path = folder / lock_name;
  Descriptor lock{::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                         S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH)};
  if (lock.get() < 0) return unwritable(errno, lock_path, "opening");
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return unwritable(errno, lock_path, "locking");
    return Error{Errc::busy, folder.string(),
                 owner_named_in(folder) +
                     " has changed settings of this machine and still runs; wait for "
                     "its end"};
  }
  return JournalFile{folder / journal_name, std::move(directory), std::move(lock)};
}

Result<std::optional<Journal>> JournalFile::load() const { return read_journal(place_); }

Result<void> JournalFile::save(const Journal& journal) const {
  const path beside = place_.parent_path() / unfinished_name;
  if (auto written = write_synced(beside, journal_text(journal)); !written) return written;
  if (::rename(beside.c_str(), place_.c_str()) != 0) return unwritable(errno, place_, "renaming");
  if (::fsync(folder_.get()) != 0) return unwritable(errno, place_.parent_path(), "syncing");
  return {};
}

Result<void> JournalFile::remove() const {
  if (::unlink(place_.c_str()) != 0 && errno != ENOENT)
    return system_error(errno, place_.string(), "removing");
  if (::fsync(folder_.get()) != 0) return system_error(errno, place_.parent_path().string(), "syncing");
  return {};
}

}  // namespace layerwatt
