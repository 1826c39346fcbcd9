// SPDX-License-Identifier: Apache-2.0
// The order of stretches and how each is spent; see metered_run.h.
#include "session/metered_run.h"

#include <algorithm>
#include <random>

#include "boards/virtual_settings.h"
#include "session/bare_sampler.h"
#include "session/recorder.h"
#include "session/sensor_choice.h"
#include "session/stream_choice.h"
#include "session/stream_source.h"
#include "session/virtual_metered_run.h"
#include "session/virtual_source.h"

namespace layerwatt {

using namespace std::chrono_literals;

namespace {

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

std::vector<MeteredRun::Part> order_of(const MeteredOptions& options) {
  constexpr MeteredRun::Part kinds[] = {{{}, false, false}, {{}, true, false}, {{}, true, true}};
  std::mt19937_64 random{options.seed};
  std::vector<MeteredRun::Part> order;
  for (int round = 0; round < options.rounds; ++round) {
    const std::size_t first = order.size();
    order.insert(order.end(), std::begin(kinds), std::end(kinds));
    std::shuffle(order.begin() + static_cast<std::ptrdiff_t>(first), order.end(), random);
  }
  return order;
}

Result<void> check_must_have(const std::vector<RailRecord>& rails, const MeteredOptions& options) {
  std::vector<std::string> wanted;
  if (!options.must_have.empty()) wanted.push_back(options.must_have);
  return check_rails(rails, wanted);
}

Result<MeteredRun> virtual_run(const std::string& board_id, const MeteredOptions& options) {
  if (options.meter != virtual_meter)
    return Error{Errc::unsupported, "--sensor " + options.sensor,
                 "is simulated: there is nothing for a meter to measure, except --meter virtual"};
  const auto board = board_with_settings(board_id);
  if (!board) return board.error();
  auto run = meter_virtual_board(*board, options, order_of(options));
  if (run)
    if (auto checked = check_must_have(run->rails, options); !checked) return checked.error();
  return run;
}

class Metering {
 public:
  Metering(const Machine& machine, const MeteredOptions& options, Progress& progress, ReadingSource& board,
           ReadingSource& meter)
      : clock_{machine.clock()}, options_{options}, progress_{progress}, board_{board}, meter_{meter} {
    run_.rails = board.rails();
    run_.meter = meter.rails();
  }
  Result<MeteredRun> run(const std::vector<MeteredRun::Part>& order) {
    meter_.resume();
    for (const MeteredRun::Part& part : order) {
      spend(part, static_cast<double>(run_.parts.size()) / static_cast<double>(order.size()));
      if (interrupted()) return Error{Errc::gone, "calibrate", "interrupted"};
    }
    if (!options_.switching.empty()) switch_load();
    if (interrupted()) return Error{Errc::gone, "calibrate", "interrupted"};
    meter_.pause();
    take();
    return std::move(run_);
  }

 private:
  void spend(MeteredRun::Part part, double done) {
    if (part.sampled) board_.resume();
    const Instant start = clock_.now();
    part.time = {start + settling_of_stretch, start + settling_of_stretch + options_.stretch};
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
  void switch_load() {
    board_.resume();
    MeteredRun::Switched load;
    load.from = load.to = clock_.now() + settling_of_stretch;
    for (const Nanoseconds length : options_.switching) load.to += length;
    {
      BusyThreads work{clock_, load.from, options_.switching};
      while (clock_.now() < load.to && !interrupted()) {
        progress_.show("switching a load beside the meter", 1, load.to - clock_.now());
        clock_.sleep_until(std::min(clock_.now() + between_takes, load.to));
        take();
      }
      load.on = work.finish(interrupted());
    }
    board_.pause();
    take();
    run_.switched = std::move(load);
  }
  void take() {
    take_into(run_.rails, board_, {}, clock_.now());
    take_into(run_.meter, meter_, {}, clock_.now());
  }
  [[nodiscard]] Nanoseconds left() const {
    const auto stretches =
        static_cast<Nanoseconds::rep>(3 * options_.rounds) - static_cast<Nanoseconds::rep>(run_.parts.size());
    return stretches * (options_.stretch + settling_of_stretch);
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
  if (const std::string id = virtual_board_id(options.sensor); !id.empty()) return virtual_run(id, options);
  auto board = open_sampler(machine, {options.sensor, options.rails, {}, options.seed});
  if (!board) return board.error();
  if (auto checked = check_must_have((*board)->rails(), options); !checked) return checked.error();
  progress.show("waiting for the meter", 0, {});
  auto meter = open_meter(machine, options);
  if (!meter) return meter.error();
  const auto circumstances = circumstances_with(machine, options.sensor);
  auto run = Metering{machine, options, progress, **board, **meter}.run(order_of(options));
  if (run) run->circumstances = circumstances;
  return run;
}

}  // namespace layerwatt
