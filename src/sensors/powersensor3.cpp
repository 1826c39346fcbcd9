// SPDX-License-Identifier: Apache-2.0
// PowerSensor3 (20 kHz, up to four pairs of current and voltage), by the dump that its own program psrun
// writes while it runs a command. Facts: nlesc-recruit/PowerSensor3, host/src/PowerSensor.cc (dump,
// dumpCurrentWattToFile, writeMarker) and psrun.cc. Not verified on a device. psrun talks to the device: it
// must be written to, and nothing here writes.
#include <algorithm>
#include <cmath>

#include "sensors/stream.h"
#include "sensors/stream_text.h"

namespace layerwatt {

namespace {

using namespace std::chrono_literals;

constexpr Nanoseconds sample_time = 50us;    // 20 kHz
constexpr long long device_cycle_us = 1024;  // the device's stamp has 10 bits (PowerSensor3 issue 98)
// The program stamps a sample when it has come, and prints that with 6 digits. Where it and the device are
// this far apart, samples were lost.
constexpr double lost_s = 0.02;

// S seconds microseconds device_stamp {current voltage power}... power_total
class PowerSensor3 final : public StreamParser {
 public:
  Result<void> parse(std::string_view line, std::vector<StreamReading>& into) override {
    const std::vector<std::string_view> words = text::words(line);
    if (words.empty()) return {};
    if (words.front() == "M") return {};  // its own markers
    if (words.front() == "marker") return header(words);
    if (words.front() != "S") {
      // Its last line: "5.02 s, 144 J, 28.7 W".
      if (words.back() == "W" && words.size() == 6) return {};
      return Error{Errc::malformed, "line", "is not of PowerSensor3's dump"};
    }
    if (channels_.empty()) return Error{Errc::malformed, "sample", "before the header"};
    if (words.size() != columns_) return Error{Errc::malformed, "sample", "does not fit the header"};
    return sample(words, into);
  }
  [[nodiscard]] std::span<const Channel> channels() const override { return channels_; }
  [[nodiscard]] StampClock clock() const override { return StampClock::own; }

 private:
  Result<void> header(const std::vector<std::string_view>& words) {
    if (!channels_.empty()) return {};
    if (words.size() < 5 || words[1] != "time" || words[3] != "device_timestamp" || words.size() > 64)
      return Error{Errc::malformed, "header", "expected marker time dt_micro device_timestamp current0 ..."};
    for (std::size_t i = 4; i < words.size(); ++i) {
      if (!words[i].starts_with("power") || !stream::is_label(words[i])) continue;
      Channel channel;
      channel.rail = std::string{words[i]};
      channel.refresh = sample_time;
      channel.read_on_update = true;
      channel.is_total = words[i] == "power_total";
      channels_.push_back(std::move(channel));
      places_.push_back(i);
    }
    columns_ = words.size();
    return {};
  }
  Result<void> sample(const std::vector<std::string_view>& words, std::vector<StreamReading>& into) {
    const auto host = text::number(words[1]);
    const auto device = text::integer(words[3]);
    if (!host || !stream::stamp(*host) || !device || *device < 0 || *device >= device_cycle_us)
      return Error{Errc::malformed, "sample", "its times are none"};
    std::vector<StreamReading> found;
    for (std::size_t c = 0; c < places_.size(); ++c) {
      const auto value = text::number(words[places_[c]]);
      const auto power = value ? stream::believable(Watts{*value}) : std::nullopt;
      if (!power) return Error{Errc::malformed, "sample", "a power in it is none"};
      found.push_back({c, *power, {}});
    }
    const Nanoseconds stamp = unrolled(*host, *device);
    for (StreamReading& reading : found) reading.stamp = stamp;
    into.insert(into.end(), found.begin(), found.end());
    return {};
  }
  // Device time with its cycles put back: samples follow each other within one, unless some were lost.
  Nanoseconds unrolled(double host_s, long long device_us) {
    if (last_) {
      elapsed_us_ += (device_us - *last_ + device_cycle_us) % device_cycle_us;
      const double behind_s = (host_s - began_s_) - static_cast<double>(elapsed_us_) * 1e-6;
      if (std::abs(behind_s) > lost_s)
        elapsed_us_ += device_cycle_us * std::llround(behind_s * 1e6 / static_cast<double>(device_cycle_us));
    } else {
      began_s_ = host_s;
    }
    last_ = device_us;
    return std::chrono::microseconds{elapsed_us_};
  }

  std::vector<Channel> channels_;
  std::vector<std::size_t> places_;  // word of each channel
  std::size_t columns_ = 0;
  std::optional<long long> last_;
  long long elapsed_us_ = 0;
  double began_s_ = 0;
};

Result<StreamPlan> plan(std::string_view argument, Nanoseconds) {
  StreamPlan plan;
  plan.device = argument;
  plan.parser = std::make_unique<PowerSensor3>();
  if (argument.empty())
    return Error{Errc::malformed, "powersensor3",
                 "say which device, or file of a dump: powersensor3:/dev/ttyACM0"};
  if (argument.starts_with("/dev/tty")) {
    // psrun measures as long as its command runs; cat ends with its standard input, which ends with us.
    plan.command = {"psrun", "-d", std::string{argument}, "-f", "/dev/stdout", "--", "cat"};
    plan.remedy = "psrun comes with PowerSensor3: https://github.com/nlesc-recruit/PowerSensor3";
  } else {
    plan.file = argument;
  }
  return plan;
}

}  // namespace

extern const StreamDriver powersensor3_stream;
const StreamDriver powersensor3_stream{
    "powersensor3",
    "powersensor3:DEVICE|FILE",
    "PowerSensor3 at DEVICE (/dev/ttyACM0), or the dump of its programs in FILE",
    "psrun",
    true,
    plan};

}  // namespace layerwatt
