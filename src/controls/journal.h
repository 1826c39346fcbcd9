// SPDX-License-Identifier: Apache-2.0
// The undo journal: what settings were before this run changed them, on disk before the first is written, so
// that a killed run can be undone. The format is docs/controls.md's. Says nothing about what to put back.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "controls/control.h"
#include "core/descriptor.h"
#include "core/machine.h"
#include "core/result.h"

namespace layerwatt {

struct Journal {
  std::string boot;     // /proc/sys/kernel/random/boot_id; "unknown" where there is none
  int owner = 0;        // process that made the changes
  std::string sysroot;  // of the machine they were made to
  std::vector<Change> changes;
  bool operator==(const Journal&) const = default;
};

std::string boot_of(const Machine& machine);
std::string sysroot_of(const Machine& machine);  // without links

std::string journal_text(const Journal& journal);
// malformed: cut short, written by hand, or about a file that is_control_file() does not know. Nothing of
// such a journal is to be followed.
Result<Journal> parse_journal(const std::string& text, const std::string& where);

// Where journals lie: $XDG_STATE_HOME/layerwatt; else root's in /var/lib/layerwatt, and others' in
// $HOME/.local/state/layerwatt. Empty when nothing says where. Relative paths count as not set, as the XDG
// base directory specification 0.8 wants it.
std::filesystem::path journal_folder(const char* xdg_state_home, const char* home, bool is_root);
inline constexpr const char* journal_folder_of_root = "/var/lib/layerwatt";

// What another process can see of a folder. Needs no permission to write.
struct JournalFound {
  Journal journal;
  bool in_use = false;  // the run that wrote it lives
};
// Empty when there is none.
Result<std::optional<JournalFound>> look_for_journal(const std::filesystem::path& folder);

// The journal of a folder, held so that no second process changes settings meanwhile. The kernel lets go of
// it when the process ends, however it ends.
class JournalFile {
 public:
  // Makes the folder where it is missing. busy: another run holds it; permission and others: it cannot be
  // written, and so no setting may be.
  static Result<JournalFile> hold(const std::filesystem::path& folder);

  [[nodiscard]] Result<std::optional<Journal>> load() const;
  // On disk when it returns: written beside, synced, renamed, and the folder synced.
  [[nodiscard]] Result<void> save(const Journal& journal) const;
  [[nodiscard]] Result<void> remove() const;
  [[nodiscard]] const std::filesystem::path& place() const { return place_; }

 private:
  JournalFile(std::filesystem::path place, Descriptor folder, Descriptor lock)
      : place_{std::move(place)}, folder_{std::move(folder)}, lock_{std::move(lock)} {}
  std::filesystem::path place_;
  Descriptor folder_, lock_;
};

}  // namespace layerwatt
