// SPDX-License-Identifier: Apache-2.0
// The callbacks are on the path of every node: no allocation, no look-up while reporting.
#include "engines/onnxruntime_marks.h"

#include <fmt/format.h>

#include <algorithm>

namespace layerwatt {

void OnnxruntimeMarks::on_begin(void* context) {
  auto& self = *static_cast<OnnxruntimeMarks*>(context);
  const std::size_t depth = self.depth_++;
  if (depth < self.begins_.size()) self.begins_[depth] = self.clock_->now();
}

void OnnxruntimeMarks::on_end(void* context, const OrtProfilingEvent* event) {
  auto& self = *static_cast<OnnxruntimeMarks*>(context);
  const Instant end = self.clock_->now();
  if (self.depth_ == 0) return;  // began before we listened
  --self.depth_;
  if (self.sink_ != nullptr) {
    self.report(end);
  } else if (self.observing_) {
    const LayerwattHookEvent what = self.describe_(event);
    self.seen_.push_back({self.depth_, what.is_node, {what.name, what.operation}});
  }
}

void OnnxruntimeMarks::report(Instant end) {
  if (depth_ != order_.depth) return;
  const std::size_t position = position_++;
  if (position >= order_.layer_at.size() || order_.layer_at[position] == OnnxruntimeOrder::no_layer) return;
  sink_->layer(order_.layer_at[position], begins_[depth_], end);
}

void OnnxruntimeMarks::start_observing() {
  seen_.clear();
  depth_ = 0;
  observing_ = true;
}

Result<std::vector<ObservedNode>> OnnxruntimeMarks::stop_observing() {
  observing_ = false;
  order_.depth = begins_.size();
  for (const Seen& seen : seen_)
    if (seen.is_node) order_.depth = std::min(order_.depth, seen.depth);
  if (order_.depth == begins_.size())
    return Error{Errc::unsupported, "onnxruntime", "its profiler told the plug-in of no node"};
  std::vector<ObservedNode> nodes;
  order_.layer_at.clear();
  for (Seen& seen : seen_) {
    if (seen.depth != order_.depth) continue;
    order_.layer_at.push_back(seen.is_node ? static_cast<std::uint32_t>(nodes.size())
                                           : OnnxruntimeOrder::no_layer);
    if (seen.is_node) nodes.push_back(std::move(seen.node));
  }
  seen_ = {};
  return nodes;
}

void OnnxruntimeMarks::start_reporting(SpanSink& sink) {
  depth_ = 0;
  position_ = 0;
  sink_ = &sink;
}

Result<void> OnnxruntimeMarks::stop_reporting() {
  sink_ = nullptr;
  if (position_ == order_.layer_at.size() && depth_ == 0) return {};
  return Error{Errc::malformed, "onnxruntime",
               fmt::format("executed {} nodes where the first inference executed {}", position_,
                           order_.layer_at.size())};
}

}  // namespace layerwatt
