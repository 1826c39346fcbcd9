// SPDX-License-Identifier: Apache-2.0
// See last_words.h.
#include "session/last_words.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <sstream>
#include <string_view>

#include "markers/printable.h"

namespace layerwatt {

namespace {

constexpr std::size_t most_kept = 4096;
constexpr int reads_at_a_time = 16;  // a child that never stops talking must not keep us here

}  // namespace

bool LastWords::take() {
  std::array<char, 4096> buffer;
  for (int i = 0; i < reads_at_a_time; ++i) {
    const ssize_t n = ::read(descriptor_, buffer.data(), buffer.size());
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    if (n == 0) return false;
    const std::string_view said{buffer.data(), static_cast<std::size_t>(n)};
    if (pass_on_) {
      [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, said.data(), said.size());
    }
    kept_ += said;
    if (kept_.size() > most_kept) kept_.erase(0, kept_.size() - most_kept);
  }
  return true;
}

std::string LastWords::text() const {
  std::istringstream lines{kept_};
  std::string all;
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) all += "\n  " + printable(line);
  return all;
}

}  // namespace layerwatt
