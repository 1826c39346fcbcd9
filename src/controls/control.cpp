// SPDX-License-Identifier: Apache-2.0
// Changing a setting and undoing changes; see control.h.
#include "controls/control.h"

#include <algorithm>
#include <set>

namespace layerwatt {

namespace {

bool has_left(const Error& error) { return error.code == Errc::not_found || error.code == Errc::gone; }

// One pass over the changes, the last one first.
class Undoing {
 public:
  Undoing(SettingFiles& files, std::span<const Change> changes, Foreign foreign)
      : files_{files}, changes_{changes}, foreign_{foreign} {}

  Restored run() {
    for (std::size_t left = changes_.size(); left > 0; --left) {
      earlier_ = changes_.first(left - 1);
      const Change& change = changes_[left - 1];
      change.before == change.after ? fulfil(change) : undo(change);
    }
    std::reverse(restored_.unfinished.begin(), restored_.unfinished.end());
    return std::move(restored_);
  }

 private:
  void undo(const Change& change) {
    const auto now = files_.read(change.file);
    if (!now) return end(change, has_left(now.error()) ? Fate::gone : Fate::failed, now.error().detail);
    // A restoring run that was killed itself may have been here before.
    if (*now == change.before || is_promised(change.file, *now)) return end(change, Fate::untouched, "");
    if (*now != change.after && foreign_ == Foreign::leave) return end(change, Fate::foreign, *now);
    if (*now != change.after && foreign_ == Foreign::keep) return end(change, Fate::kept, *now);
    write_back(change);
  }

  // What was promised is checked last, and written once more where other settings bent it.
  void fulfil(const Change& change) {
    if (kept_.count(change.file) != 0) return;
    if (left_.count(change.file) != 0) {
      restored_.unfinished.push_back(change);
      return;
    }
    const auto now = files_.read(change.file);
    if (!now && has_left(now.error())) return;
    if (!now) return end(change, Fate::failed, now.error().detail);
    if (*now != change.before && !is_promised(change.file, *now)) write_back(change);
  }

  void write_back(const Change& change) {
    if (const auto written = files_.write(change.file, change.before); !written)
      return end(change, has_left(written.error()) ? Fate::gone : Fate::failed, written.error().detail);
    const auto reads = files_.read(change.file);
    if (!reads) return end(change, Fate::failed, reads.error().detail);
    if (*reads != change.before)
      return end(change, Fate::failed, "it reads " + *reads + " after " + change.before + " was written");
    end(change, Fate::put_back, "");
  }

  void end(const Change& change, Fate fate, std::string detail) {
    if (fate == Fate::foreign || fate == Fate::failed) {
      restored_.unfinished.push_back(change);
      left_.insert(change.file);
    }
    if (fate == Fate::kept) kept_.insert(change.file);
    restored_.outcomes.push_back({change, fate, std::move(detail)});
  }

  // By an earlier change: what is seen at the very end, and not on the way there.
  [[nodiscard]] bool is_promised(const std::filesystem::path& file, const std::string& value) const {
    return std::any_of(earlier_.begin(), earlier_.end(), [&](const Change& change) {
      return change.file == file && change.before == change.after && change.before == value;
    });
  }

  SettingFiles& files_;
  std::span<const Change> changes_, earlier_;  // earlier_: than the one being undone
  Foreign foreign_;
  std::set<std::filesystem::path> left_, kept_;
  Restored restored_;
};

}  // namespace

bool is_control_file(const std::filesystem::path& file) {
  return std::any_of(control_drivers().begin(), control_drivers().end(),
                     [&](const ControlDriver* driver) { return driver->owns(file); });
}

bool is_setting(const std::string& value) {
  return !value.empty() && value.size() <= 64 &&
         std::all_of(value.begin(), value.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

Result<Change> change_setting(SettingFiles& files, const Step& step,
                              const std::function<Result<void>(const Change&)>& remember) {
  const auto before = files.read(step.file);
  if (!before) return before.error();
  if (!is_setting(*before))
    return Error{Errc::malformed, step.file.string(), "says nothing that could be written back"};
  const Change change{step.file, *before, step.value.empty() ? *before : step.reads};
  if (auto remembered = remember(change); !remembered) return remembered.error();
  if (step.value.empty()) return change;
  if (auto written = files.write(step.file, step.value); !written) return written.error();
  const auto after = files.read(step.file);
  if (!after) return after.error();
  if (*after != step.reads)
    return Error{Errc::unsupported, step.file.string(),
                 "reads " + *after + " after " + step.value + " was written; expected " + step.reads};
  return change;
}

Restored undo_changes(SettingFiles& files, std::span<const Change> changes, Foreign foreign) {
  return Undoing{files, changes, foreign}.run();
}

std::string description(const Outcome& outcome) {
  const std::string& before = outcome.change.before;
  std::string file = outcome.change.file.string();
  switch (outcome.fate) {
    case Fate::put_back: return file + " is " + before + " again";
    case Fate::untouched: return file + " was " + before + " already";
    case Fate::kept: return file + " stays " + outcome.detail + ", which layerwatt did not write";
    case Fate::gone: return file + " is gone, and with it the setting: its driver starts anew";
    case Fate::foreign:
      return file + " is " + outcome.detail + ", which layerwatt did not write; it was " + before;
    case Fate::failed: return file + " is not put back to " + before + ": " + outcome.detail;
  }
  return file;
}

}  // namespace layerwatt
