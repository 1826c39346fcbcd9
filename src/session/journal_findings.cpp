// SPDX-License-Identifier: Apache-2.0
// What the undo journal says to somebody who looks at the machine: docs/controls.md.
#include <set>

#include "controls/journal.h"
#include "core/joined.h"
#include "session/machine_facts.h"

namespace layerwatt {

namespace {

std::string named(const std::vector<Change>& changes) {
  std::set<std::string> files;
  for (const Change& change : changes) files.insert(change.file.string());
  return joined(files);
}

void judge_journal(const Machine& machine, const std::filesystem::path& folder,
                   std::vector<Finding>& findings) {
  const auto found = look_for_journal(folder);
  if (!found) {
    if (found.error().code != Errc::permission)
      findings.push_back(
          {Severity::warning, "undo journal", found.error().where + " " + found.error().detail, ""});
    return;
  }
  if (!*found || (*found)->journal.sysroot != sysroot_of(machine)) return;
  const Journal& journal = (*found)->journal;
  const std::string run = "process " + std::to_string(journal.owner);
  if ((*found)->in_use)
    findings.push_back({Severity::warning, "changed settings",
                        run + " runs and has changed " + named(journal.changes),
                        "wait for its end: it puts them back"});
  else if (journal.boot == boot_of(machine))
    findings.push_back({Severity::warning, "changed settings",
                        run + ", which was killed, left " + named(journal.changes) + " changed",
                        folder == journal_folder_of_root ? "sudo layerwatt restore" : "layerwatt restore"});
}

}  // namespace

std::vector<Finding> journal_findings(const Machine& machine, const std::filesystem::path& folder) {
  std::vector<Finding> findings;
  for (const auto& place : std::set<std::filesystem::path>{folder, journal_folder_of_root})
    if (!place.empty()) judge_journal(machine, place, findings);
  return findings;
}

}  // namespace layerwatt
