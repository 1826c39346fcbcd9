// SPDX-License-Identifier: Apache-2.0
// `layerwatt restore`: puts back the settings that a killed run left changed.
#include <memory>
#include <ostream>

#include "cli/command.h"
#include "controls/controls.h"

namespace layerwatt {

namespace {

struct RestoreArguments {
  std::filesystem::path sysroot = "/";
  bool force = false, keep = false;
};

int report(const Controls::LeftBehind& behind, Terminal& terminal) {
  if (behind.rebooted) {
    terminal.out
        << "Process " << behind.owner
        << " left changed settings before the last reboot, which has ended them. Nothing to put back.\n";
    return good;
  }
  bool foreign = false;
  for (const Outcome& outcome : behind.restored.outcomes) {
    const bool unfinished = outcome.fate == Fate::foreign || outcome.fate == Fate::failed;
    (unfinished ? terminal.err << "layerwatt: " : terminal.out) << description(outcome) << "\n";
    foreign = foreign || outcome.fate == Fate::foreign;
  }
  if (foreign) terminal.err << "layerwatt: --force puts it back all the same, --keep leaves it for good\n";
  return behind.restored.unfinished.empty() ? good : failed;
}

int restore(const RestoreArguments& arguments, Terminal& terminal) {
  const auto machine = machine_at(arguments.sysroot);
  if (!machine) return report_error(terminal, machine.error());
  const std::filesystem::path folder = own_journal_folder();
  const auto found = look_for_journal(folder);
  if (!found) return report_error(terminal, found.error());
  if (!*found) {
    const auto of_root = look_for_journal(journal_folder_of_root);
    if (folder != journal_folder_of_root && of_root && *of_root)
      return report_error(terminal, {Errc::permission, journal_folder_of_root,
                                     "root's run left settings changed: sudo layerwatt restore"});
    terminal.out << "Nothing to put back: there is no undo journal in " << folder.string() << ".\n";
    return good;
  }
  auto controls = Controls::open(*machine, folder);
  if (!controls) return report_error(terminal, controls.error());
  const Foreign foreign =
      arguments.force ? Foreign::overwrite : (arguments.keep ? Foreign::keep : Foreign::leave);
  const auto behind = controls->restore_left_behind(foreign);
  if (!behind) return report_error(terminal, behind.error());
  return *behind ? report(**behind, terminal) : good;
}

}  // namespace

void add_restore(CLI::App& app, Invocation& invocation) {
  CLI::App& command = *app.add_subcommand("restore", "Put back the settings that a killed run left changed");
  auto arguments = std::make_shared<RestoreArguments>();
  auto* force =
      command.add_flag("--force", arguments->force, "Also what somebody else changed after that run");
  command.add_flag("--keep", arguments->keep, "Leave what somebody else changed, and forget what was before")
      ->excludes(force);
  command.add_option("--sysroot", arguments->sysroot,
                     "The machine whose /sys and /proc lie here, where the run was given the same");
  command.footer(
      "Runs that change settings put them back themselves, also after Ctrl-C; after kill -9 this does, or "
      "the\n"
      "next run that changes any. The journal lies in $XDG_STATE_HOME/layerwatt, else in /var/lib/layerwatt "
      "for\n"
      "root and in ~/.local/state/layerwatt for others. Exit code 1 when something is not as it was before.\n"
      "Examples:\n"
      "  sudo layerwatt restore\n"
      "  sudo layerwatt restore --force");
  command.callback([arguments, &invocation] {
    invocation.run = [arguments](Terminal& terminal) { return restore(*arguments, terminal); };
  });
}

}  // namespace layerwatt
