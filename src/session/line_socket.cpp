// SPDX-License-Identifier: Apache-2.0
// See line_socket.h.
#include "session/line_socket.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace layerwatt {

bool LineSocket::send(const std::string& line) {
  const std::string message = line + "\n";
  const ssize_t sent = ::send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent == static_cast<ssize_t>(message.size());
}

bool LineSocket::receive() {
  constexpr std::size_t most = 1 << 16;
  std::array<char, most> buffer;
  const ssize_t n = ::recv(socket_.get(), buffer.data(), most, MSG_DONTWAIT);
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  received_.append(buffer.data(), static_cast<std::size_t>(n));
  return n > 0;
}

std::optional<std::string> LineSocket::line() {
  const std::size_t end = received_.find('\n', searched_);
  if (end == std::string::npos) {
    searched_ = received_.size();
    return std::nullopt;
  }
  std::string found = received_.substr(0, end);
  received_.erase(0, end + 1);
  searched_ = 0;
  return found;
}

}  // namespace layerwatt
