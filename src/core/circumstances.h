// SPDX-License-Identifier: Apache-2.0
// Finding one's way in what a run file says of the run as a whole. Keys are those of docs/run-file.md.
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace layerwatt {

using Circumstances = std::map<std::string, std::string>;

// Empty when it is not known.
std::string circumstance(const Circumstances& circumstances, const std::string& key);
// Of a number that was asked for and is 1 unless it is known to be more: batch, in_flight.
std::uint32_t counted(const Circumstances& circumstances, const std::string& key);
// The network's name; failing that, the file's name without its folder.
std::string model_name(const Circumstances& circumstances);

// One that decides what is measured. A new one becomes a row of the table in circumstances.cpp.
struct Setting {
  const char* key;
  const char* column;     // of `--format features`; empty: none of its own
  bool asked;             // for by the user; not the machine's or the moment's. JSON gives these as settings
  bool same_in_repeated;  // runs that are repetitions of one another
};

// In the order of columns.
std::span<const Setting> run_settings();

}  // namespace layerwatt
