// SPDX-License-Identifier: Apache-2.0
// `layerwatt export RUN`: the result or the raw tables of a run for other programs.
#include <memory>
#include <ostream>

#include "cli/show_run.h"
#include "cli/whole_file.h"
#include "timeline/tables.h"

namespace layerwatt {

namespace {

struct ExportArguments {
  std::filesystem::path file, output;
  std::string format = "csv", table = "result";
  AttributionOptions attribution;
};

int write_to(const ExportArguments& arguments, Terminal& terminal) {
  if (arguments.table == "result")
    return show_run(arguments.file, arguments.attribution, arguments.format, terminal);
  if (arguments.format != "csv") {
    terminal.err << "layerwatt: export: raw tables are written as csv; the run file itself is SQLite\n";
    return usage;
  }
  const auto written = write_table_csv(arguments.file, arguments.table, terminal.out);
  return written ? good : report_error(terminal, written.error());
}

int write_file(const ExportArguments& arguments, Terminal& terminal) {
  const auto file = WholeFile::create(arguments.output, true);
  if (!file) return report_error(terminal, file.error());
  Terminal to_file{(*file)->stream(), terminal.err, Style{}, terminal.err_is_terminal};
  if (const int code = write_to(arguments, to_file); code != good && to_file.out) return code;
  const auto kept = (*file)->keep();
  return kept ? good : report_error(terminal, kept.error());
}

}  // namespace

void add_export(CLI::App& app, Invocation& invocation) {
  CLI::App& command = *app.add_subcommand("export", "Hand a run on: csv or json");
  auto arguments = std::make_shared<ExportArguments>();
  command.add_option("RUN", arguments->file, "Run file written by layerwatt profile")->required();
  command.add_option("--format", arguments->format, "csv or json")
      ->check(CLI::IsMember({"csv", "json"}))
      ->capture_default_str();
  command.add_option("--table", arguments->table, "result, or a raw table of the run file as csv")
      ->capture_default_str();
  command.add_option("-o,--output", arguments->output, "File to write [standard output]");
  add_attribution_options(command, arguments->attribution);
  command.footer(
      "Examples:\n"
      "  layerwatt export s.lw --format json > s.json      schema: docs/profile-json.md\n"
      "  layerwatt export s.lw -o layers.csv               one row a layer and rail\n"
      "  layerwatt export s.lw --table reading -o power.csv");
  command.callback([arguments, &invocation] {
    invocation.run = [arguments](Terminal& terminal) {
      return arguments->output.empty() ? write_to(*arguments, terminal) : write_file(*arguments, terminal);
    };
  });
}

}  // namespace layerwatt
