// SPDX-License-Identifier: Apache-2.0
// `layerwatt show RUN`: the report of a run, computed again from its file.
#include <memory>
#include <ostream>

#include "attribution/uncertainty.h"
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
  std::vector<std::filesystem::path> others;
  std::string report = "terminal";
  AttributionOptions attribution;
  bool verbose = false, uncertainty = false, split_fused = false;
};

// The profile of the file; the scatter between it and the other runs is in its absolute intervals.
Result<Profile> profile_among(const ShowArguments& arguments) {
  auto profile = profile_of(arguments.file, arguments.attribution);
  if (!profile || arguments.others.empty()) return profile;
  std::vector<Profile> others;
  for (const auto& file : arguments.others) {
    auto other = profile_of(file, arguments.attribution);
    if (!other) return other;
    others.push_back(std::move(*other));
  }
  if (const auto assessed = assess_uncertainty(*profile, others); !assessed) return assessed.error();
  return profile;
}

int show(const ShowArguments& arguments, Terminal& terminal) {
  const auto profile = profile_among(arguments);
  if (!profile) return report_error(terminal, profile.error());
  terminal.style.verbose = arguments.verbose;
  terminal.style.split_fused = arguments.split_fused;
  show_profile(*profile, arguments.uncertainty ? "uncertainty" : arguments.report, terminal);
  return good;
}

}  // namespace

void add_show(CLI::App& app, Invocation& invocation) {
  CLI::App& command = *app.add_subcommand("show", "Show a run again, or by another method");
  auto arguments = std::make_shared<ShowArguments>();
  command.add_option("RUN", arguments->file, "Run file written by layerwatt profile")->required();
  CLI::Option* report = command.add_option("--report", arguments->report, "terminal, json, csv, uncertainty")
                            ->check(CLI::IsMember(report_names()))
                            ->capture_default_str();
  command
      .add_flag("--uncertainty", arguments->uncertainty, "How sure the energies are: the uncertainty budget")
      ->excludes(report);
  command.add_option(
      "--with", arguments->others,
      "Further runs of the same: from 5 runs on, what they differ by is in the absolute interval");
  command.add_flag("-v,--verbose", arguments->verbose, "More of what is known");
  command
      .add_flag("--split-fused", arguments->split_fused,
                "Below each fused layer its sources, with its energy divided by MACs: not measured")
      ->excludes(report);
  add_attribution_options(command, arguments->attribution);
  command.footer(
      "Examples:\n"
      "  layerwatt show s.lw\n"
      "  layerwatt show s.lw --stacked --residual spread     as Holly 2020 mapped layers\n"
      "  layerwatt show s.lw --split-fused                   what of a fused layer is whose, by MACs\n"
      "  layerwatt show s.lw --uncertainty --with s2.lw s3.lw s4.lw s5.lw\n"
      "  layerwatt show s.lw --report json | jq .layers");
  command.callback([arguments, &invocation] {
    invocation.run = [arguments](Terminal& terminal) { return show(*arguments, terminal); };
  });
}

}  // namespace layerwatt
