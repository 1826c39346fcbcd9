// SPDX-License-Identifier: Apache-2.0
// The two ways to have a load: threads that work by the clock, and the virtual board in its own time.
#include "session/switched_load.h"

#include <algorithm>
#include <numeric>

#include "boards/virtual_settings.h"
#include "session/bare_sampler.h"
#include "session/virtual_source.h"

namespace layerwatt {

using namespace std::chrono_literals;

namespace {

constexpr Nanoseconds lead = 200ms;  // for threads to start before the first stretch

Nanoseconds whole(const std::vector<Nanoseconds>& lengths) {
  return std::accumulate(lengths.begin(), lengths.end(), Nanoseconds{});
}

void read_total_alone(ReadingSource& source, const SwitchedLoadOptions& options) {
  const std::vector<RailRecord> rails = source.rails();
  const auto total =
      std::find_if(rails.begin(), rails.end(), [](const RailRecord& rail) { return rail.channel.is_total; });
  if (options.total_alone && options.rails.empty() && total != rails.end())
    source.read_only(static_cast<std::size_t>(total - rails.begin()));
}

Result<SwitchedLoad> on_this_machine(const Machine& machine, const SwitchedLoadOptions& options,
                                     const std::vector<Nanoseconds>& lengths, Progress& progress) {
  auto sampler = open_sampler(machine, {options.sensor, options.rails, {}, options.seed});
  if (!sampler) return sampler.error();
  const Clock& clock = machine.clock();
  SwitchedLoad run;
  run.rails = (*sampler)->rails();
  run.clocks_at_start = clock.triple();
  read_total_alone(**sampler, options);
  (*sampler)->resume();
  run.from = clock.now() + lead;
  run.to = run.from + whole(lengths);
  bool interrupted = false;
  {
    BusyThreads load{clock, run.from, lengths};
    for (Instant now = clock.now(); now < run.to && !interrupted; now = clock.now()) {
      progress.show("switching a load", seconds(std::max(now, run.from) - run.from) / seconds(whole(lengths)),
                    run.to - now);
      clock.sleep_until(std::min(now + between_takes, run.to));
      take_into(run.rails, **sampler, {}, clock.now());
      interrupted = options.interrupted != nullptr && *options.interrupted;
    }
    run.on = load.finish(interrupted);
  }
  (*sampler)->pause();
  take_into(run.rails, **sampler, {}, clock.now());
  run.clocks_at_end = clock.triple();
  if (interrupted) return Error{Errc::gone, "calibrate", "interrupted"};
  return run;
}

Result<SwitchedLoad> on_virtual_board(const Board& board, const SwitchedLoadOptions& options,
                                      const std::vector<Nanoseconds>& lengths) {
  if (!board.model) return Error{Errc::unsupported, "virtual:" + board.id, "has no model"};
  const std::vector<Layer> layers{busy_layer(*board.model)};
  SwitchedLoad run;
  run.from = Instant{} + lead;
  auto instrument = VirtualInstrument::create(board, layers, {}, options.seed, Instant{}, options.rails);
  if (!instrument) return instrument.error();
  VirtualSource source{std::move(*instrument)};
  run.rails = source.rails();
  read_total_alone(source, options);
  std::vector<LayerSpan> spans;
  run.to = run.from;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    const Instant begin = run.to;
    run.to += lengths[i];
    if (i % 2 == 0) continue;
    run.on.push_back({begin, run.to});
    spans.push_back({0, static_cast<std::uint32_t>(i / 2), begin, run.to});
  }
  take_into(run.rails, source, spans, run.to);
  run.clocks_at_end = {run.to, run.to.time_since_epoch(), run.to.time_since_epoch()};
  return run;
}

}  // namespace

Layer busy_layer(const BoardModel& model) {
  Layer layer;
  layer.name = layer.type = "load";
  layer.macs = static_cast<std::int64_t>(model.macs_per_second);
  layer.bytes = static_cast<std::int64_t>(model.bytes_per_second);
  return layer;
}

Result<SwitchedLoad> read_under_load(const Machine& machine, const SwitchedLoadOptions& options,
                                     const std::vector<Nanoseconds>& lengths, Progress& progress) {
  const std::string board_id = virtual_board_id(options.sensor);
  if (board_id.empty()) return on_this_machine(machine, options, lengths, progress);
  const auto board = board_with_settings(board_id);
  if (!board) return board.error();
  return on_virtual_board(*board, options, lengths);
}

}  // namespace layerwatt
