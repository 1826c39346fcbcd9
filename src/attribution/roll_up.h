// SPDX-License-Identifier: Apache-2.0
// Under which names layers are added up beside the table of layers: their modules, types, implementations, or
// what a regular expression finds in their names. Pure.
#pragma once
#include <optional>
#include <regex>
#include <string>

#include "core/result.h"
#include "core/vocabulary.h"

namespace layerwatt {

class RollUp {
 public:
  // "module", "type", "implementation", or a regular expression (ECMAScript) that is searched for in the
  // names of layers: its first group in parentheses, or all that matches. malformed: no such expression.
  static Result<RollUp> by(const std::string& words);
  // Empty where a layer has no module. What an expression does not match, and what no engine told, has a name
  // that says so.
  [[nodiscard]] std::string group_of(const Layer& layer) const;

 private:
  enum class Kind { module, type, implementation, expression };
  Kind kind_ = Kind::module;
  std::regex expression_;
};

}  // namespace layerwatt
