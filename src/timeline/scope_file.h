// SPDX-License-Identifier: Apache-2.0
// What an oscilloscope saved as CSV: a time and a voltage of each channel, row by row. Pure.
//
// Formats, by their headers: Rigol DS1000Z ("X,CH1,CH2,Start,Increment" and a row of units with start and
// step), Rigol DS1000E ("Time,X(CH1),X(CH2)", "Second,Volt,Volt"), Keysight ("x-axis,1,2",
// "second,Volt,Volt"), Siglent
// ("Record Length,Analog:...", "Source,CH1,CH2", "Second,Volt,Volt"), Tektronix ("Source,CH1,CH2",
// "TIME,CH1,CH2"), PicoScope 6 ("Time,Channel A,Channel B", "(ms),(V),(mV)", an empty line; commas or tabs).
// Sources: tests/fixtures/scopes/PROVENANCE. None was tried on a file of our own.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace layerwatt {

struct ScopeRecord {
  struct Trace {
    std::string name;  // "CH1", "Channel A", "1"
    std::vector<Volts> volts;
  };
  std::vector<Nanoseconds> times;  // of each row; zero is the trigger
  std::vector<Trace> traces;       // each with as many values as there are times
  // "A" finds "Channel A", "2" finds "CH2"; null: none, or more than one.
  [[nodiscard]] const Trace* trace_named(std::string_view name) const;
};

// malformed: no two rows of numbers, times that do not grow, or a channel that is not in volts.
Result<ScopeRecord> read_scope(std::string_view text);

}  // namespace layerwatt
