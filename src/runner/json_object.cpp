// SPDX-License-Identifier: Apache-2.0
// Strict fields; see json_object.h.
#include "runner/json_object.h"

#include <limits>
#include <utility>

namespace layerwatt {

using nlohmann::json;

std::optional<std::int64_t> integer_in(const json& value, std::int64_t least, std::int64_t most) {
  if (!value.is_number_integer()) return std::nullopt;
  // nlohmann converts an unsigned value above the signed range without a word.
  constexpr auto largest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > largest) return std::nullopt;
  const auto number = value.get<std::int64_t>();
  if (number < least || number > most) return std::nullopt;
  return number;
}

std::optional<std::vector<std::int64_t>> integers_in(const json& value, std::int64_t least,
                                                     std::int64_t most) {
  if (!value.is_array()) return std::nullopt;
  std::vector<std::int64_t> all;
  for (const json& element : value) {
    const auto number = integer_in(element, least, most);
    if (!number) return std::nullopt;
    all.push_back(*number);
  }
  return all;
}

std::optional<std::vector<std::string>> strings_in(const json& value) {
  if (!value.is_array()) return std::nullopt;
  std::vector<std::string> all;
  for (const json& element : value) {
    if (!element.is_string()) return std::nullopt;
    all.push_back(element.get<std::string>());
  }
  return all;
}

JsonObject::JsonObject(const json& value, std::string where) : where_{std::move(where)} {
  if (value.is_object())
    json_ = &value;
  else
    failure_ = Error{Errc::malformed, where_, "expected an object, found " + std::string{value.type_name()}};
}

std::string JsonObject::path(const std::string& name) const {
  return where_.empty() ? name : where_ + "." + name;
}

void JsonObject::fail(const std::string& name, const std::string& expected) {
  if (!failure_) failure_ = Error{Errc::malformed, path(name), "expected " + expected};
}

const json* JsonObject::field(const char* name) {
  if (json_ == nullptr) return nullptr;
  const auto found = json_->find(name);
  if (found != json_->end() && !found->is_null()) return &*found;
  if (required_) fail(name, "a value, found none");
  return nullptr;
}

void JsonObject::read(const char* name, std::string& value) {
  const json* found = field(name);
  if (found == nullptr) return;
  if (found->is_string())
    value = found->get<std::string>();
  else
    fail(name, "a string");
}

void JsonObject::read(const char* name, bool& value) {
  const json* found = field(name);
  if (found == nullptr) return;
  if (found->is_boolean())
    value = found->get<bool>();
  else
    fail(name, "true or false");
}

void JsonObject::read(const char* name, std::optional<bool>& value) {
  if (field(name) == nullptr) return;
  bool known = false;
  read(name, known);
  value = known;
}

void JsonObject::read(const char* name, std::int64_t& value, std::int64_t least, std::int64_t most) {
  const json* found = field(name);
  if (found == nullptr) return;
  if (const auto number = integer_in(*found, least, most))
    value = *number;
  else
    fail(name, "an integer from " + std::to_string(least) + " to " + std::to_string(most));
}

void JsonObject::read(const char* name, std::uint64_t& value) {
  const json* found = field(name);
  if (found == nullptr) return;
  if (found->is_number_unsigned())
    value = found->get<std::uint64_t>();
  else
    fail(name, "an integer that is not negative");
}

void JsonObject::read(const char* name, std::optional<std::int64_t>& value, std::int64_t least,
                      std::int64_t most) {
  if (field(name) == nullptr) return;
  std::int64_t number = 0;
  read(name, number, least, most);
  value = number;
}

void JsonObject::read(const char* name, std::vector<std::string>& value) {
  const json* found = field(name);
  if (found == nullptr) return;
  if (auto all = strings_in(*found))
    value = std::move(*all);
  else
    fail(name, "a list of strings");
}

void JsonObject::read(const char* name, std::vector<std::int64_t>& value, std::int64_t least,
                      std::int64_t most) {
  const json* found = field(name);
  if (found == nullptr) return;
  if (auto all = integers_in(*found, least, most))
    value = std::move(*all);
  else
    fail(name, "a list of integers from " + std::to_string(least) + " to " + std::to_string(most));
}

void JsonObject::read(const char* name, std::vector<double>& value) {
  const json* found = field(name);
  if (found == nullptr) return;
  if (!found->is_array() ||
      !std::all_of(found->begin(), found->end(), [](const json& one) { return one.is_number(); }))
    return fail(name, "a list of numbers");
  value = found->get<std::vector<double>>();
}

void JsonObject::read(const char* name, std::optional<double>& value) {
  const json* found = field(name);
  if (found == nullptr) return;
  if (!found->is_number()) return fail(name, "a number");
  value = found->get<double>();
}

const json* JsonObject::list(const char* name) {
  const json* found = field(name);
  if (found == nullptr) return nullptr;
  if (found->is_array()) return found;
  fail(name, "a list");
  return nullptr;
}

}  // namespace layerwatt
