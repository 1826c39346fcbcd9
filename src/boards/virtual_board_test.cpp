// SPDX-License-Identifier: Apache-2.0
#include "boards/virtual_board.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "boards/mobilenet_v2_layers.h"
#include "boards/testing/built_in.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

std::vector<Layer> two_layers() {
  std::vector<Layer> layers(2);
  layers[0].name = "conv1";
  layers[0].macs = 100'000'000;
  layers[0].bytes = 3'000'000;
  layers[1].name = "relu1";
  layers[1].bytes = 6'000'000;
  return layers;
}

VirtualExecution execute(const std::vector<Layer>& layers, std::uint32_t inferences, Instant start) {
  VirtualRun run;
  run.inferences = inferences;
  run.shortest_gap = 300us;
  run.longest_gap = 1500us;
  run.start = start;
  return *execute_virtually(nano(), layers, run);
}

VirtualInstrument instrument(const std::vector<Layer>& layers, std::uint64_t seed, Nanoseconds period = 1ms) {
  return std::move(*VirtualInstrument::create(nano(), layers, period, seed, Instant{}));
}

using Readings = std::vector<std::vector<Reading>>;

Readings readings_of(std::uint64_t seed,
                     const std::function<void(VirtualInstrument&, const VirtualExecution&)>& feed) {
  VirtualInstrument virtual_nano = instrument(two_layers(), seed);
  feed(virtual_nano, execute(two_layers(), 300, Instant{200ms}));
  return virtual_nano.take_readings();
}

void feed_whole(VirtualInstrument& to, const VirtualExecution& run) {
  to.advance(run.spans, run.end + 100ms);
}

TEST(VirtualBoard, OneSeedGivesOneRun) {
  EXPECT_EQ(readings_of(1, feed_whole), readings_of(1, feed_whole));
  EXPECT_NE(readings_of(1, feed_whole), readings_of(2, feed_whole));
}

// The hash was written down once, from g++ 12 in Debug; any compiler, optimisation or processor must give it.
TEST(VirtualBoard, OneSeedGivesOneRunOnEveryCompiler) {
  std::uint64_t hash = 0;
  for (const auto& rail : readings_of(1, feed_whole))
    for (const Reading& reading : rail) {
      const auto milliwatts = std::llround(std::get<Watts>(reading.value).value() * 1e3);
      for (const long long part :
           {static_cast<long long>(reading.before.time_since_epoch().count()),
            static_cast<long long>(reading.after.time_since_epoch().count()), milliwatts})
        hash = (hash ^ static_cast<std::uint64_t>(part)) * 0x100000001b3U;
    }
  EXPECT_EQ(hash, 18444092166775407428U);
}

TEST(VirtualBoard, HowTimeIsCutIntoCallsShowsInNoBit) {
  const Readings whole = readings_of(3, feed_whole);
  const Readings by_inference = readings_of(3, [](VirtualInstrument& to, const VirtualExecution& run) {
    for (std::size_t i = 0; i < run.inferences.size(); ++i)
      to.advance(std::span{run.spans}.subspan(2 * i, 2), run.inferences[i].unload_end + 17us);
    to.advance({}, run.end + 33us);
    to.advance({}, run.end + 100ms);
  });
  EXPECT_EQ(whole, by_inference);
  Readings taken(3);
  VirtualInstrument in_pieces = instrument(two_layers(), 3);
  const VirtualExecution run = execute(two_layers(), 300, Instant{200ms});
  for (Instant at{}; at < Instant{200ms}; at += 777us) in_pieces.advance({}, at);
  for (const LayerSpan& span : run.spans) {
    in_pieces.advance({&span, 1}, span.end);
    Readings some = in_pieces.take_readings();
    for (std::size_t rail = 0; rail < 3; ++rail)
      taken[rail].insert(taken[rail].end(), some[rail].begin(), some[rail].end());
  }
  in_pieces.advance({}, run.end + 100ms);
  const Readings some = in_pieces.take_readings();
  for (std::size_t rail = 0; rail < 3; ++rail)
    taken[rail].insert(taken[rail].end(), some[rail].begin(), some[rail].end());
  EXPECT_EQ(whole, taken);
}

TEST(VirtualBoard, ReadingsArePlannedFromStartToEndAndEndBeforeUntil) {
  const Readings all = readings_of(4, feed_whole);
  const Instant end = execute(two_layers(), 300, Instant{200ms}).end + 100ms;
  ASSERT_EQ(all.size(), 3U);
  for (const auto& rail : all) {
    EXPECT_LT(rail.front().before, Instant{2ms});
    EXPECT_GT(rail.back().after, end - 5ms);
    EXPECT_LE(rail.back().after, end);
  }
}

// Three reads in turn take three times as long as one, but for the 8 us that a round begins late.
TEST(VirtualBoard, OneRailAloneIsReadThreeTimesAsOften) {
  const std::vector<std::string> alone{"POM_5V_GPU"};
  auto all = VirtualInstrument::create(nano(), {}, 0ns, 1, Instant{});
  auto one = VirtualInstrument::create(nano(), {}, 0ns, 1, Instant{}, alone);
  all->advance({}, Instant{2s});
  one->advance({}, Instant{2s});
  const Readings of_all = all->take_readings(), of_one = one->take_readings();
  EXPECT_TRUE(of_one[0].empty());
  EXPECT_TRUE(of_one[2].empty());
  EXPECT_NEAR(static_cast<double>(of_one[1].size()) / static_cast<double>(of_all[1].size()), 3, 0.3);
}

TEST(VirtualBoard, RailsSayWhatTheyAre) {
  const auto rails = instrument(two_layers(), 1).rails();
  ASSERT_EQ(rails.size(), 3U);
  EXPECT_EQ(rails[0].channel.rail, "POM_5V_IN");
  EXPECT_TRUE(rails[0].channel.is_total);
  EXPECT_EQ(rails[1].channel.part_of, "POM_5V_IN");
  EXPECT_EQ(rails[0].sensor, "virtual");
  EXPECT_EQ(rails[0].channel.origin, Origin::simulated);
  EXPECT_EQ(rails[0].channel.aperture, 140us);
  EXPECT_EQ(rails[0].channel.refresh, 840us);
  EXPECT_EQ(rails[0].channel.averaging, 64);
  EXPECT_NEAR(rails[0].channel.quantum->value(), 0.040, 1e-9);
}

TEST(VirtualBoard, TruthIsTheShareOfTheAccount) {
  VirtualInstrument virtual_nano = instrument(two_layers(), 5);
  const VirtualExecution run = execute(two_layers(), 300, Instant{200ms});
  feed_whole(virtual_nano, run);
  const auto truth = virtual_nano.truth();
  const auto account = virtual_nano.account();
  for (std::size_t rail = 0; rail < 3; ++rail)
    EXPECT_NEAR((truth[rail][0] + truth[rail][1]) * 300 / account[rail].layers, 1, 1e-9);
  // The total holds its parts, 1 % of loss and what else the board draws.
  EXPECT_GT(truth[0][0], 1.01 * (truth[1][0] + truth[2][0]));
}

TEST(VirtualBoard, TruthOfALayerThatNeverRanIsZero) {
  VirtualInstrument virtual_nano = instrument(two_layers(), 5);
  virtual_nano.advance({}, Instant{10ms});
  EXPECT_EQ(virtual_nano.truth()[0][1], Joules{});
}

TEST(VirtualBoard, RestartedTruthIsThatOfWhatFollows) {
  VirtualInstrument virtual_nano = instrument(two_layers(), 5);
  const VirtualExecution first = execute(two_layers(), 10, Instant{1ms});
  virtual_nano.advance(first.spans, first.end);
  virtual_nano.restart_truth();
  EXPECT_EQ(virtual_nano.truth()[0][0], Joules{});
  const VirtualExecution second = execute(two_layers(), 10, first.end);
  virtual_nano.advance(second.spans, second.end);
  const auto truth = virtual_nano.truth();
  EXPECT_NEAR((truth[0][0] + truth[0][1]) * 10 / virtual_nano.account()[0].layers, 1, 1e-9);
}

// One layer back to back: power is 6 W but for 2 % a layer of 0.85 ms, sampled once a layer or so for 10 s:
// 120 mW / sqrt(12 000) = 1.1 mW, and 1 % an inference likewise. The bus register stands still within its
// step of 8 mV, so V may be 4 mV off: 4.8 mW. Truncation to mW: 0.5 mW. Shunt steps of 40 mW are dithered by
// noise of half a step (background through the filter): below 1 mW. Five standard errors and the rest: 12 mW.
TEST(VirtualBoard, MeanReadingOfASteadyLoadIsItsMeanPower) {
  std::vector<Layer> layer(1);
  layer[0].name = "conv";
  layer[0].macs = 80'000'000;
  VirtualInstrument virtual_nano = instrument(layer, 6);
  const Instant start{500ms};
  std::vector<LayerSpan> spans;
  for (std::uint32_t i = 0; i < 12'500; ++i)
    spans.push_back({0, i, start + i * 850us, start + (i + 1) * 850us});
  const auto settle = std::span{spans}.first(600);  // 0.5 s: 9 time constants
  virtual_nano.advance(settle, settle.back().end);
  EXPECT_FALSE(virtual_nano.take_readings()[0].empty());  // of settling: not counted
  virtual_nano.restart_truth();
  virtual_nano.advance(std::span{spans}.subspan(600), spans.back().end);
  const auto readings = virtual_nano.take_readings();
  const auto truth = virtual_nano.truth();
  for (std::size_t rail = 0; rail < 3; ++rail) {
    double sum = 0;
    for (const Reading& reading : readings[rail]) sum += std::get<Watts>(reading.value).value();
    const double mean = sum / static_cast<double>(readings[rail].size());
    EXPECT_NEAR(mean, (truth[rail][0] / Nanoseconds{850us}).value(), 0.012) << rail;
  }
}

// From the model's own documentation: time constant of 64 cycles less half a one.
TEST(VirtualBoard, StepShowsWithTheTimeConstantItSays) {
  std::vector<Layer> layer(1);
  layer[0].name = "long";
  VirtualInstrument virtual_nano = instrument(layer, 7, 0ns);
  const VirtualTiming timing = virtual_nano.timing();
  EXPECT_NEAR(seconds(timing.time_constant), 63.5 * seconds(timing.cycle), 0.02 * seconds(timing.cycle));
  const LayerSpan span{0, 0, Instant{1s}, Instant{3s}};
  virtual_nano.advance({&span, 1}, span.end);
  const auto rail = virtual_nano.take_readings()[0];
  double before = 0, after = 0;
  std::size_t n_before = 0, n_after = 0;
  for (const Reading& r : rail) {
    const double power = std::get<Watts>(r.value).value();
    if (r.before < span.begin) before += power, ++n_before;
    if (r.before > Instant{2s}) after += power, ++n_after;
  }
  before /= static_cast<double>(n_before);
  after /= static_cast<double>(n_after);
  // Between 20 % and 80 % of the step; ln 4 time constants. Noise behind the filter is 20 mW, the step of a
  // reading 40 mW, drift 1 mW: together 60 mW of a step of 2.3 W at either end, where the slope is 0.2 (at
  // 80 %) and 0.8 (at 20 %) of the step a time constant.
  const auto crossing = [&](double share) {
    for (const Reading& r : rail)
      if (r.before > span.begin && std::get<Watts>(r.value).value() > before + share * (after - before))
        return seconds(r.before - span.begin);
    return 0.0;
  };
  const double tau = (crossing(0.8) - crossing(0.2)) / std::log(4);
  const double off = 0.06 / (after - before) * (1 / 0.2 + 1 / 0.8) / std::log(4);
  EXPECT_GT(after - before, 1.5);
  EXPECT_NEAR(tau / seconds(timing.time_constant), 1, off);
}

// Holly 2020: 17 ms and about 6 W at full clocks, of which the GPU rail 3.5 W. The model was set by these
// figures; this keeps them within the 10 % that "about" may mean.
TEST(VirtualBoard, MobileNetV2TakesAndDrawsWhatTheNanoPaperReports) {
  const auto layers = mobilenet_v2_layers();
  VirtualInstrument virtual_nano = instrument(layers, 8);
  const VirtualExecution run = execute(layers, 200, Instant{1s});
  const Inference& one = run.inferences.front();
  EXPECT_NEAR(seconds(one.unload_end - one.load_begin), 0.017, 0.0017);
  virtual_nano.advance({}, Instant{1s});
  const auto idle = virtual_nano.account();
  EXPECT_NEAR((idle[0].outside / Nanoseconds{1s}).value(), 1.65, 0.35);  // 1.3 to 2 W
  virtual_nano.restart_truth();
  virtual_nano.advance(run.spans, run.end);
  Nanoseconds busy{};
  for (const LayerSpan& span : run.spans) busy += span.end - span.begin;
  EXPECT_NEAR((virtual_nano.account()[0].layers / busy).value(), 6, 0.6);
  EXPECT_NEAR((virtual_nano.account()[1].layers / busy).value(), 3.5, 0.35);
}

TEST(VirtualBoard, SpansThatOverlapOrAreEmptyDoNoHarm) {
  VirtualInstrument virtual_nano = instrument(two_layers(), 9);
  const std::vector<LayerSpan> spans{{0, 0, Instant{1ms}, Instant{3ms}},
                                     {1, 0, Instant{2ms}, Instant{4ms}},
                                     {1, 1, Instant{4ms}, Instant{4ms}},
                                     {0, 1, Instant{6ms}, Instant{5ms}}};
  virtual_nano.advance(spans, Instant{50ms});
  EXPECT_GT(virtual_nano.truth()[0][0], Joules{});
  EXPECT_GT(virtual_nano.take_readings()[0].size(), 40U);
}

TEST(VirtualBoard, LongIdleNeedsLittleMemoryAndStillReads) {
  VirtualInstrument virtual_nano = instrument(two_layers(), 10, 1s);
  virtual_nano.advance({}, Instant{30s});
  EXPECT_EQ(virtual_nano.take_readings()[2].size(), 30U);
}

TEST(VirtualBoard, RailsInTurnAreReadFaster) {
  VirtualInstrument virtual_nano = instrument(two_layers(), 10, 0ns);
  virtual_nano.advance({}, Instant{300ms});
  const auto together = virtual_nano.take_readings();
  virtual_nano.read_only(1);
  virtual_nano.advance({}, Instant{600ms});
  const auto alone = virtual_nano.take_readings();
  EXPECT_NEAR(static_cast<double>(alone[1].size()), 3.0 * static_cast<double>(together[1].size()),
              0.1 * static_cast<double>(alone[1].size()));
  // A read that had begun is ended.
  EXPECT_LE(alone[0].size() + alone[2].size(), 1U);
  virtual_nano.read_only({});
  virtual_nano.advance({}, Instant{900ms});
  for (const auto& readings : virtual_nano.take_readings())
    EXPECT_NEAR(static_cast<double>(readings.size()), static_cast<double>(together[1].size()), 20);
}

TEST(VirtualBoard, BoardThatCannotBeSimulatedSaysWhy) {
  const auto reason = [](const Board& board, Nanoseconds period = 1ms) {
    const auto made = VirtualInstrument::create(board, two_layers(), period, 1, Instant{});
    EXPECT_FALSE(made);
    return made ? std::string{} : made.error().detail;
  };
  Board board = nano();
  board.sensors.clear();
  EXPECT_NE(reason(board).find("INA3221"), std::string::npos);
  board = nano();
  board.model.reset();
  EXPECT_NE(reason(board).find("[model]"), std::string::npos);
  board = nano();
  board.model->rails.erase(board.model->rails.begin());
  EXPECT_NE(reason(board).find("POM_5V_IN"), std::string::npos);
  board = nano();
  board.rails[1].shunt.reset();
  EXPECT_NE(reason(board).find("shunt"), std::string::npos);
  EXPECT_NE(reason(nano(), -1ms).find("negative"), std::string::npos);
}

}  // namespace
}  // namespace layerwatt
