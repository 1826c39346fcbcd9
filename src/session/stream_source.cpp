// SPDX-License-Identifier: Apache-2.0
// See stream_source.h.
#include "session/stream_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/median.h"
#include "markers/printable.h"

namespace layerwatt {

using namespace std::chrono_literals;

namespace {

constexpr Nanoseconds shortest_silence = 1s, of_unknown_pace = 5s;  // that is worth a gap
constexpr int silence_in_refreshes = 10;
constexpr Nanoseconds of_another_time = 1h;  // stamps this far from their arrival are not of this run
constexpr std::size_t shown = 80;            // characters of a line
constexpr std::size_t enough_steps = 10;

std::string quoted(std::string_view line) {
  return "\"" + printable(std::string{line.substr(0, shown)}) + (line.size() > shown ? "...\"" : "\"");
}

}  // namespace

StreamSource::StreamSource(const Clock& clock, std::string name, StreamPlan plan,
                           std::unique_ptr<StreamBytes> input)
    : clock_{clock}, name_{std::move(name)}, plan_{std::move(plan)}, input_{std::move(input)} {
  triple_ = clock_.triple();
}

Result<std::unique_ptr<StreamSource>> StreamSource::open(const Clock& clock, const std::string& driver,
                                                         StreamPlan plan, const StreamOptions& options) {
  auto input = StreamInput::open(plan, clock);
  if (!input) return input.error();
  return open(clock, driver, std::move(plan), std::move(*input), options);
}

Result<std::unique_ptr<StreamSource>> StreamSource::open(const Clock& clock, const std::string& driver,
                                                         StreamPlan plan, std::unique_ptr<StreamBytes> bytes,
                                                         const StreamOptions& options) {
  const std::string name = plan.device.empty() ? driver : driver + ":" + plan.device;
  std::unique_ptr<StreamSource> source{new StreamSource{clock, name, std::move(plan), std::move(bytes)}};
  if (auto known = source->wait_for_rails(options); !known) return known.error();
  source->make_rails(driver);
  return source;
}

Error StreamSource::no_rails(Errc code, const std::string& what) const {
  std::string text = what;
  if (old_lines_ > 0) text += "; what is in it already is for layerwatt import";
  if (const std::string why = plan_.parser->unusable(); !why.empty()) text += "; " + why;
  if (!garbage_.empty()) text += "; not understood: " + garbage_;
  return {code, "sensor " + name_, text};
}

Result<void> StreamSource::wait_for_rails(const StreamOptions& options) {
  const Instant began = clock_.now();
  std::optional<Instant> first;
  while (true) {
    const auto ended = input_->ended();
    for (const StreamBytes::Chunk& chunk : input_->take()) parse(chunk);
    const Instant now = clock_.now();
    const bool said_something = !pending_.empty() || !plan_.parser->unusable().empty();
    if (said_something && !first) first = now;
    if (first && (ended || now - *first >= options.settling)) break;
    if (ended) return no_rails(Errc::gone, "gave no reading: " + *ended);
    if (options.interrupted != nullptr && *options.interrupted)
      return Error{Errc::gone, "sensor " + name_, "interrupted while waiting for its first reading"};
    if (now - began >= options.patience)
      return no_rails(garbage_.empty() ? Errc::timeout : Errc::malformed,
                      fmt::format("gave no reading within {:.3g} s", seconds(options.patience)));
    clock_.sleep_until(now + 10ms);
  }
  plan_.parser->settle();
  if (plan_.parser->channels().empty()) return no_rails(Errc::malformed, "has no power in it");
  return {};
}

// Between stamps of the first channel, while we waited.
std::optional<Nanoseconds> StreamSource::usual_step() const {
  std::vector<Nanoseconds> steps;
  std::optional<Nanoseconds> last;
  for (const Pending& pending : pending_) {
    if (pending.reading.channel != 0) continue;
    if (last && pending.reading.stamp > *last) steps.push_back(pending.reading.stamp - *last);
    last = pending.reading.stamp;
  }
  if (steps.size() < enough_steps) return std::nullopt;
  return median(std::move(steps));
}

void StreamSource::make_rails(const std::string& driver) {
  const auto channels = plan_.parser->channels();
  const bool stamped = plan_.parser->clock() != StampClock::arrival;
  longest_silence_ = shortest_silence;
  for (const Channel& channel : channels) {
    RailRecord rail;
    rail.channel = channel;
    if (!rail.channel.refresh && stamped) rail.channel.refresh = usual_step();
    rail.sensor = driver;
    rail.device = plan_.device;
    const Nanoseconds silence =
        rail.channel.refresh ? silence_in_refreshes * *rail.channel.refresh : of_unknown_pace;
    longest_silence_ = std::max(longest_silence_, silence);
    rails_.push_back(std::move(rail));
  }
  state_.resize(rails_.size());
  pending_.clear();
  recent_ = 0;
}

void StreamSource::not_understood(std::string_view line, const std::string& why) {
  ++not_understood_;
  ++recent_;
  garbage_ = quoted(line) + " (" + printable(why) + ")";
}

void StreamSource::parse(const StreamBytes::Chunk& chunk) {
  ++record_.ticks;
  lines_.add(chunk.bytes, [&](std::string_view line, bool too_long) {
    if (too_long) return not_understood(line, "a line without an end");
    found_.clear();
    if (const auto parsed = plan_.parser->parse(line, found_); !parsed) {
      if (!chunk.old) not_understood(line, parsed.error().where + ": " + parsed.error().detail);
      return;
    }
    if (chunk.old) {
      ++old_lines_;
      return;
    }
    for (const StreamReading& reading : found_) {
      if (plan_.parser->clock() == StampClock::own) {
        if (device_.begins_anew(reading.stamp)) place_pending();  // by the clock they were made with
        device_.add(reading.stamp, chunk.at);
      }
      pending_.push_back({reading, chunk.at, came_before_.value_or(chunk.at)});
    }
  });
  came_before_ = chunk.at;
}

// Empty when its time cannot be of this run.
std::optional<Reading> StreamSource::place(const Pending& pending) const {
  Instant at = pending.came;
  switch (plan_.parser->clock()) {
    case StampClock::arrival: {
      // It was made since the piece before came; after a silence nothing is known of that.
      const bool follows = pending.came - pending.came_before <= longest_silence_;
      return Reading{follows ? pending.came_before : at, at, pending.reading.value};
    }
    case StampClock::own: at = std::min(at, device_.at(pending.reading.stamp)); break;
    case StampClock::realtime: at = triple_.raw + (pending.reading.stamp - triple_.realtime); break;
    case StampClock::raw: at = Instant{pending.reading.stamp}; break;
  }
  if (pending.came - at > of_another_time || at - pending.came > of_another_time) return std::nullopt;
  return Reading{at, at, pending.reading.value};
}

std::string StreamSource::silence() const {
  if (recent_ == 0) return name_ + ": nothing came";
  return fmt::format("{}: {} lines not understood, as {}", name_, recent_, garbage_);
}

void StreamSource::add(const Pending& pending) {
  if (pending.reading.channel >= state_.size()) return;
  Rail& rail = state_[pending.reading.channel];
  std::optional<Reading> reading = place(pending);
  if (!reading) return not_understood("", "a time that is not of this run");
  // A better fit may set the clock back a little; the order of what was measured stays.
  const bool in_order = rail.last_stamp && pending.reading.stamp > *rail.last_stamp;
  if (plan_.parser->clock() == StampClock::own && in_order && !rail.taken.readings.empty())
    reading->before = reading->after = std::max(reading->after, rail.taken.readings.back().after + 1ns);
  rail.last_stamp = pending.reading.stamp;
  if (!on_since_ || reading->after < *on_since_) return;
  const bool silent = reading->after - rail.last > longest_silence_;
  if ((silent || recent_ > 0) && reading->before > rail.last)
    rail.taken.gaps.push_back({rail.last, reading->before, silence()});
  rail.last = std::max(rail.last, reading->after);
  ++readings_;
  rail.taken.readings.push_back(*reading);
}

void StreamSource::process() {
  for (const StreamBytes::Chunk& chunk : input_->take()) parse(chunk);
  place_pending();
}

void StreamSource::place_pending() {
  triple_ = clock_.triple();
  device_.fit();
  const bool any = !pending_.empty();
  for (const Pending& pending : std::exchange(pending_, {})) add(pending);
  if (any) recent_ = 0;
}

void StreamSource::resume() {
  if (on_since_) return;
  process();
  const Instant now = clock_.now();
  on_since_ = now;
  for (Rail& rail : state_) {
    if (paused_at_) rail.taken.gaps.push_back({*paused_at_, now, sampler_off});
    rail.last = now;
  }
  paused_at_.reset();
}

void StreamSource::pause() {
  if (!on_since_) return;
  process();
  paused_at_ = clock_.now();
  record_.elapsed += *paused_at_ - *on_since_;
  on_since_.reset();
}

std::vector<ReadingSource::Taken> StreamSource::take(std::span<const LayerSpan>, Instant) {
  process();
  std::vector<Taken> taken;
  for (Rail& rail : state_) taken.push_back(std::exchange(rail.taken, {}));
  return taken;
}

SamplerRecord StreamSource::finish() {
  const auto ended = input_->ended();
  process();
  const Instant now = clock_.now();
  if (on_since_) {
    record_.elapsed += now - *on_since_;
    for (Rail& rail : state_)
      if (ended || now - rail.last > longest_silence_)
        rail.taken.gaps.push_back({rail.last, now, ended ? "gone: " + name_ + " " + *ended : silence()});
    on_since_.reset();
  }
  input_->stop();
  record_.cpu_time = input_->cpu_time();
  return record_;
}

std::map<std::string, std::string> StreamSource::mode() const {
  std::string command;
  for (const std::string& word : plan_.command) command += (command.empty() ? "" : " ") + word;
  const char* stamps = "";
  switch (plan_.parser->clock()) {
    case StampClock::arrival: stamps = "none: arrival"; break;
    case StampClock::own: stamps = "own clock, fitted to arrival"; break;
    case StampClock::realtime: stamps = "this machine's clock of the day"; break;
    case StampClock::raw: stamps = "the clock of the run"; break;
  }
  return {{command.empty() ? "file" : "command", command.empty() ? plan_.file.string() : command},
          {"stamps", stamps}};
}

std::string StreamSource::summary() const {
  std::string text = fmt::format("{}: {} readings in {} pieces, {} lines not understood", name_, readings_,
                                 record_.ticks, not_understood_);
  if (not_understood_ > 0) text += ", the last " + garbage_;
  if (old_lines_ > 0) text += fmt::format("; {} lines were there before and were not used", old_lines_);
  if (plan_.parser->clock() == StampClock::own && device_.is_known()) {
    text += fmt::format("; the earliest of each {:.3g} s came up to {:.3g} ms after the fitted clock",
                        seconds(device_.bin()), seconds(device_.unevenness()) * 1e3);
    if (device_.slower())
      text += fmt::format(", which runs {:.1f} ppm {}", std::abs(*device_.slower()) * 1e6,
                          *device_.slower() > 0 ? "slow" : "fast");
  }
  return text;
}

}  // namespace layerwatt
