// SPDX-License-Identifier: Apache-2.0
// The world a driver may touch: the tree under /sys, /proc and /dev, the clock, and libraries opened at run
// time. A recorded tree (--sysroot) and a clock the test turns can stand in for it.
#pragma once
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace layerwatt {

// A file opened once and read many times from its start, as sysfs attributes want it. Never allocates after
// it was opened.
class HeldFile {
 public:
  static Result<HeldFile> open(const std::filesystem::path& path);
  HeldFile(HeldFile&& other) noexcept;
  HeldFile& operator=(HeldFile&& other) noexcept;
  HeldFile(const HeldFile&) = delete;
  HeldFile& operator=(const HeldFile&) = delete;
  ~HeldFile();
  // Reads from offset 0; the view points into `buffer`, trailing white space removed.
  Result<std::string_view> read(std::span<char> buffer) const;
  // The integer at the start of the file ("4310\n", "4310 mw"). malformed when there is none.
  [[nodiscard]] Result<long long> read_integer() const;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  HeldFile(int descriptor, std::string path) : descriptor_{descriptor}, path_{std::move(path)} {}
  int descriptor_ = -1;
  std::string path_;
};

// A shared library opened at run time; closed with the object.
class Library {
 public:
  // `name` is a path, or a soname that the dynamic linker finds.
  static Result<Library> open(const std::string& name);
  [[nodiscard]] Result<void*> symbol(const char* name) const;
  template <class Function>
  [[nodiscard]] Result<Function*> function(const char* name) const {
    auto found = symbol(name);
    if (!found) return found.error();
    return reinterpret_cast<Function*>(*found);
  }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  Library(std::shared_ptr<void> handle, std::string name)
      : handle_{std::move(handle)}, name_{std::move(name)} {}
  std::shared_ptr<void> handle_;  // dlclose as deleter; copies of a Library share one handle
  std::string name_;
};

// The integer at the start of `text`; malformed (with `where`) when there is none or it overflows.
Result<long long> parse_integer(std::string_view text, const std::string& where);

// A recorded machine: a folder that stands in for its root, and what failed there when it was recorded.
struct RecordedTree {
  std::filesystem::path root;
  std::map<std::string, int> failures;  // path of the machine, links resolved -> errno of reading it
};

class Machine {
 public:
  // The machine this program runs on.
  static Machine host() { return Machine{"/", system_clock()}; }
  Machine(std::filesystem::path sysroot, const Clock& clock) : root_{std::move(sysroot)}, clock_{&clock} {}
  // What failed when it was recorded fails again. The tree lives as long as the last copy of the Machine.
  Machine(std::shared_ptr<const RecordedTree> tree, const Clock& clock)
      : root_{tree->root}, clock_{&clock}, tree_{std::move(tree)} {}

  // All paths are absolute paths of the machine, "/sys/class/hwmon"; the sysroot is put before them.
  [[nodiscard]] std::filesystem::path locate(const std::filesystem::path& path) const;
  [[nodiscard]] bool exists(const std::filesystem::path& path) const;
  // Trailing white space and NULs (device tree strings) removed. At most 1 MiB.
  [[nodiscard]] Result<std::string> read(const std::filesystem::path& path) const;
  [[nodiscard]] Result<long long> read_integer(const std::filesystem::path& path) const;
  // Names in a directory as paths of the machine, sorted; empty when it is missing or unreadable.
  [[nodiscard]] std::vector<std::filesystem::path> list(const std::filesystem::path& directory) const;
  [[nodiscard]] Result<HeldFile> hold(const std::filesystem::path& path) const;
  [[nodiscard]] Result<Library> open_library(const std::string& name) const;
  [[nodiscard]] const Clock& clock() const { return *clock_; }
  // True when a recorded tree stands in for the machine.
  [[nodiscard]] bool is_recorded() const { return root_ != "/"; }

 private:
  std::filesystem::path root_;
  const Clock* clock_;
  std::shared_ptr<const RecordedTree> tree_;  // null unless a record stands in
};

}  // namespace layerwatt
