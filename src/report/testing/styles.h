// SPDX-License-Identifier: Apache-2.0
// For tests: the two kinds of terminal.
#pragma once
#include "report/text.h"

namespace layerwatt {

inline const Style ascii{};
inline const Style utf8{false, true, 100, false};

}  // namespace layerwatt
