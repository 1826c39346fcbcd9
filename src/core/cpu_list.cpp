// SPDX-License-Identifier: Apache-2.0
// Ranges to numbers and back; see cpu_list.h.
#include "core/cpu_list.h"

#include <algorithm>
#include <optional>

#include "core/text.h"

namespace layerwatt {

namespace {

struct Range {
  int first, last, step;
};

std::optional<int> cpu(std::string_view text) {
  const auto number = text::integer(text);
  if (!number || *number < 0 || *number >= most_cpus) return std::nullopt;
  return static_cast<int>(*number);
}

// "4", "0-3", "0-6:2".
std::optional<Range> range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = cpu(text.substr(0, dash));
  if (!first) return std::nullopt;
  if (dash == std::string_view::npos) return Range{*first, *first, 1};
  const std::string_view behind = text.substr(dash + 1);
  const std::size_t colon = behind.find(':');
  const auto last = cpu(behind.substr(0, colon));
  const auto step = colon == std::string_view::npos ? std::optional{1} : cpu(behind.substr(colon + 1));
  if (!last || !step || *last < *first || *step < 1) return std::nullopt;
  return Range{*first, *last, *step};
}

}  // namespace

Result<std::vector<int>> parse_cpu_list(std::string_view text) {
  std::vector<int> cpus;
  for (const std::string_view field : text::fields(text, ',')) {
    const auto some = range(text::trimmed(field));
    if (!some)
      return Error{Errc::malformed, std::string{text},
                   "expected numbers of CPUs and ranges of them, as 0-3,6 or 0-6:2"};
    for (int number = some->first; number <= some->last; number += some->step) cpus.push_back(number);
  }
  std::sort(cpus.begin(), cpus.end());
  cpus.erase(std::unique(cpus.begin(), cpus.end()), cpus.end());
  return cpus;
}

std::string to_cpu_list(const std::vector<int>& cpus) {
  std::string list;
  for (std::size_t i = 0; i < cpus.size();) {
    std::size_t end = i + 1;
    while (end < cpus.size() && cpus[end] == cpus[end - 1] + 1) ++end;
    list += (list.empty() ? "" : ",") + std::to_string(cpus[i]);
    if (end - i > 1) list += "-" + std::to_string(cpus[end - 1]);
    i = end;
  }
  return list;
}

}  // namespace layerwatt
