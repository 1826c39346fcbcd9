// SPDX-License-Identifier: Apache-2.0
// For tests: another user's rights while it lives. As root, permissions would not bite otherwise.
#pragma once
#include <unistd.h>

namespace layerwatt::testing {

class AsNobody {
 public:
  AsNobody() : root_{geteuid() == 0} {
    if (root_) effective_ = seteuid(65534) == 0;
  }
  ~AsNobody() {
    if (root_ && effective_) effective_ = seteuid(0) == 0;
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;
  [[nodiscard]] bool is_plain_user() const { return !root_ || effective_; }

 private:
  bool root_, effective_ = false;
};

}  // namespace layerwatt::testing
