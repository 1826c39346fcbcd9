// SPDX-License-Identifier: Apache-2.0
// NVIDIA's tegrastats, for Jetson boards whose sensors in sysfs this user may not read: rails as "NAME
// now/mean" in mW, among much else. The mean, since tegrastats began, is not used. Nothing in a line says
// when it was made but a date in whole seconds, on some releases. Facts: NVIDIA Jetson Linux Developer Guide,
// "tegrastats Utility"; the lines in tests/fixtures/streams.
#include <algorithm>

#include "sensors/stream.h"
#include "sensors/stream_text.h"

namespace layerwatt {

namespace {

using namespace std::chrono_literals;

constexpr Nanoseconds usual_interval = 100ms;  // each line costs it processor time, which is in the power
constexpr std::size_t most_rails = 32;

// "4250/4250" before JetPack 5, "4900mW/5000mW" from then on; the first. "2145/3964MB" is memory.
std::optional<Watts> power_in(std::string_view word) {
  const std::size_t slash = word.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  std::string_view now = word.substr(0, slash), mean = word.substr(slash + 1);
  const bool has_unit = now.ends_with("mW");
  if (has_unit != mean.ends_with("mW")) return std::nullopt;
  if (has_unit) {
    now.remove_suffix(2);
    mean.remove_suffix(2);
  }
  const auto milliwatts = text::integer(now);
  if (!milliwatts || !text::integer(mean)) return std::nullopt;
  return stream::believable(Watts{static_cast<double>(*milliwatts) * 1e-3});
}

// Of all boards' rails: boards/*.toml.
bool is_total(std::string_view rail) { return rail == "VDD_IN" || rail == "POM_5V_IN"; }

class Tegrastats final : public StreamParser {
 public:
  explicit Tegrastats(Nanoseconds interval) : interval_{interval} {}
  Result<void> parse(std::string_view line, std::vector<StreamReading>& into) override {
    const std::vector<std::string_view> words = text::words(line);
    if (std::find(words.begin(), words.end(), "RAM") == words.end())
      return Error{Errc::malformed, "line", "is not of tegrastats: no RAM in it"};
    for (std::size_t i = 1; i < words.size(); ++i)
      if (const auto power = power_in(words[i]))
        if (const auto channel = channel_of(words[i - 1])) into.push_back({*channel, *power, {}});
    ++lines_;
    return {};
  }
  void settle() override { settled_ = true; }
  [[nodiscard]] std::span<const Channel> channels() const override { return channels_; }
  [[nodiscard]] StampClock clock() const override { return StampClock::arrival; }
  [[nodiscard]] std::string unusable() const override {
    return lines_ == 0 ? ""
                       : "its lines have no rail in them: newer releases show power to root only; try sudo";
  }

 private:
  std::optional<std::size_t> channel_of(std::string_view rail) {
    for (std::size_t c = 0; c < channels_.size(); ++c)
      if (channels_[c].rail == rail) return c;
    if (settled_ || channels_.size() == most_rails || !stream::is_label(rail)) return std::nullopt;
    Channel channel;
    channel.rail = std::string{rail};
    if (interval_ > 0ns) channel.refresh = interval_;
    channel.is_total = is_total(rail);
    channels_.push_back(std::move(channel));
    return channels_.size() - 1;
  }
  Nanoseconds interval_;  // zero: another started it
  std::vector<Channel> channels_;
  bool settled_ = false;
  std::size_t lines_ = 0;
};

Result<StreamPlan> plan(std::string_view argument, Nanoseconds period) {
  StreamPlan plan;
  if (!argument.empty()) {
    plan.file = argument;
    plan.device = plan.file.filename();
    plan.parser = std::make_unique<Tegrastats>(0ns);
    return plan;
  }
  const Nanoseconds interval = period > 0ns ? std::max<Nanoseconds>(period, 1ms) : usual_interval;
  const auto milliseconds = std::chrono::round<std::chrono::milliseconds>(interval);
  plan.command = {"tegrastats", "--interval", std::to_string(milliseconds.count())};
  plan.remedy = "it comes with Jetson Linux; tegrastats:FILE follows what root's writes with --logfile";
  plan.parser = std::make_unique<Tegrastats>(milliseconds);
  return plan;
}

}  // namespace

extern const StreamDriver tegrastats_stream;
const StreamDriver tegrastats_stream{"tegrastats",
                                     "tegrastats[:FILE]",
                                     "NVIDIA's own program on a Jetson, or what it writes to FILE",
                                     "tegrastats",
                                     true,
                                     plan};

}  // namespace layerwatt
