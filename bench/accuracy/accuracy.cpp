// SPDX-License-Identifier: Apache-2.0
// How right the energies of layers are, and how well their intervals know it, where the truth is known: the
// table of docs/attribution.md, judged against its bars. Everything here is SIMULATED. Exit code 1: a bar was
// missed by more than two standard errors (bootstrapped over networks).
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "cases.h"
#include "core/machine.h"
#include "simulation/scenario_format.h"
#include "summary.h"

namespace layerwatt::accuracy {
namespace {

constexpr const char* usage =
    "usage: accuracy [--quick] [--networks N] [--only PART-OF-A-NAME] [--scenario FILE.json]...\n"
    "  --quick        some cases, few networks each: under 40 s\n"
    "  --scenario     judge these scenarios (docs/scenario-format.md) instead of the table\n";

struct Options {
  bool quick = false;
  unsigned networks = 0;  // 0: each case's own
  std::string only;
  std::vector<Case> given;
};

Result<Case> case_of(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) return Error{Errc::not_found, path, "cannot be opened"};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  auto scenario = simulation::parse_scenario(text, path);
  if (!scenario) return scenario.error();
  Case one;
  one.name = path;
  one.scenario = std::move(*scenario);
  return one;
}

Result<Options> parse(const std::vector<std::string>& words) {
  Options options;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool more = i + 1 < words.size();
    if (words[i] == "--quick") {
      options.quick = true;
    } else if (words[i] == "--networks" && more) {
      const auto number = parse_integer(words[++i], "--networks");
      if (!number) return number.error();
      if (*number < 1 || *number > 1000) return Error{Errc::malformed, "--networks", "must be 1 to 1000"};
      options.networks = static_cast<unsigned>(*number);
    } else if (words[i] == "--only" && more) {
      options.only = words[++i];
    } else if (words[i] == "--scenario" && more) {
      auto one = case_of(words[++i]);
      if (!one) return one.error();
      options.given.push_back(std::move(*one));
    } else {
      return Error{Errc::malformed, words[i], "is not understood"};
    }
  }
  return options;
}

int run(const std::vector<std::string>& words) {
  const auto options = parse(words);
  if (!options) {
    fmt::print(stderr, "accuracy: {}: {}\n{}", options.error().where, options.error().detail, usage);
    return 2;
  }
  fmt::print("{}", table_head());
  std::vector<std::string> missed;
  for (const Case& one : options->given.empty() ? cases() : options->given) {
    const bool wanted = options->only.empty() || one.name.find(options->only) != std::string::npos;
    if (!wanted || (options->quick && one.quick_networks == 0)) continue;
    const unsigned own = options->quick ? one.quick_networks : one.networks;
    const Summary summary = summary_of(judge(one.scenario, options->networks > 0 ? options->networks : own));
    fmt::print("{}", table_row(one, summary));
    std::fflush(stdout);
    for (std::string& text : missed_bars(one, summary)) missed.push_back(std::move(text));
  }
  if (missed.empty()) fmt::print("\nEvery bar is met.\n");
  for (const std::string& text : missed) fmt::print("\nmissed: {}\n", text);
  return missed.empty() ? 0 : 1;
}

}  // namespace
}  // namespace layerwatt::accuracy

int main(int argc, char** argv) { return layerwatt::accuracy::run({argv + 1, argv + argc}); }
