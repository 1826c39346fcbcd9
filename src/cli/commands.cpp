// SPDX-License-Identifier: Apache-2.0
// The one table of subcommands, in the order --help shows them, and what they share.
#include <ostream>

#include "boards/board_record.h"
#include "cli/command.h"

namespace layerwatt {

std::span<const Command> commands() {
  static constexpr Command all[] = {
      {"profile", add_profile}, {"show", add_show},   {"export", add_export},       {"sensors", add_sensors},
      {"doctor", add_doctor},   {"board", add_board}, {"calibrate", add_calibrate}, {"model", add_model},
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

int report_error(Terminal& terminal, const Error& error) {
  terminal.err << "layerwatt: " << error.where << ": " << error.detail << "\n";
  return failed;
}

}  // namespace layerwatt
