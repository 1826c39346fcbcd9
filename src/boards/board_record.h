// SPDX-License-Identifier: Apache-2.0
// A machine's files, as far as layerwatt would look at them, in one text: so that a board nobody here owns
// can be looked at, and tested against, elsewhere. JSON, docs/board-record.md says what is in it. Left out is
// what identifies a unit: serial numbers, addresses, host name.
#pragma once
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/machine.h"
#include "core/result.h"
#include "core/vocabulary.h"

namespace layerwatt {

// How long reading a sensor's file took, over `reads` reads.
struct ReadTimes {
  std::size_t reads = 0;
  Nanoseconds shortest{}, median{}, longest{};
};

struct RecordedFile {
  std::string path;     // of the machine, links resolved: "/sys/devices/..."
  unsigned mode = 0;    // permission bits
  std::string content;  // as read; empty when it failed
  int failure = 0;      // errno of reading it; 0 = it was read
  std::optional<ReadTimes> times;
};

struct BoardRecord {
  std::map<std::string, std::string> provenance;  // "recorded", "tool", "note", "root", circumstances
  std::vector<RecordedFile> files;                // by path
  std::map<std::string, std::string> links;       // symbolic links: path -> target as the machine has it
  std::string run;                                // a run file's bytes; empty: none
};

// Reads each file once, sensors' files some times more. Files that are long, or none, are left out.
BoardRecord record_board(const Machine& machine);

std::string write_board_record(const BoardRecord& record);
// malformed: no such record, a path that leads out of the tree, more than 64 MiB.
Result<BoardRecord> parse_board_record(std::string_view text, const std::string& where);
Result<BoardRecord> read_board_record(const std::filesystem::path& file);

// Makes the files and links below `folder`, which must be empty. A file that could not be read becomes an
// empty one. malformed when the record's links lead out of the folder.
Result<void> unpack_board_record(const BoardRecord& record, const std::filesystem::path& folder);

// The recorded machine, in a folder of its own that goes with it.
Result<Machine> replay(const BoardRecord& record, const Clock& clock);

}  // namespace layerwatt
