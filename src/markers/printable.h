// SPDX-License-Identifier: Apache-2.0
// Names come from other programs: made fit for a terminal, a database and JSON before anyone sees them.
#pragma once
#include <string>
#include <string_view>

namespace layerwatt {

// `text` with every control character and every byte that is not valid UTF-8 replaced by '?'.
std::string printable(std::string_view text);

}  // namespace layerwatt
