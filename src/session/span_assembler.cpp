// SPDX-License-Identifier: Apache-2.0
// Pairing of begins and ends; see span_assembler.h. Names of marks: runner/protocol.h.
#include "session/span_assembler.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>
#include <utility>

#include "runner/protocol.h"

namespace layerwatt {

namespace {

// Subjects that are no layer. No network has that many: layers are bounded by the answer's size.
constexpr std::uint32_t foreign_subject = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t inference_subject = foreign_subject - 1;
constexpr std::uint32_t no_such_layer = foreign_subject - 2;

// The runner nests two deep; what is deeper is a begin without an end.
constexpr std::size_t deepest = 16;

std::uint32_t subject_named(std::string_view name, std::uint32_t layers) {
  if (name == inference_mark) return inference_subject;
  const std::string_view prefix{layer_mark_prefix};
  if (name.substr(0, prefix.size()) != prefix) return foreign_subject;
  name.remove_prefix(prefix.size());
  std::uint32_t layer = 0;
  const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), layer);
  const bool whole = failure == std::errc{} && end == name.data() + name.size();
  return whole && layer < layers ? layer : no_such_layer;
}

}  // namespace

void SpanAssembler::begin_run(std::uint32_t first) {
  for (const auto& [thread, open] : open_) counts_.orphaned_begins += open.size();
  open_.clear();
  first_ = first;
}

std::uint32_t SpanAssembler::subject_of(const Mark& mark) {
  const auto known = subjects_.find(mark.name_id);
  if (known != subjects_.end()) return known->second;
  return subjects_[mark.name_id] = subject_named(mark.name, layers_);
}

void SpanAssembler::mark(const Mark& mark) {
  const std::uint32_t subject = subject_of(mark);
  if (subject == foreign_subject || mark.kind == MarkKind::instant) {
    ++counts_.foreign;
  } else if (subject == no_such_layer || mark.number >= most_inferences_a_run) {
    ++counts_.impossible;
  } else if (mark.kind == MarkKind::begin) {
    std::vector<Open>& open = open_[mark.thread];
    if (open.size() == deepest) {
      open.erase(open.begin());
      ++counts_.orphaned_begins;
    }
    open.push_back({subject, mark.number, mark.at});
  } else {
    end(mark, subject);
  }
}

void SpanAssembler::end(const Mark& mark, std::uint32_t subject) {
  std::vector<Open>& open = open_[mark.thread];
  const auto begin = std::find_if(open.rbegin(), open.rend(), [&](const Open& o) {
    return o.subject == subject && o.number == mark.number;
  });
  if (begin == open.rend()) {
    ++counts_.orphaned_ends;
    return;
  }
  const Open found = *begin;
  // What began inside and did not end has lost its end.
  counts_.orphaned_begins += static_cast<std::uint64_t>(begin - open.rbegin());
  open.erase(begin.base() - 1, open.end());
  const std::uint32_t inference = first_ + mark.number;
  if (mark.at < found.begin)
    ++counts_.impossible;
  else if (subject == inference_subject)
    inferences_.push_back({inference, found.begin, mark.at});
  else
    spans_.push_back({subject, inference, found.begin, mark.at});
}

void SpanAssembler::thread_ended(std::uint32_t thread) {
  const auto open = open_.find(thread);
  if (open == open_.end()) return;
  counts_.orphaned_begins += open->second.size();
  open_.erase(open);
}

std::vector<LayerSpan> SpanAssembler::take_spans() {
  // Each thread's spans come in order of end; those of several threads are merged.
  std::stable_sort(spans_.begin(), spans_.end(),
                   [](const LayerSpan& a, const LayerSpan& b) { return a.end < b.end; });
  return std::exchange(spans_, {});
}

std::vector<MarkedInference> SpanAssembler::take_inferences() { return std::exchange(inferences_, {}); }

}  // namespace layerwatt
