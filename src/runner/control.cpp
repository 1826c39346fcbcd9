// SPDX-License-Identifier: Apache-2.0
// See control.h.
#include "runner/control.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "runner/protocol.h"

namespace layerwatt {

bool Control::fill() {
  std::array<char, 1 << 16> buffer;
  ssize_t n = 0;
  do n = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
  while (n < 0 && errno == EINTR);
  if (n <= 0) return false;
  received_.append(buffer.data(), static_cast<std::size_t>(n));
  return true;
}

std::optional<Result<std::string>> Control::next() {
  bool too_long = false;
  std::size_t searched = 0;
  while (true) {
    const std::size_t end = received_.find('\n', searched);
    if (end != std::string::npos) {
      std::string line = received_.substr(0, end);
      received_.erase(0, end + 1);
      if (too_long || line.size() > longest_request)
        return Error{Errc::malformed, "request", "longer than " + std::to_string(longest_request) + " bytes"};
      return line;
    }
    searched = received_.size();
    if (searched > longest_request) {
      too_long = true;
      received_.clear();
      searched = 0;
    }
    if (!fill()) return std::nullopt;
  }
}

bool Control::has_news() const {
  if (!received_.empty()) return true;
  pollfd wanted{descriptor_, POLLIN, 0};
  return ::poll(&wanted, 1, 0) > 0;
}

bool Control::send(const std::string& line) {
  const std::string message = line + "\n";
  for (std::size_t sent = 0; sent < message.size();) {
    const ssize_t n = ::send(descriptor_, message.data() + sent, message.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    sent += static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace layerwatt
