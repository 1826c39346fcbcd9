// SPDX-License-Identifier: Apache-2.0
// The one table of subcommands, in the order --help shows them, and what they share.
#include <unistd.h>

#include <cstdlib>
#include <ostream>

#include "boards/board_record.h"
#include "cli/command.h"
#include "controls/journal.h"

namespace layerwatt {

std::span<const Command> commands() {
  static constexpr Command all[] = {
      {"profile", add_profile},     {"show", add_show},     {"export", add_export},   {"import", add_import},
      {"sensors", add_sensors},     {"doctor", add_doctor}, {"restore", add_restore}, {"board", add_board},
      {"calibrate", add_calibrate}, {"model", add_model},
  };
  return all;
}

Result<Machine> machine_at(const std::filesystem::path& sysroot) {
  std::error_code ignored;
  if (sysroot == "/") return Machine::host();
  if (std::filesystem::is_directory(sysroot, ignored)) return Machine{sysroot, system_clock()};
  return read_board_record(sysroot).and_then(
      [](const BoardRecord& record) { return replay(record, system_clock()); });
}

std::filesystem::path own_journal_folder() {
  return journal_folder(std::getenv("XDG_STATE_HOME"), std::getenv("HOME"), ::geteuid() == 0);
}

int report_error(Terminal& terminal, const Error& error) {
  terminal.err << "layerwatt: " << error.where << ": " << error.detail << "\n";
  return failed;
}

}  // namespace layerwatt
