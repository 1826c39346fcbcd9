// SPDX-License-Identifier: Apache-2.0
// std::regex goes as deep as a name is long: names without end are not searched.
#include "attribution/roll_up.h"

namespace layerwatt {

namespace {

constexpr std::size_t longest_name = 1000, longest_expression = 200;

}  // namespace

Result<RollUp> RollUp::by(const std::string& words) {
  RollUp made;
  if (words == "module") return made;
  made.kind_ = words == "type"             ? Kind::type
               : words == "implementation" ? Kind::implementation
                                           : Kind::expression;
  if (made.kind_ != Kind::expression) return made;
  if (words.empty() || words.size() > longest_expression)
    return Error{Errc::malformed, "--by", "expected module, type, implementation or a regular expression"};
  try {
    made.expression_ = std::regex{words};
  } catch (const std::regex_error& error) {
    return Error{Errc::malformed, "--by " + words, std::string{"is no regular expression: "} + error.what()};
  }
  return made;
}

std::string RollUp::group_of(const Layer& layer) const {
  switch (kind_) {
    case Kind::module: return layer.module;
    case Kind::type: return layer.type;
    case Kind::implementation: return layer.implementation.empty() ? "(not told)" : layer.implementation;
    case Kind::expression: break;
  }
  std::smatch found;
  if (layer.name.size() > longest_name || !std::regex_search(layer.name, found, expression_))
    return "(others)";
  const std::string group = found.size() > 1 && found[1].matched ? found[1].str() : found[0].str();
  return group.empty() ? "(others)" : group;
}

}  // namespace layerwatt
