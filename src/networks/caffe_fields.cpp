// SPDX-License-Identifier: Apache-2.0
// See caffe_fields.h.
#include "networks/caffe_fields.h"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "core/text.h"
#include "networks/tensor_size.h"

namespace layerwatt {

namespace {

std::optional<std::int64_t> as_integer(const std::string& value) {
  const auto read = text::integer(value);
  return read ? std::optional<std::int64_t>{*read} : std::nullopt;
}

std::optional<std::int64_t> as_size(const std::string& value) {
  const auto read = as_integer(value);
  const bool fits = read && *read >= 0 && *read <= std::numeric_limits<std::int32_t>::max();
  return fits ? read : std::nullopt;
}

// "0.5f" is a number, too.
std::optional<double> as_number(std::string_view value) {
  if (!value.empty() && (value.back() == 'f' || value.back() == 'F')) value.remove_suffix(1);
  return text::number(value);
}

std::optional<bool> as_flag(const std::string& value) {
  if (value == "true" || value == "True" || value == "t" || value == "1") return true;
  if (value == "false" || value == "False" || value == "f" || value == "0") return false;
  return std::nullopt;
}

}  // namespace

CaffeFields::CaffeFields(const CaffeMessage& message, std::string what, std::string path)
    : message_{message},
      what_{std::move(what)},
      path_{std::move(path)},
      read_(message.fields.size(), false) {}

void CaffeFields::fail(const CaffeField& field, const std::string& why) {
  if (!failure_)
    failure_ = Error{Errc::malformed, path_,
                     fmt::format("line {}: {} of {} {}", field.line, field.name, what_, why)};
}

std::vector<const CaffeField*> CaffeFields::take(const char* name, bool is_message) {
  std::vector<const CaffeField*> found;
  for (std::size_t i = 0; i < message_.fields.size(); ++i) {
    const CaffeField& field = message_.fields[i];
    if (field.name != name) continue;
    read_[i] = true;
    if ((field.message != nullptr) != is_message)
      fail(field, is_message ? "should have fields in braces" : "should be one value, not fields in braces");
    else
      found.push_back(&field);
  }
  return found;
}

template <class T, class Read>
std::vector<T> CaffeFields::all(const char* name, const char* expected, Read read) {
  std::vector<T> values;
  for (const CaffeField* field : take(name, false)) {
    auto value = read(field->value);
    if (value)
      values.push_back(std::move(*value));
    else
      fail(*field, fmt::format("is {}, which is no {}", in_quotes(field->value), expected));
  }
  return values;
}

template <class T>
std::optional<T> CaffeFields::only(const char* name, std::vector<T> values) {
  if (values.size() > 1 && !failure_)
    failure_ = Error{Errc::malformed, path_,
                     fmt::format("line {}: {} has {} {} times", message_.line, what_, name, values.size())};
  if (values.size() != 1) return std::nullopt;
  return std::move(values.front());
}

std::vector<std::int64_t> CaffeFields::sizes(const char* name) {
  return all<std::int64_t>(name, "size of 32 bits", as_size);
}
std::vector<std::int64_t> CaffeFields::integers(const char* name) {
  return all<std::int64_t>(name, "integer", as_integer);
}
std::vector<double> CaffeFields::numbers(const char* name) { return all<double>(name, "number", as_number); }
std::vector<std::string> CaffeFields::words(const char* name) {
  return all<std::string>(name, "word", [](const std::string& value) { return std::optional{value}; });
}
std::optional<std::int64_t> CaffeFields::size(const char* name) { return only(name, sizes(name)); }
std::optional<std::int64_t> CaffeFields::integer(const char* name) { return only(name, integers(name)); }
std::optional<double> CaffeFields::number(const char* name) { return only(name, numbers(name)); }
std::optional<std::string> CaffeFields::word(const char* name) { return only(name, words(name)); }
std::optional<bool> CaffeFields::flag(const char* name) {
  // A vector of bool is none; their values are kept as integers.
  const auto values = all<int>(name, "true or false", [](const std::string& value) {
    const auto read = as_flag(value);
    return read ? std::optional<int>{*read ? 1 : 0} : std::nullopt;
  });
  const auto value = only(name, values);
  return value ? std::optional{*value != 0} : std::nullopt;
}

std::vector<const CaffeMessage*> CaffeFields::messages(const char* name) {
  std::vector<const CaffeMessage*> found;
  for (const CaffeField* field : take(name, true)) found.push_back(field->message.get());
  return found;
}

const CaffeMessage* CaffeFields::message(const char* name) {
  return only(name, messages(name)).value_or(nullptr);
}

void CaffeFields::ignore(std::initializer_list<const char*> names) {
  for (std::size_t i = 0; i < message_.fields.size(); ++i)
    for (const char* name : names)
      if (message_.fields[i].name == name) read_[i] = true;
}

Result<void> CaffeFields::so_far() const { return failure_ ? Result<void>{*failure_} : Result<void>{}; }

Result<void> CaffeFields::finish() {
  if (failure_) return *failure_;
  for (std::size_t i = 0; i < message_.fields.size(); ++i)
    if (!read_[i])
      return Error{
          Errc::unsupported, path_,
          fmt::format("line {}: {} has a field {}, which is not one of Caffe's that are known here; what it "
                      "would change is not known",
                      message_.fields[i].line, what_, in_quotes(message_.fields[i].name))};
  return {};
}

}  // namespace layerwatt
