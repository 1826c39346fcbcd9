// SPDX-License-Identifier: Apache-2.0
#include "session/recorder.h"

#include <gmock/gmock.h>

#include "core/temporary_tree.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Renewed every 5 ms and read every millisecond, whatever its channels say.
class SlowSource final : public ReadingSource {
 public:
  [[nodiscard]] std::vector<RailRecord> rails() const override {
    RailRecord honest, wrong;
    honest.channel.rail = "HONEST";
    honest.channel.refresh = 5ms;
    wrong.channel.rail = "WRONG";
    wrong.channel.refresh = 1ms;
    return {honest, wrong};
  }
  void resume() override {}
  void pause() override {}
  void read_only(std::optional<std::size_t>) override {}
  std::vector<Taken> take(std::span<const LayerSpan>, Instant until) override {
    std::vector<Taken> taken(2);
    for (; next_ < until; next_ += 1ms)
      for (Taken& rail : taken)
        rail.readings.push_back(
            {next_, next_ + 100us, Watts{static_cast<double>(next_.time_since_epoch() / 5ms % 7)}});
    return taken;
  }
  std::vector<Event> take_events() override { return std::exchange(events_, {}); }
  SamplerRecord finish() override { return {}; }
  void happen(Event event) { events_.push_back(std::move(event)); }

 private:
  Instant next_{};
  std::vector<Event> events_;
};

class RecorderTest : public ::testing::Test {
 protected:
  RecorderTest()
      : file_{*RunFileWriter::create(folder_.at("run.lw"), false)}, recorder_{file_, source_, clock_} {}
  Timeline written() {
    EXPECT_TRUE(file_.set_clocks({}, {}));
    EXPECT_TRUE(recorder_.close({}, true));
    return *read_run_file(folder_.at("run.lw"));
  }
  TemporaryTree folder_;
  ManualClock clock_;
  SlowSource source_;
  RunFileWriter file_;
  Recorder recorder_;
};

TEST_F(RecorderTest, SaysHowFastRailsAreAndWhichContradictTheirTable) {
  ASSERT_TRUE(recorder_.add_rails({}, {}));
  ASSERT_TRUE(recorder_.pump({}, Instant{500ms}));
  ASSERT_TRUE(recorder_.pump({}, Instant{1s}));
  ASSERT_TRUE(recorder_.add_pace());
  const Timeline run = written();
  EXPECT_THAT(run.circumstances.at("sensor_pace.HONEST"), HasSubstr("1000 reads of 0.1 ms"));
  EXPECT_THAT(run.circumstances.at("sensor_pace.WRONG"), HasSubstr("a new value about every 5 ms"));
  ASSERT_EQ(run.events.size(), 1U);
  EXPECT_EQ(run.events[0].kind, "sensor");
  EXPECT_EQ(run.events[0].text, "WRONG: new about every 5 ms, not every 1 ms as it is set");
}

TEST_F(RecorderTest, OfRailsThatAreNotRecordedItSaysNothing) {
  ProfileOptions options;
  options.rails = {"HONEST"};
  ASSERT_TRUE(recorder_.add_rails(options, {}));
  ASSERT_TRUE(recorder_.pump({}, Instant{1s}));
  ASSERT_TRUE(recorder_.add_pace());
  const Timeline run = written();
  EXPECT_FALSE(run.circumstances.contains("sensor_pace.WRONG"));
  EXPECT_TRUE(run.events.empty());
}

TEST_F(RecorderTest, WhatHappensToRailsIsInTheFileEvenOfReadingsThatAreDiscarded) {
  ASSERT_TRUE(recorder_.add_rails({}, {}));
  const Event back{Instant{20ms}, "sensor_back", "HONEST is read again"};
  source_.happen(back);
  ASSERT_TRUE(recorder_.pump({}, Instant{50ms}, true));
  ASSERT_TRUE(recorder_.pump({}, Instant{60ms}));
  EXPECT_THAT(written().events, ElementsAre(back));
}

}  // namespace
}  // namespace layerwatt
