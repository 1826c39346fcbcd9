// SPDX-License-Identifier: Apache-2.0
// The virtual instrument: the load, the chip and the sampler of src/simulation put together as a board file
// says. What no data sheet tells (noise, tolerance, where in a read the registers are fetched) is decided in
// src/simulation and listed in docs/virtual-board.md.
#include "boards/virtual_board.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include "boards/virtual_power.h"
#include "simulation/ina3221_model.h"
#include "simulation/load.h"
#include "simulation/read_plan.h"

namespace layerwatt {

using simulation::Moment;

namespace {

constexpr std::string_view chip = "ina3221";
constexpr double oscillator_deviation = 0.03, oscillator_limit = 0.10;
constexpr std::size_t runs_a_pump = 64;  // spans between two looks at the sensor: bounds memory
constexpr Moment idle_a_pump{50'000'000};

Moment as_moment(Nanoseconds time) { return Moment{static_cast<double>(time.count())}; }
Nanoseconds rounded(Moment time) {
  return Nanoseconds{static_cast<std::int64_t>(std::floor(time.count() + 0.5))};
}

struct ChipRail {
  std::string name;
  std::size_t index;  // in BoardPower
  Ohms shunt;
};

struct Chip {
  std::string device;
  Nanoseconds conversion;
  int averaging;
  std::vector<ChipRail> rails;
};

Result<Chip> chip_of(const Board& board, const BoardPower& power) {
  const auto unsupported = [&](const std::string& why) { return Error{Errc::unsupported, board.id, why}; };
  const auto sensor = std::find_if(board.sensors.begin(), board.sensors.end(),
                                   [](const BoardSensor& s) { return s.driver == chip; });
  if (sensor == board.sensors.end()) return unsupported("has no INA3221 to simulate");
  if (!sensor->conversion || !sensor->averaging || sensor->rails.empty() || sensor->rails.size() > 3)
    return unsupported("conversion time, averaging or rails of its INA3221 are not known");
  Chip found{sensor->device, *sensor->conversion, *sensor->averaging, {}};
  for (const std::string& name : sensor->rails) {
    const auto modelled = std::find(power.rails.begin(), power.rails.end(), name);
    if (modelled == power.rails.end()) return unsupported("its [model] has no rail " + name);
    for (const BoardRail& rail : board.rails)
      if (rail.name == name && rail.shunt)
        found.rails.push_back({name, static_cast<std::size_t>(modelled - power.rails.begin()), *rail.shunt});
    if (found.rails.empty() || found.rails.back().name != name)
      return unsupported("shunt of " + name + " is not known");
  }
  return found;
}

simulation::LoadSettings load_of(const BoardModel& model, const BoardPower& power) {
  simulation::LoadSettings load;
  load.idle = power.idle;
  load.layers = power.layers;
  load.background_shares = power.feeds;
  for (const auto& rail : model.rails) {
    simulation::BackgroundSettings background;
    background.deviation = rail.noise;
    background.correlation = as_moment(model.noise_time);
    load.background.push_back(background);
  }
  load.drift = model.drift;
  load.drift_time = as_moment(model.drift_time);
  load.supply_tail = as_moment(model.supply_tail);
  return load;
}

simulation::Ina3221Settings ina3221_of(const Chip& found, const BoardModel& model, const BoardPower& power,
                                       std::uint64_t seed) {
  simulation::Ina3221Settings settings;
  for (const ChipRail& rail : found.rails)
    settings.channels.push_back({rail.index, rail.shunt * (1 + model.shunt_error), model.shunt_offset, {}});
  settings.shunt_conversion = settings.bus_conversion = as_moment(found.conversion);
  settings.averaging = found.averaging;
  simulation::Random random{seed, "chip"};
  const double tolerance = oscillator_deviation * random.normal();
  settings.oscillator = 1 + std::clamp(tolerance, -oscillator_limit, oscillator_limit);
  settings.supply_rail = power.total;
  return settings;
}

// Of the chip's rails, in its order.
std::vector<std::size_t> channels_to_read(const Chip& found, std::span<const std::string> names) {
  std::vector<std::size_t> named, all;
  for (std::size_t i = 0; i < found.rails.size(); ++i) {
    all.push_back(i);
    if (std::find(names.begin(), names.end(), found.rails[i].name) != names.end()) named.push_back(i);
  }
  return named.empty() ? all : named;
}

simulation::ReadSettings reads_of(const BoardModel& model, std::size_t channels, Nanoseconds period) {
  simulation::ReadSettings settings;
  settings.channels = channels;
  settings.period = as_moment(period);
  settings.shortest = as_moment(model.shortest_read);
  settings.mean = as_moment(model.mean_read);
  settings.longest = as_moment(model.longest_read);
  return settings;
}

// Of all channels; slower than asked for where the reads take longer.
double reads_per_s(const BoardModel& model, std::size_t channels, Nanoseconds period) {
  const double count = static_cast<double>(channels), a_read = seconds(model.mean_read);
  const double tick = std::max(count * a_read, seconds(period));
  return tick > 0 ? count / tick : 0;
}

}  // namespace

class VirtualInstrument::State {
 public:
  State(const Board& board, const BoardPower& power, Chip found, Nanoseconds period, std::uint64_t seed,
        Instant start, std::span<const std::string> read)
      : board_{board},
        chip_{std::move(found)},
        start_{start},
        layers_{power.layers.size()},
        load_{load_of(*board.model, power), seed},
        model_{ina3221_of(chip_, *board.model, power, seed), power.idle, {seed, "conversions"}},
        wanted_{channels_to_read(chip_, read)},
        read_{wanted_},
        reads_{reads_of(*board.model, read_.size(), period), {seed, "reads"}},
        pending_{reads_.next()},
        taken_(chip_.rails.size()) {}

  [[nodiscard]] std::vector<RailRecord> rails() const;
  void advance(std::span<const LayerSpan> spans, Instant until);
  std::vector<std::vector<Reading>> take() {
    return std::exchange(taken_, std::vector<std::vector<Reading>>(chip_.rails.size()));
  }
  [[nodiscard]] std::vector<std::vector<Joules>> truth() const;
  [[nodiscard]] std::vector<Account> account() const;
  [[nodiscard]] VirtualTiming timing() const;
  void restart_truth() { load_.restart_accounts(); }
  void read_only(std::optional<std::size_t> rail);

 private:
  [[nodiscard]] Moment since_start(Instant when) const { return as_moment(when - start_); }
  [[nodiscard]] Instant stamp(Moment when) const { return start_ + rounded(when); }
  void pump();
  bool step_read(Moment known);

  enum class Stage { calling, shunt_fetched, bus_fetched };

  Board board_;
  Chip chip_;
  Instant start_;
  std::size_t layers_;
  simulation::Load load_;
  simulation::Ina3221Model model_;
  std::vector<std::size_t> wanted_;  // channels of the chip
  std::vector<std::size_t> read_;    // those of them that are read now, by channel of the plan
  simulation::ReadPlan reads_;
  simulation::PlannedRead pending_;
  Stage stage_ = Stage::calling;  // of the pending read
  std::size_t channel_ = 0;       // of the chip, once it was called
  simulation::Ina3221Model::Registers fetched_{};
  std::vector<std::vector<Reading>> taken_;
};

std::vector<RailRecord> VirtualInstrument::State::rails() const {
  std::vector<RailRecord> records;
  for (const ChipRail& rail : chip_.rails) {
    RailRecord record;
    record.sensor = "virtual";
    record.device = chip_.device;
    record.channel.rail = rail.name;
    record.channel.origin = Origin::simulated;
    record.channel =
        with_board_facts(board_, chip, chip_.device, {{"running_mode", "continuous"}}, record.channel);
    records.push_back(std::move(record));
  }
  return records;
}

void VirtualInstrument::State::advance(std::span<const LayerSpan> spans, Instant until) {
  std::size_t since_pump = 0;
  for (const LayerSpan& span : spans) {
    assert(span.layer < layers_);
    for (Moment at = load_.power().known_until() + idle_a_pump; at < since_start(span.begin);
         at += idle_a_pump) {
      load_.idle_until(at);
      pump();
    }
    load_.run({span.layer, span.inference, since_start(span.begin), since_start(span.end), {}});
    if (++since_pump % runs_a_pump == 0) pump();
  }
  for (Moment at = load_.power().known_until(); at < since_start(until);) {
    at = std::min(at + idle_a_pump, since_start(until));
    load_.idle_until(at);
    pump();
  }
  pump();
}

void VirtualInstrument::State::pump() {
  const Moment known = load_.power().known_until();
  while (step_read(known)) {
  }
  model_.run(load_.power(), known);
  load_.power().forget_before(model_.oldest_needed());
}

// One step of the pending read, when it happens by `known`.
bool VirtualInstrument::State::step_read(Moment known) {
  const Moment next = stage_ == Stage::calling         ? pending_.shunt
                      : stage_ == Stage::shunt_fetched ? pending_.bus
                                                       : pending_.after;
  if (next > known) return false;
  if (stage_ != Stage::bus_fetched) model_.run(load_.power(), next);
  if (stage_ == Stage::calling) channel_ = read_[pending_.channel];
  const auto registers = model_.registers(channel_);
  switch (stage_) {
    case Stage::calling:
      fetched_.shunt = registers.shunt;
      stage_ = Stage::shunt_fetched;
      return true;
    case Stage::shunt_fetched:
      fetched_.bus = registers.bus;
      stage_ = Stage::bus_fetched;
      return true;
    case Stage::bus_fetched:
      taken_[channel_].push_back({stamp(pending_.before), stamp(pending_.after),
                                  simulation::l4t_power(fetched_, chip_.rails[channel_].shunt)});
      pending_ = reads_.next();
      stage_ = Stage::calling;
  }
  return true;
}

// The pending read stays where it is in time.
void VirtualInstrument::State::read_only(std::optional<std::size_t> rail) {
  read_ = rail ? std::vector<std::size_t>{*rail} : wanted_;
  reads_.set_channels(read_.size());
  if (stage_ == Stage::calling) pending_.channel = 0;
}

std::vector<std::vector<Joules>> VirtualInstrument::State::truth() const {
  std::vector<std::vector<Joules>> means;
  for (const ChipRail& rail : chip_.rails) {
    std::vector<Joules>& layers = means.emplace_back();
    for (std::size_t layer = 0; layer < layers_; ++layer) {
      const auto& account = load_.account(rail.index, layer);
      const Joules whole = account.by_layer + account.background;
      layers.push_back(account.runs > 0 ? whole / static_cast<double>(account.runs) : Joules{});
    }
  }
  return means;
}

std::vector<VirtualInstrument::Account> VirtualInstrument::State::account() const {
  std::vector<Account> accounts;
  for (const ChipRail& rail : chip_.rails) {
    Account& sum = accounts.emplace_back();
    for (std::size_t layer = 0; layer < layers_; ++layer) {
      const auto& account = load_.account(rail.index, layer);
      sum.layers += account.by_layer + account.background;
    }
    sum.outside = load_.outside(rail.index);
  }
  return accounts;
}

VirtualTiming VirtualInstrument::State::timing() const {
  VirtualTiming timing{};
  const Moment cycle = model_.cycle();
  const double averaging = chip_.averaging;
  const Moment filter_delay = (averaging - 1) * cycle;  // mean age of an exponential average over cycles
  if (chip_.averaging > 1) timing.time_constant = rounded(cycle / -std::log(1 - 1 / averaging));
  const Moment conversion = model_.settings().oscillator * model_.settings().shunt_conversion;
  const Moment fetch = simulation::ReadPlan::shunt_fetched * as_moment(board_.model->mean_read);
  // Half a conversion, the average's delay, half a cycle of waiting for the read, minus the time from the
  // stamp to the fetch; and the supply's capacitors.
  timing.lag =
      rounded(conversion / 2 + filter_delay + cycle / 2 - fetch + as_moment(board_.model->supply_tail));
  timing.cycle = rounded(cycle);
  return timing;
}

Result<VirtualInstrument> VirtualInstrument::create(const Board& board, std::span<const Layer> layers,
                                                    Nanoseconds period, std::uint64_t seed, Instant start,
                                                    std::span<const std::string> read) {
  if (period < Nanoseconds::zero())
    return Error{Errc::unsupported, board.id, "the period of reading is negative"};
  const auto power = power_of(board, layers);
  if (!power) return power.error();
  auto found = chip_of(board, *power);
  if (!found) return found.error();
  const std::size_t channels = channels_to_read(*found, read).size();
  const BoardPower read_power = while_reading(*power, reads_per_s(*board.model, channels, period));
  return VirtualInstrument{
      std::make_unique<State>(board, read_power, std::move(*found), period, seed, start, read)};
}

VirtualInstrument::VirtualInstrument(std::unique_ptr<State> state) : state_{std::move(state)} {}
VirtualInstrument::VirtualInstrument(VirtualInstrument&&) noexcept = default;
VirtualInstrument& VirtualInstrument::operator=(VirtualInstrument&&) noexcept = default;
VirtualInstrument::~VirtualInstrument() = default;

std::vector<RailRecord> VirtualInstrument::rails() const { return state_->rails(); }
void VirtualInstrument::advance(std::span<const LayerSpan> spans, Instant until) {
  state_->advance(spans, until);
}
void VirtualInstrument::read_only(std::optional<std::size_t> rail) { state_->read_only(rail); }
std::vector<std::vector<Reading>> VirtualInstrument::take_readings() { return state_->take(); }
std::vector<std::vector<Joules>> VirtualInstrument::truth() const { return state_->truth(); }
void VirtualInstrument::restart_truth() { state_->restart_truth(); }
std::vector<VirtualInstrument::Account> VirtualInstrument::account() const { return state_->account(); }
VirtualTiming VirtualInstrument::timing() const { return state_->timing(); }

}  // namespace layerwatt
