// SPDX-License-Identifier: Apache-2.0
// What a subcommand is: a function that adds itself to the command line and says what to run when it was
// chosen. commands.cpp lists them all; a new one is one file and one line there.
#pragma once
#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <span>
#include <string>

#include "core/machine.h"
#include "core/result.h"
#include "report/report.h"

namespace layerwatt {

// Exit codes, the same for every subcommand. A child's own code is passed on where one is run.
enum ExitCode : int { good = 0, failed = 1, usage = 2, undecidable = 3, interrupted = 130 };

// Where a command talks to. Results go to `out`, messages to `err`.
struct Terminal {
  std::ostream& out;
  std::ostream& err;
  Style style;  // of `out`
  bool err_is_terminal = false;
};

// What the command line asked for.
struct Invocation {
  std::string command_line;           // as typed, for the run file
  std::function<int(Terminal&)> run;  // set by the chosen subcommand
};

struct Command {
  const char* name;
  void (*add)(CLI::App& app, Invocation& invocation);
};

std::span<const Command> commands();

// Prints "layerwatt: where: detail" and gives the exit code for it.
int report_error(Terminal& terminal, const Error& error);

// The machine whose tree, or record (`layerwatt board record`), lies at `sysroot`; "/" is this machine.
Result<Machine> machine_at(const std::filesystem::path& sysroot);

// Where this user's undo journal lies, by the environment: docs/controls.md. Empty when nothing says.
std::filesystem::path own_journal_folder();

void add_profile(CLI::App& app, Invocation& invocation);
void add_show(CLI::App& app, Invocation& invocation);
void add_export(CLI::App& app, Invocation& invocation);
void add_sensors(CLI::App& app, Invocation& invocation);
void add_doctor(CLI::App& app, Invocation& invocation);
void add_board(CLI::App& app, Invocation& invocation);
void add_calibrate(CLI::App& app, Invocation& invocation);
void add_import(CLI::App& app, Invocation& invocation);
void add_restore(CLI::App& app, Invocation& invocation);
void add_model(CLI::App& app, Invocation& invocation);

}  // namespace layerwatt
