// SPDX-License-Identifier: Apache-2.0
// The program layerwatt: parses the command line and runs the chosen subcommand. Nothing else prints or
// exits.
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <string>

#include "cli/command.h"
#include "cli/version.h"

namespace {

using namespace layerwatt;

bool terminal_knows_utf8() {
  for (const char* variable : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(variable);
    if (value == nullptr || *value == '\0') continue;
    return std::strstr(value, "UTF-8") != nullptr || std::strstr(value, "utf8") != nullptr ||
           std::strstr(value, "utf-8") != nullptr;
  }
  return false;
}

// https://no-color.org: any non-empty value switches colour off.
bool colour_wanted() {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  if (no_colour != nullptr && *no_colour != '\0') return false;
  return isatty(STDOUT_FILENO) != 0 && kind != nullptr && std::strcmp(kind, "dumb") != 0;
}

std::string typed(int argc, char** argv) {
  std::string line = "layerwatt";
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool plain = !word.empty() && word.find_first_of(" \t\n\"'$\\*?") == std::string::npos;
    line += plain ? " " + word : " '" + word + "'";
  }
  return line;
}

int run(int argc, char** argv) {
  CLI::App app{"layerwatt: where the joules of a neural network go, layer by layer, and how sure that is."};
  app.name("layerwatt");
  app.set_version_flag("--version", std::string{"layerwatt "} + version);
  app.require_subcommand(1);
  app.fallthrough(false);
  app.footer(
      "Examples:\n"
      "  layerwatt doctor                              what can be measured here\n"
      "  layerwatt profile squeezenet1.1               where its energy goes\n"
      "  layerwatt profile net.onnx --max-time 60s -o net.lw\n"
      "  layerwatt show net.lw\n"
      "  layerwatt export net.lw --format json\n"
      "Exit codes: 0 good, 1 failed, 2 wrong usage, 3 undecidable, 130 interrupted.");
  Invocation invocation;
  invocation.command_line = typed(argc, argv);
  for (const Command& command : commands()) command.add(app, invocation);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error, std::cout, std::cerr);
    return code == 0 ? good : usage;
  }
  Terminal terminal{std::cout, std::cerr, Style{}, isatty(STDERR_FILENO) != 0};
  terminal.style.colour = colour_wanted();
  terminal.style.utf8 = terminal_knows_utf8();
  const int code = invocation.run(terminal);
  std::cout.flush();
  if (!std::cout) {
    std::cerr << "layerwatt: standard output: could not be written\n";
    return failed;
  }
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  // A file-size limit is then an error of write(2) that we can report, not the end.
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "layerwatt: internal error: " << error.what() << "\n";
    return failed;
  }
}
