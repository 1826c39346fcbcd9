// SPDX-License-Identifier: Apache-2.0
// Carries what a running session produces into the run file: readings as they come, spans and inferences a
// block at a time, a commit at least once a second. No threads; the session calls it.
#pragma once
#include <optional>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "session/profile_options.h"
#include "session/reading_source.h"
#include "timeline/run_file.h"

namespace layerwatt {

// not_found when a wanted rail is not among `rails`; the message lists those that are.
Result<void> check_rails(const std::vector<RailRecord>& rails, const std::vector<std::string>& wanted);

class Recorder {
 public:
  Recorder(RunFileWriter& file, ReadingSource& source, const Clock& clock)
      : file_{file}, source_{source}, clock_{clock}, last_commit_{clock.now()} {}

  // Adds the source's rails that are wanted (all when none is named), calibrated. Ask check_rails() first.
  Result<void> add_rails(const ProfileOptions& options,
                         const std::map<std::string, std::string>& circumstances);
  // Takes the readings up to `until` and writes them, unless `discard`; gaps and events are always
  // written. Commits when a second has passed.
  Result<void> pump(std::span<const LayerSpan> spans, Instant until, bool discard = false);
  // A finished block: its inferences, then its spans, numbered from inferences_written(). Commits.
  Result<void> add_block(std::span<const Inference> inferences, std::vector<LayerSpan> spans);
  // Makes all that was given so far part of the file that others read.
  Result<void> commit() { return commit_when_due(true); }
  Result<void> add_event(const std::string& kind, const std::string& text) {
    return file_.append_event({clock_.now(), kind, text});
  }
  Result<void> add_phase(Phase phase, std::uint32_t block, Instant from, Instant to);
  // What a simulation knows: mean energy of each layer in one inference, [rail of the source][layer].
  Result<void> add_truth(const std::vector<std::vector<Joules>>& truth);

  // Commits, stores the summary of it in the file, and closes that.
  Result<void> close(const ProfileOptions& options, bool complete);

  [[nodiscard]] std::uint32_t inferences_written() const { return inferences_; }
  // Places among the source's rails of those that are recorded.
  [[nodiscard]] std::vector<std::size_t> recorded() const;
  // Readings of the first recorded rail since the last call, for stop rules.
  [[nodiscard]] std::vector<Reading> take_recent() { return std::exchange(recent_, {}); }
  void forget_recent() { recent_.clear(); }
  // How fast each rail was read and renewed since the recorder was made, into the circumstances; where that
  // contradicts what the sensor and the board's file say, an event. Call once, when the machine has been idle
  // for a while.
  Result<void> add_pace();

 private:
  Result<void> commit_when_due(bool now);
  RunFileWriter& file_;
  ReadingSource& source_;
  const Clock& clock_;
  Instant last_commit_;
  std::vector<std::optional<std::size_t>> rail_ids_;  // of each rail of the source; empty = not wanted
  std::vector<Reading> recent_;
  std::vector<std::vector<Reading>> first_;  // some of each rail of the source, until add_pace()
  bool pace_known_ = false;
  std::uint32_t inferences_ = 0;
};

}  // namespace layerwatt
