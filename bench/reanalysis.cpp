// SPDX-License-Identifier: Apache-2.0
// What the INA3221 alone explains of the two papers' per-layer powers: the tables and figures of
// docs/reanalysis-holly2020.md, which scripts/reanalysis keeps current. Everything it prints is SIMULATED.
//   bench/reanalysis [tables|check]
#include <fmt/format.h>

#include <cstdio>
#include <string_view>

#include "reanalysis/tables.h"

namespace layerwatt::reanalysis {
namespace {

int tables() {
  print_network_tables();
  print_contrast_table();
  print_draws_table();
  print_assumption_table();
  print_duty_table();
  print_first_layers_table();
  print_needed_duty_table();
  print_tx1_tables();
  print_from_rest_table();
  return 0;
}

}  // namespace
}  // namespace layerwatt::reanalysis

int main(int argc, char** argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "tables";
  if (verb == "tables" && argc <= 2) return layerwatt::reanalysis::tables();
  if (verb == "check" && argc == 2) return layerwatt::reanalysis::check_formula() ? 0 : 1;
  fmt::print(stderr, "usage: reanalysis [tables|check]\n");
  return 2;
}
