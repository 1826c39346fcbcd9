// SPDX-License-Identifier: Apache-2.0
// How much a tensor is: elements, bytes, names of element types, and the limits above which a claim is
// absurd. All products are checked; nothing here overflows.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "core/vocabulary.h"

namespace layerwatt {

// Codes of TensorProto.DataType; also those newer than ONNX 1.12 (float8, int4, ...).
std::string name_of_element(int element_type);                  // "float32"; "unknown" when it is not known
std::optional<std::int64_t> bits_of_element(int element_type);  // nothing for strings and unknown types

// Nothing when a dimension is unknown, or the product does not fit.
std::optional<std::int64_t> elements_of(const Shape& shape);
std::optional<std::int64_t> bytes_of(const Shape& shape, int element_type);
std::optional<std::int64_t> checked_product(std::int64_t a, std::int64_t b);
std::optional<std::int64_t> checked_sum(std::int64_t a, std::int64_t b);

// Why no tensor can have this shape: "would have 5000000000000000 elements"; nothing when one can.
// A dimension of -1 is unknown and taken as 1.
std::optional<std::string> absurdity_of(const Shape& shape);

// A name from a file for a message: in quotes, shortened, without control characters.
std::string in_quotes(const std::string& name);
bool is_utf8(const std::string& text);

}  // namespace layerwatt
