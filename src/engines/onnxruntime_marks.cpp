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
  if (depth_ != node_depth_) return;
  const std::size_t position = position_++;
  if (position >= layer_at_.size() || layer_at_[position] == no_layer) return;
  sink_->layer(layer_at_[position], begins_[depth_], end);
}

void OnnxruntimeMarks::start_observing() {
  seen_.clear();
  depth_ = 0;
  observing_ = true;
}

Result<std::vector<ObservedNode>> OnnxruntimeMarks::stop_observing() {
  observing_ = false;
  node_depth_ = begins_.size();
  for (const Seen& seen : seen_)
    if (seen.is_node) node_depth_ = std::min(node_depth_, seen.depth);
  if (node_depth_ == begins_.size())
    return Error{Errc::unsupported, "onnxruntime", "its profiler told the plug-in of no node"};
  std::vector<ObservedNode> nodes;
  layer_at_.clear();
  for (Seen& seen : seen_) {
    if (seen.depth != node_depth_) continue;
    layer_at_.push_back(seen.is_node ? static_cast<std::uint32_t>(nodes.size()) : no_layer);
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
  if (position_ == layer_at_.size() && depth_ == 0) return {};
  return Error{
      Errc::malformed, "onnxruntime",
      fmt::format("executed {} nodes where the first inference executed {}", position_, layer_at_.size())};
}

}  // namespace layerwatt
