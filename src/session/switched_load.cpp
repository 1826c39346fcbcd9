// SPDX-License-Identifier: Apache-2.0
// The two ways to have a load: threads that work by the clock, and the virtual board in its own time.
#include "session/switched_load.h"

#include <sched.h>

#include <algorithm>
#include <numeric>
#include <thread>

#include "boards/virtual_settings.h"
#include "session/bare_sampler.h"
#include "session/virtual_source.h"

namespace layerwatt {

using namespace std::chrono_literals;

namespace {

constexpr Nanoseconds lead = 200ms;  // for threads to start before the first stretch
constexpr Nanoseconds between_takes = 250ms;

// Works until `end`; asks for the time about every 2 us.
void work_until(const Clock& clock, Instant end, const std::stop_token& stop, double& sum) {
  while (clock.now() < end && !stop.stop_requested())
    for (int i = 0; i < 500; ++i) sum = sum * 1.0000001 + 0.5;
}

// Runs the plan on the calling thread. A stretch whose beginning was missed begins when it can.
std::vector<SwitchedLoad::Stretch> work_by_plan(const Clock& clock, Instant start,
                                                const std::vector<Nanoseconds>& lengths,
                                                const std::stop_token& stop) {
  std::vector<SwitchedLoad::Stretch> worked;
  volatile double kept = 1;
  double sum = kept;
  Instant next = start;
  for (std::size_t i = 0; i < lengths.size() && !stop.stop_requested(); ++i) {
    next += lengths[i];
    if (i % 2 == 0) {
      while (clock.now() < next && !stop.stop_requested())
        clock.sleep_until(std::min(next, clock.now() + between_takes));
      continue;
    }
    const Instant from = clock.now();
    work_until(clock, next, stop, sum);
    worked.push_back({from, clock.now()});
  }
  kept = sum;
  return worked;
}

// Keeps the calling thread off one core; where that is refused it may disturb the sampler, which counts that.
void leave_core(std::optional<int> core) {
  cpu_set_t allowed;
  if (!core || sched_getaffinity(0, sizeof(allowed), &allowed) != 0 || CPU_COUNT(&allowed) < 2) return;
  CPU_CLR(static_cast<std::size_t>(*core), &allowed);
  sched_setaffinity(0, sizeof(allowed), &allowed);
}

std::size_t workers_beside_sampler() {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return 1;
  return static_cast<std::size_t>(std::max(1, CPU_COUNT(&allowed) - 1));
}

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
    std::vector<std::jthread> workers;
    for (std::size_t i = 0; i < workers_beside_sampler(); ++i)
      workers.emplace_back([&, i](const std::stop_token& stop) {
        leave_core(sampling_core());
        auto worked = work_by_plan(clock, run.from, lengths, stop);
        if (i == 0) run.on = std::move(worked);
      });
    for (Instant now = clock.now(); now < run.to && !interrupted; now = clock.now()) {
      progress.show("switching a load", seconds(std::max(now, run.from) - run.from) / seconds(whole(lengths)),
                    run.to - now);
      clock.sleep_until(std::min(now + between_takes, run.to));
      take_into(run.rails, **sampler, {}, clock.now());
      interrupted = options.interrupted != nullptr && *options.interrupted;
    }
  }  // the workers have ended
  (*sampler)->pause();
  take_into(run.rails, **sampler, {}, clock.now());
  run.clocks_at_end = clock.triple();
  if (interrupted) return Error{Errc::gone, "calibrate", "interrupted"};
  return run;
}

// As much work as fills the board's arithmetic and its memory for the same time.
Layer busy_layer(const BoardModel& model) {
  Layer layer;
  layer.name = layer.type = "load";
  layer.macs = static_cast<std::int64_t>(model.macs_per_second);
  layer.bytes = static_cast<std::int64_t>(model.bytes_per_second);
  return layer;
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

Result<SwitchedLoad> read_under_load(const Machine& machine, const SwitchedLoadOptions& options,
                                     const std::vector<Nanoseconds>& lengths, Progress& progress) {
  const std::string board_id = virtual_board_id(options.sensor);
  if (board_id.empty()) return on_this_machine(machine, options, lengths, progress);
  const auto board = board_with_settings(board_id);
  if (!board) return board.error();
  return on_virtual_board(*board, options, lengths);
}

}  // namespace layerwatt
