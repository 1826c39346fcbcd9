// SPDX-License-Identifier: Apache-2.0
// Lists of a Layer as they stand in the run file: JSON, which SQLite can take apart (json_each).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/vocabulary.h"

namespace layerwatt {

std::string json_of(const std::vector<std::string>& texts);     // ["conv1","relu1"]
std::string json_of(const std::vector<std::int64_t>& numbers);  // [3,3]
std::string json_of(const std::vector<Shape>& shapes);          // [[1,3,224,224]]

// Empty when the text is not JSON of that form.
std::optional<std::vector<std::string>> texts_in(const std::string& json);
std::optional<std::vector<std::int64_t>> numbers_in(const std::string& json);
std::optional<std::vector<Shape>> shapes_in(const std::string& json);

}  // namespace layerwatt
