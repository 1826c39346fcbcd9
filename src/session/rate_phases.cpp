// SPDX-License-Identifier: Apache-2.0
// The order of rates, and the two ways to read at one: by the sampler, and by the virtual board in its own
// time.
#include "session/rate_phases.h"

#include <algorithm>
#include <numeric>
#include <random>

#include "boards/virtual_settings.h"
#include "session/bare_sampler.h"
#include "session/virtual_source.h"

namespace layerwatt {

using namespace std::chrono_literals;

namespace {

constexpr Nanoseconds trial = 500ms;  // at the fastest rate, to learn it

double rate_of(const std::vector<RailRecord>& rails, Nanoseconds time) {
  std::size_t readings = 0;
  for (const RailRecord& rail : rails) readings += rail.readings.size();
  return static_cast<double>(readings) / seconds(time);
}

// Reads for `length`; `period` zero is as fast as it goes.
class RateReader {
 public:
  virtual ~RateReader() = default;
  virtual Result<ReadAtOneRate> read(Nanoseconds period, Nanoseconds length) = 0;
};

class RealReader final : public RateReader {
 public:
  RealReader(const Machine& machine, const RateOptions& options) : machine_{machine}, options_{options} {}
  Result<ReadAtOneRate> read(Nanoseconds period, Nanoseconds length) override {
    auto sampler = open_sampler(machine_, {options_.sensor, options_.rails, period, options_.seed});
    if (!sampler) return sampler.error();
    ReadAtOneRate phase{0, machine_.clock().now(), {}, (*sampler)->rails()};
    (*sampler)->resume();
    while (machine_.clock().now() < phase.from + length && !interrupted()) {
      machine_.clock().sleep_until(std::min(machine_.clock().now() + between_takes, phase.from + length));
      take_into(phase.rails, **sampler, {}, machine_.clock().now());
    }
    (*sampler)->pause();
    phase.to = machine_.clock().now();
    take_into(phase.rails, **sampler, {}, machine_.clock().now());
    if (interrupted()) return Error{Errc::gone, "calibrate", "interrupted"};
    phase.reads_per_s = rate_of(phase.rails, phase.to - phase.from);
    return phase;
  }

 private:
  [[nodiscard]] bool interrupted() const { return options_.interrupted != nullptr && *options_.interrupted; }
  const Machine& machine_;
  const RateOptions& options_;
};

// Each phase is a stretch of the same virtual board's life, idle.
class VirtualReader final : public RateReader {
 public:
  VirtualReader(Board board, const RateOptions& options) : board_{std::move(board)}, options_{options} {}
  Result<ReadAtOneRate> read(Nanoseconds period, Nanoseconds length) override {
    auto instrument =
        VirtualInstrument::create(board_, {}, period, options_.seed + ++phases_, now_, options_.rails);
    if (!instrument) return instrument.error();
    ReadAtOneRate phase{0, now_, now_ + length, instrument->rails()};
    now_ = phase.to;
    instrument->advance({}, phase.to);
    std::vector<std::vector<Reading>> readings = instrument->take_readings();
    for (std::size_t i = 0; i < readings.size(); ++i) phase.rails[i].readings = std::move(readings[i]);
    phase.reads_per_s = rate_of(phase.rails, length);
    return phase;
  }

 private:
  Board board_;
  const RateOptions& options_;
  Instant now_{};
  std::uint64_t phases_ = 0;
};

// Of ticks, not of reads.
Nanoseconds fastest_period(const ReadAtOneRate& phase) {
  std::size_t ticks = 1;
  for (const RailRecord& rail : phase.rails) ticks = std::max(ticks, rail.readings.size());
  return (phase.to - phase.from) / static_cast<Nanoseconds::rep>(ticks);
}

Result<std::vector<ReadAtOneRate>> read_all(RateReader& reader, const RateOptions& options,
                                            Progress& progress) {
  const auto first = reader.read({}, trial);
  if (!first) return first.error();
  if (rate_of(first->rails, trial) <= 0) return Error{Errc::io, "sensor", "none of its rails could be read"};
  const Nanoseconds fastest = fastest_period(*first);
  std::vector<ReadAtOneRate> phases;
  std::vector<int> order(rates_a_round);
  std::iota(order.begin(), order.end(), 0);
  std::mt19937_64 random{options.seed};
  const int all = options.rounds * rates_a_round;
  for (int round = 0; round < options.rounds; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    for (const int slower : order) {
      const auto done = static_cast<int>(phases.size());
      progress.show("reading at several rates", static_cast<double>(done) / all,
                    (all - done) * options.phase);
      auto phase = reader.read(slower == 0 ? Nanoseconds{} : fastest * (1 << slower), options.phase);
      if (!phase) return phase.error();
      phases.push_back(std::move(*phase));
    }
  }
  return phases;
}

}  // namespace

Result<std::vector<ReadAtOneRate>> read_at_rates(const Machine& machine, const RateOptions& options,
                                                 Progress& progress) {
  const std::string board_id = virtual_board_id(options.sensor);
  if (board_id.empty()) {
    RealReader reader{machine, options};
    return read_all(reader, options, progress);
  }
  auto board = board_with_settings(board_id);
  if (!board) return board.error();
  VirtualReader reader{std::move(*board), options};
  return read_all(reader, options, progress);
}

}  // namespace layerwatt
