// SPDX-License-Identifier: Apache-2.0
// Reading a run file, attributing it and writing a report: what profile, show and export have in common.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "attribution/profile.h"
#include "cli/command.h"

namespace layerwatt {

// The profile of a run file; `complete` overrides what the file says of itself, for a run that is still open.
Result<Profile> profile_of(const std::filesystem::path& run_file, const AttributionOptions& attribution,
                           std::optional<bool> complete = std::nullopt);

std::vector<std::string> report_names();

// `report` is one of report_names().
void show_profile(const Profile& profile, const std::string& report, Terminal& terminal);

// Both, one after the other. Gives the exit code.
int show_run(const std::filesystem::path& run_file, const AttributionOptions& attribution,
             const std::string& report, Terminal& terminal);

// --method, --stacked, --residual, --shunt-tolerance, --mark-bias
void add_attribution_options(CLI::App& command, AttributionOptions& attribution);

}  // namespace layerwatt
