// SPDX-License-Identifier: Apache-2.0
// The order of stretches and how each is spent; see metered_run.h.
#include "session/metered_run.h"

#include <algorithm>
#include <random>

#include "session/bare_sampler.h"
#include "session/stream_choice.h"
#include "session/stream_source.h"

namespace layerwatt {

using namespace std::chrono_literals;

namespace {

constexpr Nanoseconds settling = 300ms;  // of clocks and regulators, before a stretch counts

Result<std::unique_ptr<ReadingSource>> open_meter(const Machine& machine, const MeteredOptions& options) {
  auto request = parse_sensor_request(machine, options.meter, {});
  if (!request) return request.error();
  if (request->streams.size() + (request->sensors ? 1 : 0) != 1)
    return Error{Errc::malformed, "--meter " + options.meter, "must be one meter"};
  if (request->sensors) {
    auto sampler = open_sampler(machine, {request->names, {}, {}, options.seed});
    if (!sampler) return sampler.error();
    return std::unique_ptr<ReadingSource>{std::move(*sampler)};
  }
  ChosenStream& chosen = request->streams.front();
  StreamOptions opening;
  opening.interrupted = options.interrupted;
  auto stream =
      StreamSource::open(machine.clock(), std::string{chosen.driver->name}, std::move(chosen.plan), opening);
  if (!stream) return stream.error();
  return std::unique_ptr<ReadingSource>{std::move(*stream)};
}

class Metering {
 public:
  Metering(const Machine& machine, const MeteredOptions& options, Progress& progress, ReadingSource& board,
           ReadingSource& meter)
      : clock_{machine.clock()}, options_{options}, progress_{progress}, board_{board}, meter_{meter} {
    run_.rails = board.rails();
    run_.meter = meter.rails();
  }
  Result<MeteredRun> run() {
    constexpr MeteredRun::Part kinds[] = {{{}, false, false}, {{}, true, false}, {{}, true, true}};
    std::mt19937_64 random{options_.seed};
    std::vector<MeteredRun::Part> order;
    for (int round = 0; round < options_.rounds; ++round) {
      const std::size_t first = order.size();
      order.insert(order.end(), std::begin(kinds), std::end(kinds));
      std::shuffle(order.begin() + static_cast<std::ptrdiff_t>(first), order.end(), random);
    }
    meter_.resume();
    for (const MeteredRun::Part& part : order) {
      spend(part, static_cast<double>(run_.parts.size()) / static_cast<double>(order.size()));
      if (interrupted()) return Error{Errc::gone, "calibrate", "interrupted"};
    }
    meter_.pause();
    take();
    return std::move(run_);
  }

 private:
  void spend(MeteredRun::Part part, double done) {
    if (part.sampled) board_.resume();
    const Instant start = clock_.now();
    part.time = {start + settling, start + settling + options_.stretch};
    {
      std::vector<Nanoseconds> work;
      if (part.loaded) work = {Nanoseconds{}, part.time.to - start};
      BusyThreads load{clock_, start, work};
      while (clock_.now() < part.time.to && !interrupted()) {
        progress_.show("measuring beside the meter", done, left());
        clock_.sleep_until(std::min(clock_.now() + between_takes, part.time.to));
        take();
      }
      load.finish(true);
    }
    if (part.sampled) board_.pause();
    take();
    run_.parts.push_back(part);
  }
  void take() {
    take_into(run_.rails, board_, {}, clock_.now());
    take_into(run_.meter, meter_, {}, clock_.now());
  }
  [[nodiscard]] Nanoseconds left() const {
    const auto stretches =
        static_cast<Nanoseconds::rep>(3 * options_.rounds) - static_cast<Nanoseconds::rep>(run_.parts.size());
    return stretches * (options_.stretch + settling);
  }
  [[nodiscard]] bool interrupted() const { return options_.interrupted != nullptr && *options_.interrupted; }

  const Clock& clock_;
  const MeteredOptions& options_;
  Progress& progress_;
  ReadingSource &board_, &meter_;
  MeteredRun run_;
};

}  // namespace

Result<MeteredRun> read_beside_meter(const Machine& machine, const MeteredOptions& options,
                                     Progress& progress) {
  auto board = open_sampler(machine, {options.sensor, options.rails, {}, options.seed});
  if (!board) return board.error();
  progress.show("waiting for the meter", 0, {});
  auto meter = open_meter(machine, options);
  if (!meter) return meter.error();
  return Metering{machine, options, progress, **board, **meter}.run();
}

}  // namespace layerwatt
