// SPDX-License-Identifier: Apache-2.0
#include "session/stream_source.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "core/median.h"
#include "core/temporary_tree.h"
#include "session/stream_choice.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr StreamOptions soon{.patience = 20s, .settling = 100ms};

// A shell script in the place of a meter's program, read as `driver` reads.
StreamPlan script(const std::string& commands, const std::string& driver = "csv:-") {
  auto request = parse_sensor_request(Machine::host(), driver, {});
  StreamPlan plan = std::move(request->streams.front().plan);
  plan.command = {"sh", "-c", commands};
  plan.file.clear();
  plan.device = "script";
  return plan;
}

Result<std::unique_ptr<StreamSource>> open(StreamPlan plan, const StreamOptions& options = soon) {
  return StreamSource::open(system_clock(), "csv", std::move(plan), options);
}

Instant now() { return system_clock().now(); }

// Takes until `enough` or 20 s; what was taken, all together.
template <class Enough>
ReadingSource::Taken take_until(StreamSource& source, Enough enough) {
  ReadingSource::Taken all;
  for (const Instant limit = now() + 20s; now() < limit && !enough(all);) {
    for (ReadingSource::Taken& one : source.take({}, now())) {
      all.readings.insert(all.readings.end(), one.readings.begin(), one.readings.end());
      all.gaps.insert(all.gaps.end(), one.gaps.begin(), one.gaps.end());
    }
    std::this_thread::sleep_for(5ms);
  }
  return all;
}

const std::string endless = "echo a_w; i=0; while :; do echo $i; i=$((i+1)); sleep 0.02; done";

TEST(StreamSource, StampsWhatHasNoTimeWithItsArrival) {
  auto source = open(script(endless));
  ASSERT_TRUE(source) << source.error().detail;
  EXPECT_EQ((*source)->rails().at(0).channel.rail, "a");
  const Instant before = now();
  (*source)->resume();
  const auto taken = take_until(**source, [](const auto& all) { return all.readings.size() >= 10; });
  ASSERT_GE(taken.readings.size(), 10U);
  for (std::size_t i = 0; i < taken.readings.size(); ++i) {
    const Reading& reading = taken.readings[i];
    // It was made between the arrival of the line before and its own.
    EXPECT_LE(reading.before, reading.after);
    EXPECT_GE(reading.after, before);
    if (i == 0) continue;
    EXPECT_EQ(std::get<Watts>(reading.value).value(),
              std::get<Watts>(taken.readings[i - 1].value).value() + 1);
  }
}

TEST(StreamSource, PutsAMetersOwnClockOnOurs) {
  // Stamps of another zero, each line held back; date(1) is the meter's clock.
  auto source = open(script("echo time_ns,a_w; while :; do t=$(date +%s%N); sleep 0.01; echo $t,1; done"));
  ASSERT_TRUE(source) << source.error().detail;
  const Channel channel = (*source)->rails().at(0).channel;
  EXPECT_TRUE(channel.read_on_update);
  (*source)->resume();
  const auto taken = take_until(**source, [](const auto& all) { return all.readings.size() >= 30; });
  ASSERT_GE(taken.readings.size(), 30U);
  for (std::size_t i = 1; i < taken.readings.size(); ++i) {
    EXPECT_EQ(taken.readings[i].before, taken.readings[i].after);
    EXPECT_GT(taken.readings[i].after, taken.readings[i - 1].after);
    EXPECT_LE(taken.readings[i].after, now());
  }
}

TEST(StreamSource, MapsTimesOfThisMachineWithoutTheirDelay) {
  // Each line comes a tenth of a second after the moment it tells.
  auto source = open(script("echo unix_ns,a_w; while :; do t=$(date +%s%N); sleep 0.1; echo $t,1; done"));
  ASSERT_TRUE(source) << source.error().detail;
  (*source)->resume();
  take_until(**source, [](const auto& all) { return !all.readings.empty(); });
  const auto taken = take_until(**source, [](const auto& all) { return !all.readings.empty(); });
  ASSERT_FALSE(taken.readings.empty());
  // It slept for so long between the stamp and the line, so that much is certain.
  EXPECT_LT(taken.readings.front().after, now() - 100ms);
}

TEST(StreamSource, AMeterThatBeginsAnewKeepsItsReadingsInOrder) {
  // The second clock begins at zero, 100 s behind the first, within one take().
  auto source =
      open(script("echo time_ms,a_w; t=100000; while :; do echo $t,1; t=$((t+20)); sleep 0.02; "
                  "[ $t -gt 100600 ] && t=0; [ $t -gt 600 ] && [ $t -lt 1000 ] && t=100000; done"));
  ASSERT_TRUE(source) << source.error().detail;
  (*source)->resume();
  const auto taken = take_until(**source, [](const auto& all) { return all.readings.size() >= 100; });
  for (std::size_t i = 1; i < taken.readings.size(); ++i)
    EXPECT_GE(taken.readings[i].after, taken.readings[0].after);
  for (const Reading& reading : taken.readings) EXPECT_LE(reading.after, now());
}

TEST(StreamSource, SaysWhichProgramIsMissingAndHowToGetIt) {
  StreamPlan plan = script("");
  plan.command = {"layerwatt-no-such-program"};
  plan.remedy = "install it";
  const auto source = open(std::move(plan));
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().code, Errc::not_found);
  EXPECT_THAT(source.error().detail, HasSubstr("install it"));
}

TEST(StreamSource, SaysHowAProgramEndedAndItsLastWords) {
  const auto source = open(script("echo no device found >&2; exit 3"));
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().code, Errc::gone);
  EXPECT_THAT(source.error().detail, AllOf(HasSubstr("code 3"), HasSubstr("no device found")));
}

TEST(StreamSource, ShowsGarbageItWaitedBehind) {
  const auto source =
      open(script("while :; do printf 'h\\033[2Jello\\n'; sleep 0.01; done"), {.patience = 300ms});
  ASSERT_FALSE(source);
  EXPECT_THAT(source.error().detail, HasSubstr("ello"));
  EXPECT_EQ(source.error().detail.find('\033'), std::string::npos);
}

TEST(StreamSource, DoesNotWaitForeverForSilence) {
  const auto source = open(script("sleep 100"), {.patience = 200ms});
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().code, Errc::timeout);
}

TEST(StreamSource, AnEndBecomesAGapWithItsReason) {
  auto source = open(script("echo a_w; echo 1; echo bye >&2; exit 7"), {.settling = 20s});
  ASSERT_TRUE(source) << source.error().detail;
  (*source)->resume();
  (*source)->finish();
  const auto taken = (*source)->take({}, now());
  ASSERT_FALSE(taken.at(0).gaps.empty());
  EXPECT_THAT(taken[0].gaps.back().why, AllOf(HasSubstr("gone"), HasSubstr("code 7"), HasSubstr("bye")));
}

TEST(StreamSource, LinesNotUnderstoodBecomeAGapThatQuotesOne) {
  auto source = open(script("echo a_w; while :; do echo 1; sleep 0.02; echo rubbish; sleep 0.02; done"));
  ASSERT_TRUE(source) << source.error().detail;
  (*source)->resume();
  const auto taken = take_until(**source, [](const auto& all) { return !all.gaps.empty(); });
  ASSERT_FALSE(taken.gaps.empty());
  EXPECT_THAT(taken.gaps.front().why, HasSubstr("rubbish"));
  (*source)->finish();
  EXPECT_THAT((*source)->summary(), HasSubstr("not understood"));
}

TEST(StreamSource, SilenceBecomesAGap) {
  auto source = open(script("echo '# refresh_s = 0.1'; echo a_w; while :; do echo 1; sleep 1.3; done"));
  ASSERT_TRUE(source) << source.error().detail;
  (*source)->resume();
  const auto taken = take_until(**source, [](const auto& all) { return !all.gaps.empty(); });
  ASSERT_FALSE(taken.gaps.empty());
  EXPECT_THAT(taken.gaps.front().why, HasSubstr("nothing came"));
  EXPECT_GE(taken.gaps.front().to - taken.gaps.front().from, 1s);
}

TEST(StreamSource, APauseIsAGapWithoutReadings) {
  auto source = open(script(endless));
  ASSERT_TRUE(source) << source.error().detail;
  (*source)->resume();
  (*source)->pause();
  std::this_thread::sleep_for(200ms);
  (*source)->resume();
  const auto taken = take_until(**source, [](const auto& all) { return all.readings.size() > 3; });
  ASSERT_EQ(taken.gaps.size(), 1U);
  EXPECT_EQ(taken.gaps[0].why, sampler_off);
  for (const Reading& reading : taken.readings)
    EXPECT_TRUE(reading.after <= taken.gaps[0].from || reading.after >= taken.gaps[0].to);
}

TEST(StreamSource, EndsItsProgramWithAllItStarted) {
  int process = 0;
  {
    auto source =
        open(script("trap '' TERM; sleep 1000 & echo a_w; echo $!; while :; do echo $!; sleep 0.05; done"));
    ASSERT_TRUE(source) << source.error().detail;
    (*source)->resume();
    const auto taken = take_until(**source, [](const auto& all) { return !all.readings.empty(); });
    ASSERT_FALSE(taken.readings.empty());
    process = static_cast<int>(std::get<Watts>(taken.readings.front().value).value());
    ASSERT_EQ(::kill(process, 0), 0);
  }
  // Killed; whoever inherits it may take a moment to reap it.
  for (int i = 0; i < 1000 && ::kill(process, 0) == 0; ++i) {
    std::ifstream stat{"/proc/" + std::to_string(process) + "/stat"};
    std::string text{std::istreambuf_iterator<char>{stat}, {}};
    if (text.find(") Z") != std::string::npos) return;
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_NE(::kill(process, 0), 0);
}

TEST(StreamSource, FollowsAFileAndLeavesAloneWhatWasThereBefore) {
  TemporaryTree tree;
  const auto path = tree.root() / "meter.csv";
  std::ofstream{path} << "a_w\n1\n2\n";
  const auto plan = [&] {
    auto request = parse_sensor_request(Machine::host(), "csv:" + path.string(), {});
    return std::move(request->streams.front().plan);
  };
  const auto finished = open(plan(), {.patience = 200ms});
  ASSERT_FALSE(finished);
  EXPECT_THAT(finished.error().detail, HasSubstr("layerwatt import"));

  std::jthread writer{[&](const std::stop_token& stop) {
    std::ofstream file{path, std::ios::app};
    for (int i = 3; !stop.stop_requested(); ++i) {
      file << i << "\n" << std::flush;
      std::this_thread::sleep_for(10ms);
    }
  }};
  auto source = open(plan());
  ASSERT_TRUE(source) << source.error().detail;
  (*source)->resume();
  const auto taken = take_until(**source, [](const auto& all) { return all.readings.size() > 5; });
  ASSERT_GT(taken.readings.size(), 5U);
  for (const Reading& reading : taken.readings) EXPECT_GT(std::get<Watts>(reading.value), Watts{2});
}

TEST(StreamSource, WaitsForTheFirstWriterOfAFifo) {
  TemporaryTree tree;
  const auto path = tree.root() / "meter.fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  std::jthread writer{[&](const std::stop_token& stop) {
    std::this_thread::sleep_for(100ms);
    std::ofstream file{path};
    file << "a_w\n";
    for (int i = 0; !stop.stop_requested() && i < 1000; ++i) {
      file << i << "\n" << std::flush;
      std::this_thread::sleep_for(10ms);
    }
  }};
  auto request = parse_sensor_request(Machine::host(), "csv:" + path.string(), {});
  auto source = open(std::move(request->streams.front().plan));
  ASSERT_TRUE(source) << source.error().detail;
  (*source)->resume();
  const auto taken = take_until(**source, [](const auto& all) { return all.readings.size() > 5; });
  EXPECT_GT(taken.readings.size(), 5U);
  writer.request_stop();
  writer.join();
}

TEST(StreamSource, RefusesTimesOfAnotherDay) {
  auto source = open(script("echo unix_s,a_w; while :; do echo 1000000000,1; sleep 0.02; done"));
  ASSERT_TRUE(source) << source.error().detail;
  (*source)->resume();
  const auto taken = take_until(**source, [&](const auto&) {
    return (*source)->summary().find("not of this run") != std::string::npos;
  });
  EXPECT_TRUE(taken.readings.empty());
  EXPECT_THAT((*source)->summary(), HasSubstr("not of this run"));
}

TEST(StreamSource, ReadsSigroksDemo) {
  if (!program_in_path("sigrok-cli"))
    GTEST_SKIP() << "sigrok-cli is not installed: its demo driver is not tried";
  auto request = parse_sensor_request(Machine::host(), "sigrok:demo", {});
  auto source = StreamSource::open(system_clock(), "sigrok", std::move(request->streams.front().plan), soon);
  ASSERT_TRUE(source) << source.error().detail;
  EXPECT_EQ((*source)->rails().at(0).channel.origin, Origin::simulated);
  (*source)->resume();
  const auto taken = take_until(**source, [](const auto& all) { return all.readings.size() >= 500; });
  ASSERT_GE(taken.readings.size(), 500U);
  double sum = 0;
  for (const Reading& reading : taken.readings) sum += std::get<Watts>(reading.value).value();
  // A sine of 10 V across 1 Ohm: 50 W, but for a part of one of its cycles of 10 samples.
  EXPECT_NEAR(sum / static_cast<double>(taken.readings.size()), 50, 100.0 * 10 / 500);
  // A thousand a second by its own clock, although they come in blocks of a tenth.
  std::vector<Nanoseconds> steps;
  for (std::size_t i = 1; i < taken.readings.size(); ++i)
    steps.push_back(taken.readings[i].after - taken.readings[i - 1].after);
  EXPECT_EQ(median(steps), 1ms);
}

}  // namespace
}  // namespace layerwatt
