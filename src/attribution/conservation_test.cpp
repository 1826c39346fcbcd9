// SPDX-License-Identifier: Apache-2.0
// Layers + gaps + unexplained = the inference, whatever the run looks like.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "attribution/profile.h"
#include "attribution/testing/simple_run.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

void expect_conserved(const Profile& profile) {
  Nanoseconds time = profile.load_time + profile.gap_time + profile.unload_time;
  for (const LayerProfile& layer : profile.layers) time += layer.duration;
  EXPECT_EQ(time, profile.inference_time);
  for (const RailProfile& rail : profile.rails) {
    double sum = rail.gaps.value() + rail.unexplained.value(), size = std::abs(rail.gaps.value());
    for (const LayerEnergy& layer : rail.layers) {
      sum += layer.energy ? layer.energy->value.value() : 0;
      size += layer.energy ? std::abs(layer.energy->value.value()) : 0;
    }
    ASSERT_TRUE(std::isfinite(rail.inference.value.value()));
    // One rounding per added term.
    const double terms = static_cast<double>(rail.layers.size() + 3);
    size += std::abs(rail.inference.value.value());
    EXPECT_NEAR(sum, rail.inference.value.value(), terms * std::numeric_limits<double>::epsilon() * size);
  }
}

class RandomRun {
 public:
  explicit RandomRun(unsigned seed) : random_{seed} {}

  Timeline make() {
    testing::SimpleRun run;
    run.layers.clear();
    for (auto n = whole(0, 20); n > 0; --n) run.layers.push_back({10us * whole(0, 300), real(-1, 10)});
    run.between = 10us * whole(0, 20);
    run.latency_between = 10us * whole(0, 20);
    run.latency_inferences = static_cast<int>(whole(0, 3)) * 5;
    run.load = 10us * whole(1, 50);
    run.pause = 10us * whole(0, 300);
    run.idle = 100ms * whole(0, 3);
    run.blocks = static_cast<int>(whole(1, 8));
    run.inferences = run.blocks * static_cast<int>(whole(1, 10));
    Timeline timeline;
    const auto power = testing::lay_out(run, timeline);
    timeline.complete = whole(0, 1) == 1;
    for (auto n = whole(1, 3); n > 0; --n) {
      const Nanoseconds period = 10us * whole(1, 500);
      auto rail =
          whole(0, 1) == 1 ? testing::read_power(power, period) : testing::read_counter(power, period);
      if (whole(0, 1) == 1) rail.channel.averaging = 64;
      if (whole(0, 1) == 1) rail.channel.refresh = 840us;
      if (whole(0, 1) == 1) rail.channel.averaging.reset();
      timeline.rails.push_back(rail);
    }
    lose_some(timeline);
    return timeline;
  }
  std::int64_t whole(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>{low, high}(random_);
  }

 private:
  double real(double low, double high) { return std::uniform_real_distribution<>{low, high}(random_); }
  // A hole in the readings, lost marks, a damaged value.
  void lose_some(Timeline& timeline) {
    for (RailRecord& rail : timeline.rails) {
      if (rail.readings.size() < 10) continue;
      const auto middle = rail.readings.begin() + static_cast<std::ptrdiff_t>(rail.readings.size() / 2);
      if (whole(0, 2) == 0) {
        rail.gaps.push_back({middle->before, (middle + 4)->after, "busy"});
        rail.readings.erase(middle, middle + 4);
      } else {
        middle->value = Watts{std::numeric_limits<double>::quiet_NaN()};
      }
    }
    for (auto n = whole(0, 3); n > 0 && !timeline.spans.empty(); --n) {
      timeline.spans.erase(timeline.spans.begin() +
                           whole(0, static_cast<std::int64_t>(timeline.spans.size()) - 1));
      ++timeline.markers.dropped;
    }
  }
  std::mt19937 random_;
};

AttributionOptions method_of(unsigned seed) {
  const std::vector<std::string> methods = attribution_methods();
  AttributionOptions options;
  options.method = methods[seed % methods.size()];
  return options;
}

TEST(Conservation, HoldsOnRandomRuns) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    RandomRun random{seed};
    const Timeline timeline = random.make();
    AttributionOptions options = method_of(seed);
    options.stacked = random.whole(0, 1) == 1;
    options.residual = static_cast<Residual>(random.whole(0, 2));
    const auto profile = attribute(timeline, options);
    ASSERT_TRUE(profile);
    expect_conserved(*profile);
  }
}

// What a damaged file may hold: any number anywhere. Nothing may crash, overflow or come out as NaN.
TEST(Conservation, SurvivesDamagedStampsAndNumbers) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    RandomRun random{seed};
    Timeline timeline = random.make();
    const auto wild = [&]() -> Instant {
      constexpr auto largest = std::numeric_limits<std::int64_t>::max();
      const std::int64_t choices[] = {
          0, -1, largest, std::numeric_limits<std::int64_t>::min(), largest / 32, 1'000'000};
      return Instant{Nanoseconds{choices[random.whole(0, 5)]}};
    };
    const auto pick = [&](auto& things) -> auto& {
      return things[static_cast<std::size_t>(random.whole(0, static_cast<std::int64_t>(things.size()) - 1))];
    };
    for (int i = 0; i < 5; ++i) {
      if (!timeline.spans.empty()) {
        pick(timeline.spans).begin = wild();
        pick(timeline.spans).end = wild();
        pick(timeline.spans).layer = 1000;
        pick(timeline.spans).inference = 4'000'000'000;
      }
      pick(timeline.inferences).load_begin = wild();
      pick(timeline.inferences).unload_end = wild();
      if (!timeline.phases.empty()) pick(timeline.phases).to = wild();
      RailRecord& rail = pick(timeline.rails);
      if (!rail.readings.empty()) {
        pick(rail.readings).before = wild();
        pick(rail.readings).after = wild();
        pick(rail.readings).value = Joules{std::numeric_limits<double>::infinity()};
      }
      rail.gaps.push_back({wild(), wild(), "damaged"});
      rail.channel.averaging = static_cast<int>(random.whole(-5, std::numeric_limits<int>::max()));
      rail.channel.refresh = wild().time_since_epoch();
    }
    const auto profile = attribute(timeline, method_of(seed));
    if (profile) expect_conserved(*profile);
  }
}

}  // namespace
}  // namespace layerwatt
