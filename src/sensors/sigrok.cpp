// SPDX-License-Identifier: Apache-2.0
// Meters, power supplies and oscilloscopes that libsigrok knows, through its own program sigrok-cli. The
// library is not linked: it would come into the program that measures with GLib, its threads and its drivers'
// bugs, and one static file could not have it. Facts: sigrok-cli(1) and libsigrok's src/output/analog.c: one
// line a value, "A0: -10.0000 V DC". Tried with sigrok-cli 0.7.2 and its demo driver.
#include <algorithm>
#include <cmath>
#include <deque>

#include "sensors/stream.h"
#include "sensors/stream_text.h"

namespace layerwatt {

namespace {

constexpr std::size_t most_seen = 64;        // channels
constexpr std::size_t most_waiting = 65536;  // values of one channel without those of the others
constexpr double demo_rate = 1000, fastest = 1e9;

// What power is made of. A current is that of a shunt when `shunt` is known: (plus - minus) / shunt.
struct Recipe {
  std::string current, minus, voltage;  // names of channels; minus and voltage may be empty
  std::optional<Ohms> shunt;
  std::optional<Volts> volts;
  [[nodiscard]] std::vector<std::string> inputs() const {
    std::vector<std::string> all{current};
    for (const std::string* one : {&minus, &voltage})
      if (!one->empty()) all.push_back(*one);
    return all;
  }
  // Of values in the order of inputs().
  [[nodiscard]] Watts power(const std::vector<double>& values) const {
    const double low = minus.empty() ? 0 : values[1];
    const Volts bus = voltage.empty() ? *volts : Volts{values.back()};
    if (shunt) return (Volts{values[0]} - Volts{low}) / *shunt * bus;
    return Amperes{values[0]} * bus;
  }
};

struct Measured {
  std::string_view channel;
  double value;      // SI
  std::string unit;  // "V", "A", "W", ...
};

// "P1: 3.1416 mW", "A0: -10.0000 V DC".
std::optional<Measured> measured(std::string_view line) {
  const std::size_t colon = line.find(": ");
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view channel = text::trimmed(line.substr(0, colon));
  const auto words = text::words(line.substr(colon + 2));
  if (words.size() < 2 || !stream::is_label(channel)) return std::nullopt;
  const auto value = text::number(words[0]);
  if (!value || words[1].empty()) return std::nullopt;
  const std::string_view unit = words[1].substr(words[1].size() - 1);
  const auto scale = text::prefix(words[1].substr(0, words[1].size() - 1));
  if (!scale) return Measured{channel, *value, std::string{words[1].substr(0, 8)}};
  return Measured{channel, *value * *scale, std::string{unit}};
}

class Sigrok final : public StreamParser {
 public:
  // Without a recipe: what has watts, else the one voltage times the one current. `rate` of a device that
  // samples by a clock of its own.
  Sigrok(std::optional<Recipe> recipe, std::optional<double> rate, Origin origin)
      : rate_{rate}, origin_{origin} {
    if (recipe) use(std::move(*recipe));
  }
  Result<void> parse(std::string_view line, std::vector<StreamReading>& into) override {
    line = text::trimmed(line);
    if (line.empty() || line == "FRAME-BEGIN" || line == "FRAME-END") return {};
    const auto one = measured(line);
    if (!one) return Error{Errc::malformed, "line", "is no value of a channel"};
    see(*one);
    if (recipe_) return add_input(*one, into);
    for (std::size_t c = 0; c < channels_.size(); ++c) {
      if (channels_[c].rail != one->channel || one->unit != "W") continue;
      if (!stream::believable(Watts{one->value}))
        return Error{Errc::malformed, "value", "no power of a machine"};
      into.push_back({c, Watts{one->value}, stamp(counts_[c]++)});
    }
    return {};
  }
  void settle() override {
    settled_ = true;
    if (!channels_.empty()) return;
    std::vector<std::string> volts, amperes;
    for (const auto& [channel, unit] : seen_) {
      if (unit == "V") volts.push_back(channel);
      if (unit == "A") amperes.push_back(channel);
    }
    if (volts.size() == 1 && amperes.size() == 1) use({amperes[0], "", volts[0], {}, {}});
  }
  [[nodiscard]] std::span<const Channel> channels() const override { return channels_; }
  [[nodiscard]] StampClock clock() const override { return rate_ ? StampClock::own : StampClock::arrival; }
  [[nodiscard]] std::string unusable() const override {
    std::string found;
    for (const auto& [channel, unit] : seen_) found += (found.empty() ? "" : ", ") + channel + " in " + unit;
    return found.empty()
               ? ""
               : "it gives " + found + "; say what power is made of, as a=CH1:b=CH2:shunt=0.05:volts=5";
  }

 private:
  void see(const Measured& one) {
    const bool known =
        std::any_of(seen_.begin(), seen_.end(), [&](const auto& pair) { return pair.first == one.channel; });
    if (known || settled_ || seen_.size() == most_seen) return;
    seen_.emplace_back(one.channel, one.unit);
    if (!recipe_ && one.unit == "W") add_channel(std::string{one.channel});
  }
  void add_channel(std::string rail) {
    Channel channel;
    channel.rail = std::move(rail);
    channel.origin = origin_;
    if (rate_) channel.refresh = from_seconds(1 / *rate_);
    channel.read_on_update = rate_.has_value();
    channels_.push_back(std::move(channel));
    counts_.push_back(0);
  }
  void use(Recipe recipe) {
    inputs_ = recipe.inputs();
    waiting_.resize(inputs_.size());
    recipe_ = std::move(recipe);
    add_channel("power");
  }
  // Devices print a block of one channel, then one of the next: the n-th values belong together.
  Result<void> add_input(const Measured& one, std::vector<StreamReading>& into) {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      if (inputs_[i] != one.channel) continue;
      if (waiting_[i].size() == most_waiting)
        return Error{Errc::malformed, "channel " + inputs_[i], "comes without the others"};
      waiting_[i].push_back(one.value);
    }
    while (std::none_of(waiting_.begin(), waiting_.end(), [](const auto& queue) { return queue.empty(); })) {
      std::vector<double> values;
      for (auto& queue : waiting_) {
        values.push_back(queue.front());
        queue.pop_front();
      }
      const Nanoseconds moment = stamp(counts_[0]++);
      if (const auto power = stream::believable(recipe_->power(values))) into.push_back({0, *power, moment});
    }
    return {};
  }
  [[nodiscard]] Nanoseconds stamp(std::uint64_t count) const {
    return rate_ ? from_seconds(static_cast<double>(count) / *rate_) : Nanoseconds{};
  }

  std::optional<Recipe> recipe_;
  std::vector<std::string> inputs_;
  std::vector<std::deque<double>> waiting_;  // of each input
  std::optional<double> rate_;
  Origin origin_;
  std::vector<std::pair<std::string, std::string>> seen_;  // channel, unit
  std::vector<Channel> channels_;
  std::vector<std::uint64_t> counts_;  // values of each channel so far
  bool settled_ = false;
};

Result<std::optional<Recipe>> recipe_of(const stream::Argument& argument) {
  const auto shunt = argument.positive<Ohms>("shunt");
  const auto volts = argument.positive<Volts>("volts");
  if (!shunt) return shunt.error();
  if (!volts) return volts.error();
  Recipe recipe{argument.option("a"), argument.option("b"), argument.option("voltage"), *shunt, *volts};
  if (const std::string current = argument.option("current"); !current.empty()) recipe.current = current;
  const bool none = recipe.inputs() == std::vector<std::string>{""} && !*shunt && !*volts;
  if (none) return std::optional<Recipe>{};
  const bool has_shunt = !argument.option("a").empty() && *shunt;
  const bool has_current =
      argument.option("a").empty() && recipe.minus.empty() && !*shunt && !recipe.current.empty();
  if (!(has_shunt || has_current) || recipe.voltage.empty() != recipe.volts.has_value())
    return Error{
        Errc::malformed, "sigrok",
        "power is a current (a=CH:shunt=OHMS, with b=CH the difference, or current=CH) times a voltage "
        "(volts=V or voltage=CH)"};
  return std::optional{recipe};
}

Result<StreamPlan> plan(std::string_view written, Nanoseconds) {
  const stream::Argument argument =
      stream::argument(written, {"a", "b", "current", "voltage", "shunt", "volts", "samplerate"});
  const std::string driver = argument.head.substr(0, argument.head.find(':'));
  if (driver.empty() || driver.front() == '-')
    return Error{Errc::malformed, "sigrok",
                 "say which driver, as sigrok-cli -d wants it: sigrok:rdtech-dps:conn=/dev/ttyUSB0"};
  auto recipe = recipe_of(argument);
  if (!recipe) return recipe.error();
  auto rate = argument.positive<double>("samplerate");
  if (!rate) return rate.error();
  if (*rate && **rate > fastest)
    return Error{Errc::malformed, "samplerate=" + argument.option("samplerate"), "is beyond 1 GHz"};
  std::string device = argument.head;
  const bool is_demo = driver == "demo";
  if (is_demo) {
    // Its data are made up. Unless asked otherwise: a sine of 10 V across 1 Ohm.
    if (device == "demo") device += ":logic_channels=0:analog_channels=2";
    if (!*recipe) *recipe = Recipe{"A1", "", "A1", Ohms{1}, {}};
    if (!*rate) *rate = demo_rate;
  }
  StreamPlan plan;
  plan.device = argument.head;
  plan.command = {"sigrok-cli", "-d", device};
  if (*rate) {
    plan.command.insert(plan.command.end(), {"-c", "samplerate=" + std::to_string(std::llround(**rate))});
    *rate = std::max(1.0, std::round(**rate));
  }
  plan.command.insert(plan.command.end(), {"--continuous", "-O", "analog"});
  plan.remedy =
      "on Debian: sudo apt-get install sigrok-cli; `sigrok-cli --scan` then shows what is connected";
  plan.parser =
      std::make_unique<Sigrok>(std::move(*recipe), *rate, is_demo ? Origin::simulated : Origin::measured);
  return plan;
}

}  // namespace

extern const StreamDriver sigrok_stream;
const StreamDriver sigrok_stream{"sigrok",
                                 "sigrok:DRIVER[:conn=PORT][:a=CH:b=CH:shunt=OHMS:volts=V]",
                                 "meters and oscilloscopes that sigrok-cli knows; sigrok:demo is SIMULATED",
                                 "sigrok-cli",
                                 true,
                                 plan};

}  // namespace layerwatt
