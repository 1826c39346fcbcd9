// SPDX-License-Identifier: Apache-2.0
// Settings changed for as long as this object lives. Each is in the journal before it is written; all are put
// back, the last one first, when the object goes, whatever the reason.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "controls/control.h"
#include "controls/journal.h"

namespace layerwatt {

class Controls {
 public:
  // Holds the journal of `folder`: busy while another run does.
  static Result<Controls> open(const Machine& machine, const std::filesystem::path& folder);
  Controls(Controls&&) = default;
  Controls& operator=(Controls&&) = delete;
  Controls(const Controls&) = delete;
  Controls& operator=(const Controls&) = delete;
  ~Controls();  // restores, if nobody has

  struct LeftBehind {
    int owner = 0;          // process that was killed
    bool rebooted = false;  // since: the settings are the machine's own again, nothing was done
    Restored restored;
  };
  // Undoes what a killed run left; empty when there is nothing. The journal goes, unless something is
  // unfinished: then that stays in it. Error: the journal cannot be followed, or is another machine's.
  Result<std::optional<LeftBehind>> restore_left_behind(Foreign foreign);

  // May all of this be written? Nothing is.
  [[nodiscard]] Result<void> check(const std::vector<Step>& steps) const;
  // Journals, writes, reads back. After an Error the earlier changes still stand: restore(). What a killed
  // run left must be undone before the first.
  Result<Change> set(const Step& step);
  // Undoes all that was set. Nothing to do the second time, but for what is unfinished.
  Restored restore();

 private:
  Controls(const Machine& machine, JournalFile file);
  Result<void> save_unfinished(Journal journal, const Restored& restored);
  MachineSettings settings_;
  JournalFile file_;
  Journal journal_;       // of our own changes
  bool clear_ = false;    // nothing of an earlier run is left to undo
  bool written_ = false;  // the journal on disk is ours
};

}  // namespace layerwatt
