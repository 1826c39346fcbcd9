// SPDX-License-Identifier: Apache-2.0
#include "session/joined_source.h"

#include <gmock/gmock.h>

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::SizeIs;

// Notes what it is told; every take() gives one reading a rail, whose power is the rail's place.
class Noted final : public ReadingSource {
 public:
  Noted(std::vector<std::string> names, std::vector<std::string>& told, SamplerRecord record)
      : names_{std::move(names)}, told_{told}, record_{std::move(record)} {}
  [[nodiscard]] std::vector<RailRecord> rails() const override {
    std::vector<RailRecord> records(names_.size());
    for (std::size_t i = 0; i < names_.size(); ++i) records[i].channel.rail = names_[i];
    return records;
  }
  void resume() override { told_.push_back(names_.front() + " resume"); }
  void pause() override { told_.push_back(names_.front() + " pause"); }
  void read_only(std::optional<std::size_t> rail) override {
    told_.push_back(names_.front() + " only " + (rail ? names_.at(*rail) : "all"));
  }
  std::vector<Taken> take(std::span<const LayerSpan>, Instant until) override {
    std::vector<Taken> taken(names_.size());
    for (std::size_t i = 0; i < names_.size(); ++i)
      taken[i].readings.push_back({until, until, Watts{static_cast<double>(i)}});
    return taken;
  }
  std::vector<Event> take_events() override { return {{Instant{1s}, "event", names_.front()}}; }
  SamplerRecord finish() override { return record_; }

 private:
  std::vector<std::string> names_;
  std::vector<std::string>& told_;
  SamplerRecord record_;
};

SamplerRecord record_of(std::uint64_t ticks, Nanoseconds elapsed, bool realtime, int core) {
  SamplerRecord record;
  record.ticks = ticks;
  record.late_ticks = ticks / 10;
  record.elapsed = elapsed;
  record.cpu_time = elapsed / 100;
  record.realtime = realtime;
  record.core = core;
  record.lateness = std::vector<std::uint64_t>(realtime ? 2 : 3, ticks);
  return record;
}

class Joined : public ::testing::Test {
 protected:
  Joined() {
    std::vector<std::unique_ptr<ReadingSource>> parts;
    parts.push_back(std::make_unique<Noted>(std::vector<std::string>{"package-0", "dram"}, told_,
                                            record_of(100, 10s, true, 1)));
    parts.push_back(
        std::make_unique<Noted>(std::vector<std::string>{"gpu-0"}, told_, record_of(30, 9s, false, 2)));
    source_ = std::make_unique<JoinedSource>(std::move(parts));
  }
  std::vector<std::string> told_;
  std::unique_ptr<JoinedSource> source_;
};

TEST_F(Joined, EventsOfAllParts) {
  const auto events = source_->take_events();
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(events[0].text, "package-0");
  EXPECT_EQ(events[1].text, "gpu-0");
}

TEST_F(Joined, RailsFollowEachOther) {
  std::vector<std::string> names;
  for (const RailRecord& rail : source_->rails()) names.push_back(rail.channel.rail);
  EXPECT_THAT(names, ElementsAre("package-0", "dram", "gpu-0"));
  const auto taken = source_->take({}, Instant{5ns});
  ASSERT_THAT(taken, SizeIs(3));
  EXPECT_EQ(std::get<Watts>(taken[1].readings.at(0).value), Watts{1});
  EXPECT_EQ(std::get<Watts>(taken[2].readings.at(0).value), Watts{0});
}

TEST_F(Joined, AllPartsPauseAndResume) {
  source_->pause();
  source_->resume();
  EXPECT_THAT(told_, ElementsAre("package-0 pause", "gpu-0 pause", "package-0 resume", "gpu-0 resume"));
}

TEST_F(Joined, OneRailIsReadAloneByItsOwnPart) {
  source_->read_only(1);
  source_->read_only(2);
  source_->read_only({});
  EXPECT_THAT(told_, ElementsAre("package-0 only dram", "gpu-0 only all", "package-0 only all",
                                 "gpu-0 only gpu-0", "package-0 only all", "gpu-0 only all"));
}

TEST_F(Joined, CostOfAllPartsIsAdded) {
  const SamplerRecord record = source_->finish();
  EXPECT_EQ(record.ticks, 130U);
  EXPECT_EQ(record.late_ticks, 13U);
  EXPECT_EQ(record.elapsed, 10s);
  EXPECT_EQ(record.cpu_time, 190ms);
  EXPECT_FALSE(record.realtime);
  EXPECT_FALSE(record.core);
  EXPECT_THAT(record.lateness, ElementsAre(130U, 130U, 30U));
}

}  // namespace
}  // namespace layerwatt
