// SPDX-License-Identifier: Apache-2.0
// Lists to JSON and back, believing nothing on the way back.
#include "timeline/layer_columns.h"

#include <nlohmann/json.hpp>

namespace layerwatt {

namespace {

using nlohmann::json;

// Names from a hostile model need not be UTF-8: what is not becomes U+FFFD.
std::string compact(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

std::optional<std::vector<std::int64_t>> numbers_of(const json& list) {
  if (!list.is_array()) return std::nullopt;
  std::vector<std::int64_t> numbers;
  numbers.reserve(list.size());
  for (const auto& item : list) {
    // Above 2^63 a number would be unsigned, or a float.
    if (!item.is_number_integer() || (item.is_number_unsigned() && item.get<std::int64_t>() < 0))
      return std::nullopt;
    numbers.push_back(item.get<std::int64_t>());
  }
  return numbers;
}

// A parsed list takes many times the room of its text; no layer has a list this long.
constexpr std::size_t longest_list = 1 << 20;

json parsed(const std::string& text) {
  return text.size() > longest_list ? json{} : json::parse(text, nullptr, false);
}

}  // namespace

std::string json_of(const std::vector<std::string>& texts) { return compact(texts); }
std::string json_of(const std::vector<std::int64_t>& numbers) { return compact(numbers); }
std::string json_of(const std::vector<Shape>& shapes) { return compact(shapes); }

std::optional<std::vector<std::string>> texts_in(const std::string& text) {
  const json list = parsed(text);
  if (!list.is_array()) return std::nullopt;
  std::vector<std::string> texts;
  texts.reserve(list.size());
  for (const auto& item : list) {
    if (!item.is_string()) return std::nullopt;
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

std::optional<std::vector<std::int64_t>> numbers_in(const std::string& text) {
  return numbers_of(parsed(text));
}

std::optional<std::vector<Shape>> shapes_in(const std::string& text) {
  const json list = parsed(text);
  if (!list.is_array()) return std::nullopt;
  std::vector<Shape> shapes;
  shapes.reserve(list.size());
  for (const auto& item : list) {
    auto shape = numbers_of(item);
    if (!shape) return std::nullopt;
    shapes.push_back(std::move(*shape));
  }
  return shapes;
}

}  // namespace layerwatt
