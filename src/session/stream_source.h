// SPDX-License-Identifier: Apache-2.0
// A stream as a reading source: lines become readings on the clock of the run, and what goes wrong (silence,
// garbage, an end) becomes gaps with their reason. docs/streams.md says how stamps are placed.
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/machine.h"
#include "sensors/stream.h"
#include "session/device_clock.h"
#include "session/line_splitter.h"
#include "session/reading_source.h"
#include "session/stream_input.h"

namespace layerwatt {

struct StreamOptions {
  Nanoseconds patience = std::chrono::seconds{10};  // until the first reading has come
  Nanoseconds settling = std::chrono::seconds{1};   // from then on, until all rails are known
  const std::atomic<bool>* interrupted = nullptr;   // may be null
};

class StreamSource final : public ReadingSource {
 public:
  // Starts it and waits until its rails are known. not_found: no such program or file; gone: it ended before;
  // timeout: nothing came; malformed: what came is not of its format, or has no power in it.
  static Result<std::unique_ptr<StreamSource>> open(const Clock& clock, const std::string& driver,
                                                    StreamPlan plan, const StreamOptions& options = {});
  // The same from bytes that come otherwise than the plan says.
  static Result<std::unique_ptr<StreamSource>> open(const Clock& clock, const std::string& driver,
                                                    StreamPlan plan, std::unique_ptr<StreamBytes> bytes,
                                                    const StreamOptions& options = {});

  [[nodiscard]] std::vector<RailRecord> rails() const override { return rails_; }
  void resume() override;
  void pause() override;  // it goes on, and what it says is thrown away
  // All its rails come in one line: nothing would be won.
  void read_only(std::optional<std::size_t>) override {}
  std::vector<Taken> take(std::span<const LayerSpan> spans, Instant until) override;
  SamplerRecord finish() override;

  // For the run file: what was run or read, and where stamps come from.
  [[nodiscard]] std::map<std::string, std::string> mode() const;
  // What it was like, for the run file; after finish().
  [[nodiscard]] std::string summary() const;

 private:
  // Of a channel: readings not yet taken, and where the last one was.
  struct Rail {
    Taken taken;
    Instant last{};
    std::optional<Nanoseconds> last_stamp;
  };
  struct Pending {
    StreamReading reading;
    Instant came, came_before;  // came_before: the piece before it
  };
  StreamSource(const Clock& clock, std::string name, StreamPlan plan, std::unique_ptr<StreamBytes> input);
  Result<void> wait_for_rails(const StreamOptions& options);
  [[nodiscard]] Error no_rails(Errc code, const std::string& what) const;
  void make_rails(const std::string& driver);
  std::optional<Nanoseconds> usual_step() const;
  void parse(const StreamBytes::Chunk& chunk);
  void not_understood(std::string_view line, const std::string& why);
  void process();
  void place_pending();
  void add(const Pending& pending);
  [[nodiscard]] std::optional<Reading> place(const Pending& pending) const;
  [[nodiscard]] std::string silence() const;

  const Clock& clock_;
  std::string name_;
  StreamPlan plan_;
  std::unique_ptr<StreamBytes> input_;
  LineSplitter lines_;
  DeviceClock device_;
  ClockTriple triple_{};  // the last one
  std::vector<Pending> pending_;
  std::vector<StreamReading> found_;  // of one line
  std::optional<Instant> came_before_;
  std::vector<RailRecord> rails_;
  std::vector<Rail> state_;  // of each of rails_
  Nanoseconds longest_silence_{};
  std::optional<Instant> on_since_, paused_at_;
  std::string garbage_;                            // of the last line that was not understood
  std::uint64_t not_understood_ = 0, recent_ = 0;  // lines: in all, and since the last reading
  std::uint64_t readings_ = 0, old_lines_ = 0;
  SamplerRecord record_;
};

}  // namespace layerwatt
