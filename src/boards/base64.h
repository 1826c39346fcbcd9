// SPDX-License-Identifier: Apache-2.0
// Bytes as text: RFC 4648, section 4, with padding. Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace layerwatt {

std::string to_base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);  // empty when it is not base64

}  // namespace layerwatt
