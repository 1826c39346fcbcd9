// SPDX-License-Identifier: Apache-2.0
// Choosing and opening; see session_source.h.
#include "session/session_source.h"

#include <algorithm>
#include <utility>

#include "boards/virtual_settings.h"
#include "session/joined_source.h"
#include "session/recorder.h"
#include "session/sampler.h"
#include "session/sensor_choice.h"
#include "session/stream_choice.h"

namespace layerwatt {

namespace {

// As far as the sensors themselves know them.
std::vector<RailRecord> rails_of(std::span<const ChosenSensors> chosen) {
  std::vector<RailRecord> rails;
  for (const ChosenSensors& one : chosen)
    for (const auto& sensor : one.sensors)
      for (const Channel& channel : sensor->channels()) rails.emplace_back().channel = channel;
  return rails;
}

class SourceOpening {
 public:
  SourceOpening(const Machine& machine, const ProfileOptions& options, const SourceNeeds& needs)
      : machine_{machine}, options_{options}, needs_{needs} {}
  Result<void> open_simulation(const std::string& board_id);
  Result<void> open_real();
  SessionSource take() { return std::move(opened_); }

 private:
  Result<void> open_samplers(const std::string& names, std::vector<std::unique_ptr<ReadingSource>>& parts);
  Result<std::unique_ptr<ReadingSource>> open_sampler(ChosenSensors& chosen);
  Result<std::unique_ptr<ReadingSource>> open_stream(ChosenStream& chosen);

  const Machine& machine_;
  const ProfileOptions& options_;
  const SourceNeeds& needs_;
  SessionSource opened_;
};

Result<void> SourceOpening::open_simulation(const std::string& board_id) {
  const auto board = board_with_settings(board_id, options_.best_sensor_mode);
  if (!board) return board.error();
  auto instrument = VirtualInstrument::create(*board, needs_.layers, options_.period, options_.seed,
                                              machine_.clock().now(), options_.rails);
  if (!instrument) return instrument.error();
  auto source = std::make_unique<VirtualSource>(std::move(*instrument));
  opened_.simulated = source.get();
  opened_.source = std::move(source);
  opened_.circumstances["simulation"] = "readings of " + board->name + ", SIMULATED from the layers that ran";
  return {};
}

Result<void> SourceOpening::open_real() {
  auto request = parse_sensor_request(machine_, options_.sensor, options_.period);
  if (!request) return request.error();
  std::vector<std::unique_ptr<ReadingSource>> parts;
  for (ChosenStream& one : request->streams) {
    needs_.show("waiting for the first readings of " + std::string{one.driver->name});
    auto stream = open_stream(one);
    if (!stream) return stream.error();
    parts.push_back(std::move(*stream));
  }
  if (request->sensors)
    if (auto opened = open_samplers(request->names, parts); !opened) return opened;
  opened_.sensors_take_turns = parts.size() == 1 && request->streams.empty();
  if (parts.size() == 1)
    opened_.source = std::move(parts.front());
  else
    opened_.source = std::make_unique<JoinedSource>(std::move(parts));
  return {};
}

Result<void> SourceOpening::open_samplers(const std::string& names,
                                          std::vector<std::unique_ptr<ReadingSource>>& parts) {
  auto chosen = choose_all_sensors(machine_, {needs_.runner}, names);
  if (!chosen) return chosen.error();
  std::vector<RailRecord> known = rails_of(*chosen);
  for (const auto& part : parts)
    for (RailRecord& rail : part->rails()) known.push_back(std::move(rail));
  if (auto checked = check_rails(known, options_.rails); !checked) return checked;
  for (ChosenSensors& one : *chosen) {
    auto sampler = open_sampler(one);
    if (!sampler) return sampler.error();
    if (*sampler != nullptr) parts.push_back(std::move(*sampler));
  }
  return {};
}

Result<std::unique_ptr<ReadingSource>> SourceOpening::open_stream(ChosenStream& chosen) {
  const std::string name{chosen.driver->name};
  const std::string device = chosen.plan.device.empty() ? name : chosen.plan.device;
  auto stream = StreamSource::open(machine_.clock(), name, std::move(chosen.plan),
                                   {.interrupted = options_.interrupted});
  if (!stream) return stream.error();
  for (auto& [key, value] : (*stream)->mode())
    opened_.circumstances["sensor_mode." + device + "." + key] = value;
  for (const RailRecord& rail : (*stream)->rails())
    if (rail.channel.origin == Origin::simulated)
      opened_.circumstances["simulation"] =
          "readings of " + name + ":" + device + ", MADE UP by their source";
  opened_.streams.push_back(stream->get());
  return std::unique_ptr<ReadingSource>{std::move(*stream)};
}

// Null when none of its rails is wanted.
Result<std::unique_ptr<ReadingSource>> SourceOpening::open_sampler(ChosenSensors& chosen) {
  SamplerOptions sampling;
  sampling.period = options_.period;
  sampling.seed = options_.seed;
  sampling.core = opened_.sampling_core = needs_.sampling_core;
  for (const RailRecord& rail : rails_of({&chosen, 1}))
    if (std::find(options_.rails.begin(), options_.rails.end(), rail.channel.rail) != options_.rails.end())
      sampling.rails.push_back(rail.channel.rail);
  if (sampling.rails.empty() && !options_.rails.empty()) return std::unique_ptr<ReadingSource>{};
  for (auto& [key, value] : modes_of(chosen)) opened_.circumstances["sensor_mode." + key] = value;
  if (chosen.driver->origin == Origin::measured)
    sampling.look_again = [driver = chosen.driver, machine = machine_, workload = Workload{needs_.runner}] {
      return driver->probe(machine, workload).sensors;
    };
  auto sampler =
      Sampler::create(machine_, std::string{chosen.driver->name}, std::move(chosen.sensors), sampling);
  if (!sampler) return sampler.error();
  return std::unique_ptr<ReadingSource>{std::move(*sampler)};
}

}  // namespace

Result<SessionSource> open_session_source(const Machine& machine, const ProfileOptions& options,
                                          const SourceNeeds& needs) {
  SourceOpening opening{machine, options, needs};
  const std::string board_id = virtual_board_id(options.sensor);
  const auto opened = board_id.empty() ? opening.open_real() : opening.open_simulation(board_id);
  if (!opened) return opened.error();
  return opening.take();
}

}  // namespace layerwatt
