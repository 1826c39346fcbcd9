// SPDX-License-Identifier: Apache-2.0
// Values that may be unknown, as the JSON reports write them: null.
#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/units.h"

namespace layerwatt {

using Json = nlohmann::ordered_json;

template <class Number>
Json or_null(const std::optional<Number>& number) {
  return number ? Json(*number) : Json{};
}
template <class Tag>
Json or_null(const std::optional<Quantity<Tag>>& quantity) {
  return quantity ? Json(quantity->value()) : Json{};
}
inline Json or_null(const std::optional<Nanoseconds>& time) { return time ? Json(seconds(*time)) : Json{}; }
inline Json or_null(const std::string& text) { return text.empty() ? Json{} : Json(text); }

}  // namespace layerwatt
