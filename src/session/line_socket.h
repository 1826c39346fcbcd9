// SPDX-License-Identifier: Apache-2.0
// Lines over the control socket, the parent's end: never waits, so that the caller can watch other things.
#pragma once
#include <cstddef>
#include <optional>
#include <string>

#include "core/descriptor.h"

namespace layerwatt {

class LineSocket {
 public:
  explicit LineSocket(Descriptor socket) : socket_{std::move(socket)} {}
  [[nodiscard]] int descriptor() const { return socket_.get(); }
  // False when the other side has gone or does not read: the socket holds far more than a request.
  bool send(const std::string& line);
  // Takes some of what has come. False when the other side has gone and everything was taken.
  bool receive();
  // The next whole line.
  std::optional<std::string> line();
  [[nodiscard]] bool has_line() const { return received_.find('\n', searched_) != std::string::npos; }
  [[nodiscard]] std::size_t waiting() const { return received_.size(); }  // bytes

 private:
  Descriptor socket_;
  std::string received_;
  std::size_t searched_ = 0;  // bytes of received_ without an end of line
};

}  // namespace layerwatt
