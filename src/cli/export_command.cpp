// SPDX-License-Identifier: Apache-2.0
// `layerwatt export RUN`: the result or the raw tables of a run for other programs.
#include <memory>
#include <ostream>
#include <vector>

#include "cli/show_run.h"
#include "cli/whole_file.h"
#include "timeline/tables.h"

namespace layerwatt {

namespace {

constexpr const char* features = "features";

struct ExportArguments {
  std::vector<std::filesystem::path> files;
  std::filesystem::path output;
  std::string format = "csv", table = "result";
  AttributionOptions attribution;
};

// One table of all runs: what energy models are fitted to.
int write_features(const ExportArguments& arguments, Terminal& terminal) {
  for (const auto& file : arguments.files) {
    const auto profile = profile_of(file, arguments.attribution);
    if (!profile) return report_error(terminal, profile.error());
    show_profile(*profile, features, terminal);
    terminal.style.continued = true;
  }
  return good;
}

int write_to(const ExportArguments& arguments, Terminal& terminal) {
  if (arguments.table == "result" && arguments.format == features) return write_features(arguments, terminal);
  if (arguments.files.size() > 1) {
    terminal.err << "layerwatt: export: only --format features takes several runs\n";
    return usage;
  }
  if (arguments.table == "result")
    return show_run(arguments.files.front(), arguments.attribution, arguments.format, terminal);
  if (arguments.format != "csv") {
    terminal.err << "layerwatt: export: raw tables are written as csv; the run file itself is SQLite\n";
    return usage;
  }
  const auto written = write_table_csv(arguments.files.front(), arguments.table, terminal.out);
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
  CLI::App& command = *app.add_subcommand("export", "Hand a run on: csv, json, or features");
  auto arguments = std::make_shared<ExportArguments>();
  command.add_option("RUN", arguments->files, "Run file written by layerwatt profile; several for features")
      ->required();
  command
      .add_option("--format", arguments->format,
                  "csv: a row a layer and rail. json. features: a row a layer and run with its shapes and "
                  "settings, for models of energy, docs/features.md")
      ->check(CLI::IsMember({"csv", "json", features}))
      ->capture_default_str();
  command.add_option("--table", arguments->table, "result, or a raw table of the run file as csv")
      ->capture_default_str();
  command.add_option("-o,--output", arguments->output, "File to write [standard output]");
  add_attribution_options(command, arguments->attribution);
  command.footer(
      "Examples:\n"
      "  layerwatt export s.lw --format json > s.json      schema: docs/profile-json.md\n"
      "  layerwatt export s.lw -o layers.csv               one row a layer and rail\n"
      "  layerwatt export *.lw --format features -o base.csv\n"
      "  layerwatt export s.lw --table reading -o power.csv");
  command.callback([arguments, &invocation] {
    invocation.run = [arguments](Terminal& terminal) {
      return arguments->output.empty() ? write_to(*arguments, terminal) : write_file(*arguments, terminal);
    };
  });
}

}  // namespace layerwatt
