// SPDX-License-Identifier: Apache-2.0
// `layerwatt show RUN`: the report of a run, computed again from its file.
#include <memory>
#include <ostream>

#include "cli/show_run.h"
#include "timeline/run_file.h"

namespace layerwatt {

Result<Profile> profile_of(const std::filesystem::path& run_file, const AttributionOptions& attribution,
                           std::optional<bool> complete) {
  auto timeline = read_run_file(run_file);
  if (!timeline) return timeline.error();
  timeline->complete = complete.value_or(timeline->complete);
  return attribute(*timeline, attribution);
}

std::vector<std::string> report_names() {
  std::vector<std::string> names;
  for (const ReportDriver* driver : report_drivers()) names.emplace_back(driver->name);
  return names;
}

void show_profile(const Profile& profile, const std::string& report, Terminal& terminal) {
  report_named(report)->write(profile, terminal.style, terminal.out);
}

int show_run(const std::filesystem::path& run_file, const AttributionOptions& attribution,
             const std::string& report, Terminal& terminal) {
  const auto profile = profile_of(run_file, attribution);
  if (!profile) return report_error(terminal, profile.error());
  show_profile(*profile, report, terminal);
  return good;
}

namespace {

struct ShowArguments {
  std::filesystem::path file;
  std::string report = "terminal";
  AttributionOptions attribution;
  bool verbose = false;
};

}  // namespace

void add_show(CLI::App& app, Invocation& invocation) {
  CLI::App& command = *app.add_subcommand("show", "Show a run again, or by another method");
  auto arguments = std::make_shared<ShowArguments>();
  command.add_option("RUN", arguments->file, "Run file written by layerwatt profile")->required();
  command.add_option("--report", arguments->report, "terminal, json, csv")
      ->check(CLI::IsMember(report_names()))
      ->capture_default_str();
  command.add_flag("-v,--verbose", arguments->verbose, "More of what is known");
  add_attribution_options(command, arguments->attribution);
  command.footer(
      "Examples:\n"
      "  layerwatt show s.lw\n"
      "  layerwatt show s.lw --stacked --residual spread     as Holly 2020 mapped layers\n"
      "  layerwatt show s.lw --report json | jq .layers");
  command.callback([arguments, &invocation] {
    invocation.run = [arguments](Terminal& terminal) {
      terminal.style.verbose = arguments->verbose;
      return show_run(arguments->file, arguments->attribution, arguments->report, terminal);
    };
  });
}

}  // namespace layerwatt
