// SPDX-License-Identifier: Apache-2.0
// The bytes of a stream with the moments they came: runs its program or reads its file in a thread of its
// own. Knows nothing of what they mean.
#pragma once
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/descriptor.h"
#include "sensors/stream.h"
#include "session/last_words.h"

namespace layerwatt {

// As execvp(3) would find it; empty: nowhere in PATH.
std::optional<std::filesystem::path> program_in_path(const std::string& name);

// What comes from a stream, wherever it comes from.
class StreamBytes {
 public:
  struct Chunk {
    Instant at;  // when it had come
    std::string bytes;
    bool old = false;  // was in the file before we came: when it was written nobody knows
  };

  virtual ~StreamBytes() = default;
  // All that came since the last call.
  virtual std::vector<Chunk> take() = 0;
  // Why nothing more comes: "sigrok-cli ended with code 1", and what it said. Empty while it goes on. Ask
  // before take(): what came until then is taken with the next.
  [[nodiscard]] virtual std::optional<std::string> ended() = 0;
  virtual void stop() = 0;                           // nothing more comes after it
  [[nodiscard]] virtual Nanoseconds cpu_time() = 0;  // that reading it took so far
};

class StreamInput final : public StreamBytes {
 public:
  // Starts the plan's program, or opens its file. not_found: there is none; the detail has the plan's remedy.
  static Result<std::unique_ptr<StreamInput>> open(const StreamPlan& plan, const Clock& clock);
  ~StreamInput() override;  // as stop()

  std::vector<Chunk> take() override;
  [[nodiscard]] std::optional<std::string> ended() override;
  // Ends the program: asked first (SIGTERM), then killed, with all it started.
  void stop() override;
  [[nodiscard]] Nanoseconds cpu_time() override;  // of the reading thread

 private:
  StreamInput(const Clock& clock, std::string name) : clock_{clock}, name_{std::move(name)} {}
  Result<void> start(const StreamPlan& plan);
  Result<void> open_file(const std::filesystem::path& path);
  void read(const std::stop_token& stop);
  bool read_once(std::vector<char>& buffer);
  void end(std::string why);
  [[nodiscard]] std::string ending();
  void reap();

  const Clock& clock_;
  std::string name_;
  std::optional<int> process_;
  int status_ = 0;                           // of waitpid, when process_ was reaped
  Descriptor bytes_, messages_, kept_open_;  // kept_open_: the program's standard input, which ends with us
  std::optional<LastWords> last_words_;
  bool is_file_ = false, is_fifo_ = false, any_ = false;
  std::mutex mutex_;  // guards what follows
  std::vector<Chunk> chunks_;
  std::size_t waiting_ = 0;  // bytes in chunks_
  std::optional<std::string> ended_;
  Nanoseconds cpu_time_{};
  std::jthread thread_;  // last: joined before what it uses goes
};

}  // namespace layerwatt
