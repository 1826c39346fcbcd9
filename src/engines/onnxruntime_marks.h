// SPDX-License-Identifier: Apache-2.0
// Turns the plug-in's live events into spans of layers. The order of nodes is the same in every run of a
// session, so after one observed run a node is known by its place in that order, and marking needs no names.
#pragma once
#include <array>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "engines/engine.h"
#include "engines/onnxruntime_graph.h"
#include "engines/onnxruntime_hook.h"

namespace layerwatt {

// Which events of a run are nodes of the main graph, as one run showed.
struct OnnxruntimeOrder {
  static constexpr std::uint32_t no_layer = static_cast<std::uint32_t>(-1);
  static constexpr std::size_t deepest = 64;
  std::size_t depth = deepest;          // how many events are open around a node of the main graph
  std::vector<std::uint32_t> layer_at;  // layer of each event at that depth, or no_layer
};

// Of one context: its runs do not overlap.
class OnnxruntimeMarks {
 public:
  using Describe = LayerwattHookEvent (*)(const OrtProfilingEvent*);
  OnnxruntimeMarks(const Clock& clock, Describe describe, OnnxruntimeOrder order = {})
      : clock_{&clock}, describe_{describe}, order_{std::move(order)} {}
  OnnxruntimeMarks(const OnnxruntimeMarks&) = delete;
  OnnxruntimeMarks& operator=(const OnnxruntimeMarks&) = delete;
  // What the plug-in is to tell; valid as long as this object.
  [[nodiscard]] const LayerwattHookListener* listener() const { return &listener_; }

  // Before and after the one run that is watched. Nodes that run inside another node (the body of a Loop) are
  // part of it. unsupported: the plug-in was never called.
  void start_observing();
  Result<std::vector<ObservedNode>> stop_observing();
  [[nodiscard]] const OnnxruntimeOrder& order() const { return order_; }

  // Before and after every marked run. malformed: it executed something else than the observed one.
  void start_reporting(SpanSink& sink);
  Result<void> stop_reporting();

 private:
  struct Seen {
    std::size_t depth;
    bool is_node;
    ObservedNode node;
  };
  static void on_begin(void* context);
  static void on_end(void* context, const OrtProfilingEvent* event);
  void report(Instant end);

  const Clock* clock_;
  Describe describe_;
  LayerwattHookListener listener_{this, on_begin, on_end};
  SpanSink* sink_ = nullptr;
  bool observing_ = false;
  std::vector<Seen> seen_;
  std::array<Instant, OnnxruntimeOrder::deepest> begins_{};  // of the events open now, outermost first
  std::size_t depth_ = 0;
  std::size_t position_ = 0;
  OnnxruntimeOrder order_;
};

}  // namespace layerwatt
