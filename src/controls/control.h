// SPDX-License-Identifier: Apache-2.0
// What a setting of the machine is and how one is changed: a file that is read, written and read back. What
// cannot be read back is not written. Knows nothing of disks and journals: journal.h, controls.h.
#pragma once
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/machine.h"
#include "core/result.h"

namespace layerwatt {

// A file that was, or is about to be, written: what it said before, and says after. Both the same: nothing
// but a promise that it will say so again at the end, for a file whose value hangs on others.
struct Change {
  std::filesystem::path file;  // of the machine: "/sys/..."
  std::string before, after;
  bool operator==(const Change&) const = default;
};

// What is to be done to one file. With no `value` it is not written, only promised to come back.
struct Step {
  std::filesystem::path file;
  std::string value;  // as it is written
  std::string reads;  // as it must read then: drivers round
};

struct ControlDriver {
  std::string_view name;     // file name: "ina3221_mode"
  std::string_view summary;  // one line
  // True for the files that this control writes; judges the name alone.
  bool (*owns)(const std::filesystem::path&);
};

// All there are; made by add_control() lines in CMakeLists.txt.
std::span<const ControlDriver* const> control_drivers();
// True when some control writes this file. Nothing else is ever written, whatever a journal says.
bool is_control_file(const std::filesystem::path& file);
// True for what a setting can hold: 1 to 64 printable characters, none of them blank.
bool is_setting(const std::string& value);

// Where settings are read and written.
class SettingFiles {
 public:
  virtual ~SettingFiles() = default;
  [[nodiscard]] virtual Result<std::string> read(const std::filesystem::path& file) const = 0;
  // permission: this user may not. Asked of every file before the first is written.
  [[nodiscard]] virtual Result<void> may_write(const std::filesystem::path& file) const = 0;
  virtual Result<void> write(const std::filesystem::path& file, const std::string& value) = 0;
};

// The files of a machine. Writes nothing that is_control_file() does not know, or that lies outside /sys once
// links are followed.
class MachineSettings final : public SettingFiles {
 public:
  explicit MachineSettings(const Machine& machine) : machine_{machine} {}
  [[nodiscard]] Result<std::string> read(const std::filesystem::path& file) const override;
  [[nodiscard]] Result<void> may_write(const std::filesystem::path& file) const override;
  Result<void> write(const std::filesystem::path& file, const std::string& value) override;

 private:
  [[nodiscard]] Result<std::filesystem::path> place_of(const std::filesystem::path& file) const;
  Machine machine_;
};

// Reads the file, has the change remembered, writes, reads back. An Error of `remember` stops it before it
// wrote.
Result<Change> change_setting(SettingFiles& files, const Step& step,
                              const std::function<Result<void>(const Change&)>& remember);

// What becomes of a setting that somebody else changed after we did.
enum class Foreign {
  leave,      // it stays, and stays in the journal
  overwrite,  // what was before us is put back all the same
  keep        // it stays, and we forget what was before
};

enum class Fate {
  put_back,
  untouched,  // it says what it said before us
  kept,       // somebody else changed it, and was let
  gone,       // the file is no more: its driver was unloaded, and with it the setting
  foreign,    // somebody else changed it: `detail` is what it says now
  failed      // `detail` is why
};

struct Outcome {
  Change change;
  Fate fate = Fate::untouched;
  std::string detail;
};

struct Restored {
  std::vector<Outcome> outcomes;   // in the order they were undone; promises that were kept are left out
  std::vector<Change> unfinished;  // foreign and failed ones, in the order they were made
};

// Undoes changes, the last one first.
Restored undo_changes(SettingFiles& files, std::span<const Change> changes, Foreign foreign);

// One line for a person: "/sys/... is 64 again".
std::string description(const Outcome& outcome);

}  // namespace layerwatt
