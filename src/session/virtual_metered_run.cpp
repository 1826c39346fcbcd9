// SPDX-License-Identifier: Apache-2.0
// Each stretch is a virtual instrument of its own; the meter counts what its account says. See
// virtual_metered_run.h.
#include "session/virtual_metered_run.h"

#include <algorithm>

#include "boards/virtual_board.h"
#include "boards/virtual_settings.h"
#include "session/switched_load.h"

namespace layerwatt {

using namespace std::chrono_literals;

namespace {

constexpr Nanoseconds meter_period = 500us, between_stretches = 1ms;

class VirtualBench {
 public:
  VirtualBench(const Board& board, const MeteredOptions& options)
      : board_{board}, options_{options}, layers_{busy_layer(*board.model)} {
    run_.circumstances["board"] = name_of_virtual(board);
  }
  Result<MeteredRun> run(const std::vector<MeteredRun::Part>& order) {
    for (const MeteredRun::Part& part : order)
      if (auto spent = spend(part); !spent) return spent.error();
    if (!options_.switching.empty())
      if (auto done = switch_load(); !done) return done.error();
    return std::move(run_);
  }

 private:
  Result<void> spend(MeteredRun::Part part) {
    Board board = board_;
    if (!part.sampled)
      for (BoardModel::Rail& rail : board.model->rails) rail.a_read = {};
    auto instrument = VirtualInstrument::create(board, layers_, {}, options_.seed + run_.parts.size(), now_,
                                                options_.rails);
    if (!instrument) return instrument.error();
    if (run_.parts.empty()) name_rails(instrument->rails());
    part.time = {now_ + settling_of_stretch, now_ + settling_of_stretch + options_.stretch};
    read_meter(*instrument);
    advance(*instrument, part.time.to, part.loaded);
    read_meter(*instrument);
    take(*instrument, part.sampled);
    run_.parts.push_back(part);
    return {};
  }
  Result<void> switch_load() {
    auto instrument = VirtualInstrument::create(board_, layers_, {}, options_.seed, now_, options_.rails);
    if (!instrument) return instrument.error();
    MeteredRun::Switched load;
    load.from = load.to = now_ + settling_of_stretch;
    read_meter(*instrument);
    advance(*instrument, load.from, false);
    bool on = false;
    for (const Nanoseconds length : options_.switching) {
      const Instant begin = load.to;
      load.to += length;
      advance(*instrument, load.to, on);
      if (on) load.on.push_back({begin, load.to});
      on = !on;
    }
    take(*instrument, true);
    run_.switched = std::move(load);
    return {};
  }
  // The meter goes by its own clock, whatever the load does.
  void advance(VirtualInstrument& instrument, Instant until, bool loaded) {
    while (now_ < until) {
      const Instant next = std::min(next_of_meter_, until);
      const LayerSpan work{0, spans_++, now_, next};
      instrument.advance(loaded ? std::span{&work, 1} : std::span<const LayerSpan>{}, next);
      now_ = next;
      if (now_ < next_of_meter_) continue;
      read_meter(instrument);
      next_of_meter_ += meter_period;
    }
  }
  void take(VirtualInstrument& instrument, bool sampled) {
    for (std::size_t r = 0; r < counted_.size(); ++r) counted_[r] += energy(instrument.account()[r]);
    const auto readings = instrument.take_readings();
    for (std::size_t r = 0; r < readings.size() && sampled; ++r)
      run_.rails[r].readings.insert(run_.rails[r].readings.end(), readings[r].begin(), readings[r].end());
    // The next instrument's average knows nothing of this one's.
    for (RailRecord& rail : run_.rails) rail.gaps.push_back({now_, now_ + between_stretches, sampler_off});
    now_ += between_stretches;
    next_of_meter_ = now_ + meter_period;
  }
  void name_rails(std::vector<RailRecord> rails) {
    run_.rails = std::move(rails);
    counted_.resize(run_.rails.size());
    for (const RailRecord& rail : run_.rails) {
      RailRecord& meter = run_.meter.emplace_back();
      meter.sensor = virtual_meter;
      meter.channel.rail = rail.channel.rail;
      meter.channel.meaning = Meaning::energy_total;
      meter.channel.origin = Origin::simulated;
      meter.channel.is_total = rail.channel.is_total;
    }
  }
  // A counter that goes on from stretch to stretch.
  void read_meter(const VirtualInstrument& instrument) {
    const std::vector<VirtualInstrument::Account> account = instrument.account();
    for (std::size_t r = 0; r < account.size(); ++r)
      run_.meter[r].readings.push_back({now_, now_, counted_[r] + energy(account[r])});
  }
  static Joules energy(const VirtualInstrument::Account& account) { return account.layers + account.outside; }

  const Board& board_;
  const MeteredOptions& options_;
  const std::vector<Layer> layers_;
  MeteredRun run_;
  std::vector<Joules> counted_;  // up to this stretch
  Instant now_{}, next_of_meter_ = now_ + meter_period;
  std::uint32_t spans_ = 0;
};

}  // namespace

Result<MeteredRun> meter_virtual_board(const Board& board, const MeteredOptions& options,
                                       const std::vector<MeteredRun::Part>& order) {
  if (!board.model) return Error{Errc::unsupported, "virtual:" + board.id, "has no model"};
  return VirtualBench{board, options}.run(order);
}

}  // namespace layerwatt
