// SPDX-License-Identifier: Apache-2.0
// Keeps every mark, for tests.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "markers/mark.h"

namespace layerwatt {

class RecordingSink final : public MarkSink {
 public:
  struct Kept {
    MarkKind kind;
    std::uint32_t thread;
    std::string name;
    std::uint32_t number;
    Instant at;
  };
  void mark(const Mark& m) override {
    marks.push_back({m.kind, m.thread, std::string{m.name}, m.number, m.at});
  }
  void thread_ended(std::uint32_t thread) override { ended.push_back(thread); }
  // "B outer, B inner, E inner, ..." of one thread.
  [[nodiscard]] std::string story(std::uint32_t thread) const {
    std::string text;
    for (const Kept& m : marks) {
      if (m.thread != thread) continue;
      const char* kind = m.kind == MarkKind::begin ? "B " : m.kind == MarkKind::end ? "E " : "I ";
      text += (text.empty() ? "" : ", ") + std::string{kind} + m.name;
    }
    return text;
  }

  std::vector<Kept> marks;
  std::vector<std::uint32_t> ended;
};

}  // namespace layerwatt
