// SPDX-License-Identifier: Apache-2.0
// The run file: one SQLite database (WAL while it is written, one plain file once it is closed) that holds
// a Timeline. docs/run-file.md documents the tables. A killed writer loses at most what came after its last
// commit(); the file still opens.
#pragma once
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "core/result.h"
#include "timeline/timeline.h"

namespace layerwatt {

// Writes a run file piece by piece. One thread at a time. Every call may fail with full or io; after a
// failure nothing more is written and the file keeps its last commit.
class RunFileWriter {
 public:
  // Refuses with Errc::exists when the file is there and `force` is false.
  static Result<RunFileWriter> create(const std::filesystem::path& path, bool force);
  RunFileWriter(RunFileWriter&&) noexcept;
  RunFileWriter& operator=(RunFileWriter&&) noexcept;
  ~RunFileWriter();  // commits nothing; what was not committed is rolled back

  // Stamps are stored as distances from the first one given, best clocks().raw at the start of the run.
  // malformed, with nothing of the call written: what could not be read back, as a span that ends before it
  // begins, a value that is not of its rail's meaning or not finite, or an index that is out of range.
  Result<void> set_circumstance(const std::string& key, const std::string& value);
  Result<void> set_clocks(const ClockTriple& at_start, const ClockTriple& at_end);
  Result<void> set_sampler(const SamplerRecord& sampler);
  Result<void> set_markers(const MarkerRecord& markers);
  Result<void> add_layers(std::span<const Layer> layers);  // once, before any span
  // Index of the rail for append_*; `readings` and `gaps` of the record are appended too.
  Result<std::size_t> add_rail(const RailRecord& rail);
  Result<void> append_readings(std::size_t rail, std::span<const Reading> readings);
  Result<void> append_gap(std::size_t rail, const Gap& gap);
  Result<void> append_phase(const PhaseSpan& phase);
  Result<void> append_inferences(std::span<const Inference> inferences);
  Result<void> append_spans(std::span<const LayerSpan> spans);
  Result<void> append_event(const Event& event);
  // The truth a simulation used: mean energy of a layer in one inference on a rail. Attribution cannot read
  // it.
  Result<void> append_truth(std::size_t layer, std::size_t rail, Joules mean_energy);
  // Readable forms of the result, so that the file can be queried without us. `json` is the report of
  // docs/profile.schema.json.
  Result<void> set_result(const std::string& method, const std::string& json);

  // Makes everything so far survive a kill. Call at least once a second.
  Result<void> commit();
  // Commits, marks the run complete (when it is), checkpoints, and leaves one single file.
  Result<void> close(bool complete);

 private:
  class Database;
  explicit RunFileWriter(std::unique_ptr<Database> database);
  std::unique_ptr<Database> database_;
};

// Writes a whole timeline at once, truth and result excepted.
Result<void> write_run_file(const std::filesystem::path& path, const Timeline& timeline, bool force);

// Reads a whole run file, also one whose writer was killed. malformed: not a run file, or damaged;
// unsupported: written by a newer layerwatt (says which schema). Spans of inferences that had not ended when
// the run was interrupted are left out, and an event "unfinished" counts them.
Result<Timeline> read_run_file(const std::filesystem::path& path);

}  // namespace layerwatt
