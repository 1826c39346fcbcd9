// SPDX-License-Identifier: Apache-2.0
// `layerwatt doctor`: what can be measured here, how well, and what is in the way.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/calibrations.h"
#include "cli/command.h"
#include "session/machine_facts.h"

namespace layerwatt {

namespace {

struct DoctorArguments {
  std::filesystem::path sysroot = "/", calibration;
  bool json = false;
};

const char* colour_of(Severity severity) {
  switch (severity) {
    case Severity::ok: return "\x1b[32m";
    case Severity::warning: return "\x1b[33m";
    case Severity::problem: return "\x1b[31m";
  }
  return "";
}

void print(const Finding& finding, const Style& style, std::ostream& out) {
  const std::string word = fmt::format("{:<8}", name_of(finding.severity));
  out << (style.colour ? colour_of(finding.severity) + word + "\x1b[0m" : word) << finding.what << "\n";
  if (!finding.why.empty()) out << "        " << finding.why << "\n";
  if (!finding.remedy.empty()) out << "        remedy: " << finding.remedy << "\n";
}

int examine(const DoctorArguments& arguments, Terminal& terminal) {
  const auto machine = machine_at(arguments.sysroot);
  if (!machine) return report_error(terminal, machine.error());
  std::vector<Finding> findings = doctor_findings(*machine);
  for (Finding& finding : journal_findings(*machine, own_journal_folder()))
    findings.push_back(std::move(finding));
  const auto stored = calibrations_on(*machine, arguments.calibration);
  if (!stored)
    findings.push_back({Severity::warning, "calibrations of this machine",
                        stored.error().where + ": " + stored.error().detail, "put it right, or remove it"});
  else
    for (Finding& finding : calibration_findings(*machine, *stored)) findings.push_back(std::move(finding));
  bool problem = false;
  nlohmann::json list = nlohmann::json::array();
  for (const Finding& finding : findings) {
    problem = problem || finding.severity == Severity::problem;
    if (arguments.json)
      list.push_back({{"severity", name_of(finding.severity)},
                      {"what", finding.what},
                      {"why", finding.why},
                      {"remedy", finding.remedy}});
    else
      print(finding, terminal.style, terminal.out);
  }
  if (arguments.json) {
    const nlohmann::json report{{"schema", "layerwatt.doctor/1"},
                                {"findings", list},
                                {"circumstances", gather_circumstances(*machine)},
                                {"can_measure_power", !problem}};
    terminal.out << report.dump(2) << "\n";
  } else if (problem) {
    terminal.out
        << "Power cannot be measured here as it is; `layerwatt profile` would estimate, and say so.\n";
  }
  return problem ? failed : good;
}

}  // namespace

void add_doctor(CLI::App& app, Invocation& invocation) {
  CLI::App& command = *app.add_subcommand("doctor", "What can be measured here, and what is in the way");
  auto arguments = std::make_shared<DoctorArguments>();
  command.add_option("--sysroot", arguments->sysroot,
                     "Examine a recorded machine's tree instead of this machine");
  add_calibration_option(command, arguments->calibration);
  command.add_flag("--json", arguments->json, "JSON on standard output");
  command.footer(
      "Exit code 1 when power cannot be measured here.\n"
      "Examples:\n"
      "  layerwatt doctor\n"
      "  layerwatt doctor --sysroot recorded/jetson-nano --json");
  command.callback([arguments, &invocation] {
    invocation.run = [arguments](Terminal& terminal) { return examine(*arguments, terminal); };
  });
}

}  // namespace layerwatt
