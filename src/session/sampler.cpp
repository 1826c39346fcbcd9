// SPDX-License-Identifier: Apache-2.0
// The sampling thread's life; see sampler.h. What it does at each tick is in sampling_loop.cpp.
#include "session/sampler.h"

#include <algorithm>
#include <future>

#include "boards/board.h"
#include "session/thread_cpu_time.h"

namespace layerwatt {

using namespace std::chrono_literals;

namespace {

constexpr Nanoseconds longest_sleep = 20ms;  // so that pause() need not wait for a long period to end

TickOptions tick_options(const SamplerOptions& options, const std::vector<RailRecord>& rails) {
  std::vector<Channel> channels;
  for (const RailRecord& rail : rails) channels.push_back(rail.channel);
  return {options.period, fastest_useful_period(channels), options.dither, options.seed};
}

}  // namespace

Nanoseconds fastest_useful_period(const std::vector<Channel>& channels) {
  std::optional<Nanoseconds> refresh;
  for (const Channel& channel : channels)
    if (channel.refresh && (!refresh || *channel.refresh < *refresh)) refresh = channel.refresh;
  if (!refresh) return 1ms;
  return std::max<Nanoseconds>(200us, *refresh * 2 / 5);
}

// The rails to be read, each with the sensor behind it.
struct Sampler::Selection {
  std::optional<Board> board;
  std::vector<RailRecord> rails;
  std::vector<SampledRail> sources;
};

Result<Sampler::Selection> Sampler::select_rails(const Machine& machine, const std::string& driver,
                                                 const std::vector<std::unique_ptr<Sensor>>& sensors,
                                                 const std::vector<std::string>& wanted) {
  Selection selection;
  selection.board = recognise_board(machine);
  std::string known;
  std::vector<std::string> missing = wanted;
  for (const auto& sensor : sensors) {
    const std::vector<Channel> channels =
        with_board_facts(selection.board, driver, sensor->device(), sensor->mode(), sensor->channels());
    for (std::size_t i = 0; i < channels.size(); ++i) {
      const Channel& channel = channels[i];
      known += (known.empty() ? "" : ", ") + channel.rail;
      std::erase(missing, channel.rail);
      if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), channel.rail) == wanted.end()) continue;
      RailRecord rail;
      rail.channel = channel;
      rail.sensor = driver;
      rail.device = sensor->device();
      selection.rails.push_back(std::move(rail));
      selection.sources.push_back({sensor.get(), i});
    }
  }
  if (!missing.empty())
    return Error{Errc::not_found, "rail " + missing.front(), "this machine's sensors have: " + known};
  return selection;
}

// What the sampling thread reports back.
struct Sampler::Run {
  std::promise<ThreadSetup> ready;
  Nanoseconds cpu_time{}, elapsed{};
  bool core_kept = true;
};

Result<std::unique_ptr<Sampler>> Sampler::create(const Machine& machine, const std::string& driver,
                                                 std::vector<std::unique_ptr<Sensor>> sensors,
                                                 const SamplerOptions& options) {
  auto selection = select_rails(machine, driver, sensors, options.rails);
  if (!selection) return selection.error();
  return std::unique_ptr<Sampler>{
      new Sampler{machine.clock(), std::move(sensors), std::move(*selection), options}};
}

Sampler::Sampler(const Clock& clock, std::vector<std::unique_ptr<Sensor>> sensors, Selection selection,
                 const SamplerOptions& options)
    : clock_{clock},
      options_{options},
      rails_{std::move(selection.rails)},
      loop_{clock, selection.sources, options.capacity},
      returning_{clock,
                 loop_,
                 std::move(selection.board),
                 rails_,
                 std::move(sensors),
                 options.look_again,
                 options.look_every},
      plan_{tick_options(options, rails_)} {
  record_.period = options.period;
}

Sampler::~Sampler() { stop_thread(); }

void Sampler::resume() {
  if (run_) return;
  if (options_.realtime && !locked_) locked_.emplace();
  if (paused_at_) loop_.add_pause(*paused_at_, clock_.now());
  paused_at_.reset();
  run_ = std::make_unique<Run>();
  returning_.start();
  auto ready = run_->ready.get_future();
  thread_ = std::jthread{[this](const std::stop_token& stop) { sample(stop, *run_); }};
  const ThreadSetup setup = ready.get();
  if (setup.core != options_.core) core_kept_ = false;
  if (core_kept_) record_.core = setup.core;
  record_.realtime = setup.realtime && locked_ && locked_->granted();
}

void Sampler::sample(const std::stop_token& stop, Run& run) {
  run.ready.set_value(set_up_sampling_thread("lw-sampler", options_.core, options_.realtime));
  const Instant began = clock_.now();
  Instant now = began;
  std::uint64_t losses = 0;
  plan_.restart();
  while (!stop.stop_requested()) {
    const Instant planned = plan_.next(now);
    for (; planned - now > longest_sleep && !stop.stop_requested(); now = clock_.now())
      clock_.sleep_until(now + longest_sleep);
    if (stop.stop_requested()) break;
    clock_.sleep_until(planned);
    now = loop_.tick(planned, plan_.tolerance());
    if (losses != loop_.losses()) returning_.wake();
    losses = loop_.losses();
  }
  run.elapsed = clock_.now() - began;
  run.cpu_time = thread_cpu_time();
  run.core_kept = !options_.core || is_kept_to(*options_.core);
}

void Sampler::stop_thread() {
  if (!run_) return;
  thread_.request_stop();
  thread_.join();
  record_.cpu_time += run_->cpu_time + returning_.stop();
  record_.elapsed += run_->elapsed;
  core_kept_ = core_kept_ && run_->core_kept;
  if (!core_kept_) record_.core.reset();
  run_.reset();
}

void Sampler::pause() {
  if (!run_) return;
  stop_thread();
  paused_at_ = clock_.now();
}

void Sampler::read_only(std::optional<std::size_t> rail) {
  const bool on = run_ != nullptr;
  pause();
  loop_.read_only(rail, clock_.now());
  if (on) resume();
}

std::vector<ReadingSource::Taken> Sampler::take(std::span<const LayerSpan>, Instant) {
  std::vector<std::vector<Reading>> readings(loop_.rail_count());
  std::vector<std::vector<Gap>> gaps(loop_.rail_count());
  loop_.take(readings, gaps);
  std::vector<Taken> taken(loop_.rail_count());
  for (std::size_t i = 0; i < taken.size(); ++i) taken[i] = {std::move(readings[i]), std::move(gaps[i])};
  return taken;
}

SamplerRecord Sampler::record() const {
  SamplerRecord record = record_;
  record.ticks = loop_.ticks();
  record.late_ticks = loop_.late_ticks();
  record.missed_ticks = plan_.missed();
  record.lateness.assign(loop_.lateness().begin(), loop_.lateness().end());
  while (!record.lateness.empty() && record.lateness.back() == 0) record.lateness.pop_back();
  return record;
}

SamplerRecord Sampler::finish() {
  stop_thread();
  loop_.close_gaps(clock_.now());
  locked_.reset();
  return record();
}

}  // namespace layerwatt
