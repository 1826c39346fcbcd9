// SPDX-License-Identifier: Apache-2.0
// Journal first, then write; see controls.h.
#include "controls/controls.h"

#include <unistd.h>

#include <cassert>

namespace layerwatt {

Controls::Controls(const Machine& machine, JournalFile file)
    : settings_{machine},
      file_{std::move(file)},
      journal_{boot_of(machine), ::getpid(), sysroot_of(machine), {}} {}

Result<Controls> Controls::open(const Machine& machine, const std::filesystem::path& folder) {
  auto file = JournalFile::hold(folder);
  if (!file) return file.error();
  return Controls{machine, std::move(*file)};
}

Controls::~Controls() { restore(); }

Result<void> Controls::save_unfinished(Journal journal, const Restored& restored) {
  if (restored.unfinished.empty()) return file_.remove();
  journal.changes = restored.unfinished;
  return file_.save(journal);
}

Result<std::optional<Controls::LeftBehind>> Controls::restore_left_behind(Foreign foreign) {
  const auto left = file_.load();
  if (!left) return left.error();
  clear_ = !*left;
  if (clear_) return std::optional<LeftBehind>{};
  const Journal& journal = **left;
  LeftBehind behind{journal.owner, false, {}};
  if (journal.sysroot != journal_.sysroot)
    return Error{
        Errc::unsupported, file_.place().string(),
        "is about the machine at " + journal.sysroot + ": layerwatt restore --sysroot " + journal.sysroot};
  // Every driver starts with settings of its own.
  behind.rebooted = journal.boot != journal_.boot && journal.boot != "unknown" && journal_.boot != "unknown";
  if (!behind.rebooted) behind.restored = undo_changes(settings_, journal.changes, foreign);
  if (auto saved = save_unfinished(journal, behind.restored); !saved) return saved.error();
  clear_ = behind.restored.unfinished.empty();
  return std::optional<LeftBehind>{std::move(behind)};
}

Result<void> Controls::check(const std::vector<Step>& steps) const {
  for (const Step& step : steps) {
    if (const auto now = settings_.read(step.file); !now) return now.error();
    if (step.value.empty()) continue;
    if (auto may = settings_.may_write(step.file); !may) return may;
  }
  return {};
}

Result<Change> Controls::set(const Step& step) {
  assert(clear_);
  return change_setting(settings_, step, [this](const Change& change) -> Result<void> {
    journal_.changes.push_back(change);
    written_ = true;
    auto saved = file_.save(journal_);
    if (!saved) journal_.changes.pop_back();
    return saved;
  });
}

Restored Controls::restore() {
  if (!written_) return {};
  Restored restored = undo_changes(settings_, journal_.changes, Foreign::leave);
  journal_.changes = restored.unfinished;
  // Where this fails the journal stays as it was, and the next run finds all of it undone.
  const auto saved = save_unfinished(journal_, restored);
  written_ = !saved || !restored.unfinished.empty();
  return restored;
}

}  // namespace layerwatt
