// SPDX-License-Identifier: Apache-2.0
// Scenarios as JSON; docs/scenario-format.md lists every key. What a file leaves out has its default.
#pragma once
#include <string>
#include <string_view>

#include "simulation/scenario.h"

namespace layerwatt::simulation {

// malformed: no JSON, a key that is not known, a value of the wrong kind or out of its limits. "sensor" may
// be the name of a preset, or an object whose "preset" names what the rest of it changes.
Result<Scenario> parse_scenario(std::string_view json, const std::string& where);
// Every setting, defaults too.
std::string write_scenario(const Scenario& scenario);

}  // namespace layerwatt::simulation
