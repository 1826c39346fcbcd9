// SPDX-License-Identifier: Apache-2.0
#include "engines/onnxruntime_marks.h"

#include <gmock/gmock.h>

#include "engines/testing/opened_engine.h"

namespace layerwatt {
namespace {

// Events are pointers that only `describe` looks into: here, at one of these.
struct Event {
  bool is_node;
  std::string name;
};
LayerwattHookEvent describe(const OrtProfilingEvent* event) {
  const auto* e = reinterpret_cast<const Event*>(event);
  return {e->is_node, e->name.c_str(), "Operation"};
}

// Calls the listener as ONNX Runtime does, one microsecond between any two calls.
class Engine {
 public:
  explicit Engine(const OnnxruntimeMarks& marks, const ManualClock& clock)
      : listener_{*marks.listener()}, clock_{&clock} {}
  void begin() const {
    clock_->sleep_until(clock_->now() + Nanoseconds{1000});
    listener_.begin(listener_.context);
  }
  void end(const Event& event) const {
    clock_->sleep_until(clock_->now() + Nanoseconds{1000});
    listener_.end(listener_.context, reinterpret_cast<const OrtProfilingEvent*>(&event));
  }
  void node(const Event& event) const {
    begin();
    end(event);
  }
  // model_run > Execute > conv, loop > body, relu
  void infer(bool with_relu = true) const {
    begin();
    begin();
    node({true, "conv"});
    begin();
    node({true, "body"});
    end({true, "loop"});
    node({false, "note"});
    if (with_relu) node({true, "relu"});
    end({false, "Execute"});
    end({false, "model_run"});
  }

 private:
  LayerwattHookListener listener_;
  const ManualClock* clock_;
};

class OnnxruntimeMarksTest : public ::testing::Test {
 protected:
  ManualClock clock;
  OnnxruntimeMarks marks{clock, describe};
  Engine engine{marks, clock};
  testing::Recorder recorder;
};

TEST_F(OnnxruntimeMarksTest, ObservesNodesOfTheMainGraphInOrder) {
  marks.start_observing();
  engine.infer();
  const auto nodes = marks.stop_observing();
  ASSERT_TRUE(nodes);
  std::vector<std::string> names;
  for (const auto& node : *nodes) names.push_back(node.name);
  EXPECT_THAT(names, ::testing::ElementsAre("conv", "loop", "relu"));
}

TEST_F(OnnxruntimeMarksTest, ReportsEachNodeFromItsBeginToItsEnd) {
  marks.start_observing();
  engine.infer();
  ASSERT_TRUE(marks.stop_observing());
  const Instant start = clock.now();
  marks.start_reporting(recorder);
  engine.infer();
  ASSERT_TRUE(marks.stop_reporting());
  ASSERT_EQ(recorder.spans.size(), 3u);
  const auto microseconds = [&](Instant at) { return (at - start).count() / 1000; };
  const std::int64_t expected[3][2] = {{3, 4}, {5, 8}, {11, 12}};
  for (std::uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(recorder.spans[i].layer, i);
    EXPECT_EQ(microseconds(recorder.spans[i].begin), expected[i][0]);
    EXPECT_EQ(microseconds(recorder.spans[i].end), expected[i][1]);
  }
}

TEST_F(OnnxruntimeMarksTest, SaysWhenARunExecutesSomethingElse) {
  marks.start_observing();
  engine.infer();
  ASSERT_TRUE(marks.stop_observing());
  marks.start_reporting(recorder);
  engine.infer(false);
  EXPECT_EQ(marks.stop_reporting().error().code, Errc::malformed);
}

TEST_F(OnnxruntimeMarksTest, SaysWhenTheProfilerStaysSilent) {
  marks.start_observing();
  EXPECT_EQ(marks.stop_observing().error().code, Errc::unsupported);
}

TEST_F(OnnxruntimeMarksTest, SurvivesNestingDeeperThanItFollows) {
  marks.start_observing();
  for (int i = 0; i < 100; ++i) engine.begin();
  for (int i = 0; i < 100; ++i) engine.end({i == 95, "node"});
  ASSERT_TRUE(marks.stop_observing());
  marks.start_reporting(recorder);
  for (int i = 0; i < 100; ++i) engine.begin();
  for (int i = 0; i < 101; ++i) engine.end({i == 95, "node"});
  EXPECT_EQ(recorder.spans.size(), 1u);
}

}  // namespace
}  // namespace layerwatt
