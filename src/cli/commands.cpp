// SPDX-License-Identifier: Apache-2.0
// The one table of subcommands, in the order --help shows them, and what they share.
#include <ostream>

#include "cli/command.h"

namespace layerwatt {

std::span<const Command> commands() {
  static constexpr Command all[] = {
      {"profile", add_profile}, {"show", add_show},     {"export", add_export},
      {"sensors", add_sensors}, {"doctor", add_doctor}, {"model", add_model},
  };
  return all;
}

int report_error(Terminal& terminal, const Error& error) {
  terminal.err << "layerwatt: " << error.where << ": " << error.detail << "\n";
  return failed;
}

}  // namespace layerwatt
