// SPDX-License-Identifier: Apache-2.0
// The parts of docs/reanalysis-holly2020.md. Each prints "@@ table NAME" or "@@ figure FILE" and what belongs
// there; scripts/reanalysis puts it into place. All of it is SIMULATED.
#pragma once
#include <string>
#include <string_view>

#include "reanalysis/papers.h"

namespace layerwatt::reanalysis {

void print_network_tables();
void print_contrast_table();
void print_draws_table();
void print_assumption_table();
void print_duty_table();
void print_first_layers_table();
void print_needed_duty_table();
void print_tx1_tables();
void print_from_rest_table();

// True when the simulated register agrees with the formula, layer by layer.
bool check_formula();

// What they share.
void begin_table(std::string_view name);
std::string range(const Spread& spread, int digits);

// The same workload as the shipped sensor shows it, and as one that does not average would.
struct Comparison {
  Workload workload;
  Observation shipped, triggered, exact;
};
Comparison compare(Workload workload, const Method& shipped, const Method& triggered);
void print_spread_head();
void print_spread_row(const std::string& name, const Comparison& one, const Method& shipped);

}  // namespace layerwatt::reanalysis
