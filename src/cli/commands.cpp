// SPDX-License-Identifier: Apache-2.0
// The one table of subcommands, in the order --help shows them, and what they share.
#include <unistd.h>

#include <cstdlib>
#include <ostream>

#include "cli/command.h"
#include "controls/journal.h"

namespace layerwatt {

std::span<const Command> commands() {
  static constexpr Command all[] = {
      {"profile", add_profile}, {"show", add_show},       {"export", add_export}, {"sensors", add_sensors},
      {"doctor", add_doctor},   {"restore", add_restore}, {"model", add_model},
  };
  return all;
}

Result<Machine> machine_at(const std::filesystem::path& sysroot) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(sysroot, ignored))
    return Error{Errc::not_found, sysroot.string(), "--sysroot is no directory"};
  return sysroot == "/" ? Machine::host() : Machine{sysroot, system_clock()};
}

std::filesystem::path own_journal_folder() {
  return journal_folder(std::getenv("XDG_STATE_HOME"), std::getenv("HOME"), ::geteuid() == 0);
}

int report_error(Terminal& terminal, const Error& error) {
  terminal.err << "layerwatt: " << error.where << ": " << error.detail << "\n";
  return failed;
}

}  // namespace layerwatt
