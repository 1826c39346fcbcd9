// SPDX-License-Identifier: Apache-2.0
// A timeline that is there already, written piece by piece into a new run file.
#include <system_error>

#include "timeline/run_file.h"

namespace layerwatt {

namespace {

Result<void> write_circumstances(RunFileWriter& writer, const Timeline& timeline) {
  // First, because the first stamp is the one all others are stored against.
  if (auto done = writer.set_clocks(timeline.clocks_at_start, timeline.clocks_at_end); !done) return done;
  for (const auto& [key, value] : timeline.circumstances)
    if (auto done = writer.set_circumstance(key, value); !done) return done;
  if (auto done = writer.set_sampler(timeline.sampler); !done) return done;
  return writer.set_markers(timeline.markers);
}

Result<void> write_observations(RunFileWriter& writer, const Timeline& timeline) {
  if (auto done = writer.add_layers(timeline.layers); !done) return done;
  for (const auto& rail : timeline.rails)
    if (auto done = writer.add_rail(rail); !done) return done.error();
  for (const auto& phase : timeline.phases)
    if (auto done = writer.append_phase(phase); !done) return done;
  if (auto done = writer.append_inferences(timeline.inferences); !done) return done;
  if (auto done = writer.append_spans(timeline.spans); !done) return done;
  for (const auto& event : timeline.events)
    if (auto done = writer.append_event(event); !done) return done;
  return {};
}

}  // namespace

Result<void> write_run_file(const std::filesystem::path& path, const Timeline& timeline, bool force) {
  auto writer = RunFileWriter::create(path, force);
  if (!writer) return writer.error();
  auto written = write_circumstances(*writer, timeline);
  if (written) written = write_observations(*writer, timeline);
  if (written) return writer->close(timeline.complete);
  { const RunFileWriter ended = std::move(*writer); }
  std::error_code ignored;  // what matters to the caller is why it could not be written
  std::filesystem::remove(path, ignored);
  return written;
}

}  // namespace layerwatt
