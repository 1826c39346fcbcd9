// SPDX-License-Identifier: Apache-2.0
// For tests: a directory that stands in for a machine, filled by the test and removed with the object. Holds
// what git cannot: empty, unreadable and odd files.
#pragma once
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "core/machine.h"

namespace layerwatt {

class TemporaryTree {
 public:
  explicit TemporaryTree(const std::filesystem::path& below = std::filesystem::temp_directory_path()) {
    std::string name = (below / "layerwatt_test_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error{"cannot make " + name};
    root_ = name;
    std::filesystem::permissions(root_, std::filesystem::perms{0755});
  }
  TemporaryTree(const TemporaryTree&) = delete;
  TemporaryTree& operator=(const TemporaryTree&) = delete;
  ~TemporaryTree() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  // Takes a copy of a recorded tree.
  void copy(const std::filesystem::path& tree) {
    std::filesystem::copy(tree, root_, std::filesystem::copy_options::recursive);
  }
  // Paths as the machine sees them: "/sys/class/hwmon".
  void put(const std::filesystem::path& path, const std::string& content) const {
    std::filesystem::create_directories(at(path).parent_path());
    std::ofstream{at(path), std::ios::binary} << content;
  }
  void put_directory(const std::filesystem::path& path) const {
    std::filesystem::remove_all(at(path));
    std::filesystem::create_directories(at(path));
  }
  void remove(const std::filesystem::path& path) const { std::filesystem::remove_all(at(path)); }
  [[nodiscard]] std::filesystem::path at(const std::filesystem::path& path) const {
    return root_ / path.relative_path();
  }
  [[nodiscard]] const std::filesystem::path& root() const { return root_; }
  [[nodiscard]] Machine machine(const Clock& clock = system_clock()) const { return Machine{root_, clock}; }

 private:
  std::filesystem::path root_;
};

}  // namespace layerwatt
