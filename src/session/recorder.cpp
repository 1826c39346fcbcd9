// SPDX-License-Identifier: Apache-2.0
// Writing a running session into its file; see recorder.h.
#include "session/recorder.h"

#include <algorithm>

#include "session/sensor_pace.h"

namespace layerwatt {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t enough_for_pace = 4096;  // readings of a rail

}  // namespace

Result<void> check_rails(const std::vector<RailRecord>& rails, const std::vector<std::string>& wanted) {
  std::string known;
  std::vector<std::string> missing = wanted;
  for (const RailRecord& rail : rails) {
    known += (known.empty() ? "" : ", ") + rail.channel.rail;
    std::erase(missing, rail.channel.rail);
  }
  if (missing.empty()) return {};
  return Error{Errc::not_found, "rail " + missing.front(), "the sensors here have: " + known};
}

Result<void> Recorder::add_rails(const ProfileOptions& options,
                                 const std::map<std::string, std::string>& circumstances) {
  const std::vector<std::string>& wanted = options.rails;
  for (RailRecord& rail : source_.rails()) {
    const std::string& name = rail.channel.rail;
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), name) == wanted.end()) {
      rail_ids_.emplace_back();
      continue;
    }
    const std::string not_applied =
        options.calibrate ? options.calibrate(rail, circumstances) : std::string{};
    const auto id = file_.add_rail(rail);
    if (!id) return id.error();
    rail_ids_.emplace_back(*id);
    if (!not_applied.empty())
      if (auto added = add_event("calibration", not_applied); !added) return added;
  }
  first_.resize(rail_ids_.size());
  return {};
}

Result<void> Recorder::add_pace() {
  const std::vector<RailRecord> rails = source_.rails();
  for (std::size_t i = 0; i < first_.size(); ++i) {
    const auto pace = pace_of(first_[i]);
    if (!rail_ids_[i] || !pace) continue;
    const Channel& channel = rails[i].channel;
    if (auto set = file_.set_circumstance("sensor_pace." + channel.rail, sentence(*pace)); !set) return set;
    if (const auto why = contradiction(*pace, channel))
      if (auto added = add_event("sensor", channel.rail + ": " + *why); !added) return added;
  }
  pace_known_ = true;
  first_.clear();
  return {};
}

std::vector<std::size_t> Recorder::recorded() const {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < rail_ids_.size(); ++i)
    if (rail_ids_[i]) places.push_back(i);
  return places;
}

Result<void> Recorder::pump(std::span<const LayerSpan> spans, Instant until, bool discard) {
  const std::vector<ReadingSource::Taken> taken = source_.take(spans, until);
  bool first = true;
  for (std::size_t i = 0; i < taken.size() && i < rail_ids_.size(); ++i) {
    if (!rail_ids_[i]) continue;
    if (first) recent_.insert(recent_.end(), taken[i].readings.begin(), taken[i].readings.end());
    first = false;
    if (!pace_known_ && first_[i].size() < enough_for_pace)
      first_[i].insert(first_[i].end(), taken[i].readings.begin(), taken[i].readings.end());
    if (!discard)
      if (auto written = file_.append_readings(*rail_ids_[i], taken[i].readings); !written) return written;
    for (const Gap& gap : taken[i].gaps)
      if (auto written = file_.append_gap(*rail_ids_[i], gap); !written) return written;
  }
  for (const Event& event : source_.take_events())
    if (auto written = file_.append_event(event); !written) return written;
  return commit_when_due(false);
}

Result<void> Recorder::add_block(std::span<const Inference> inferences, std::vector<LayerSpan> spans) {
  for (LayerSpan& span : spans) span.inference += inferences_;
  if (auto written = file_.append_inferences(inferences); !written) return written;
  inferences_ += static_cast<std::uint32_t>(inferences.size());
  if (auto written = file_.append_spans(spans); !written) return written;
  return commit_when_due(true);
}

Result<void> Recorder::add_phase(Phase phase, std::uint32_t block, Instant from, Instant to) {
  return file_.append_phase({phase, block, from, to});
}

Result<void> Recorder::add_truth(const std::vector<std::vector<Joules>>& truth) {
  for (std::size_t rail = 0; rail < truth.size() && rail < rail_ids_.size(); ++rail) {
    if (!rail_ids_[rail]) continue;
    for (std::size_t layer = 0; layer < truth[rail].size(); ++layer)
      if (auto added = file_.append_truth(layer, *rail_ids_[rail], truth[rail][layer]); !added) return added;
  }
  return {};
}

Result<void> Recorder::close(const ProfileOptions& options, bool complete) {
  if (auto committed = file_.commit(); !committed) return committed;
  if (options.summarise)
    if (const auto summary = options.summarise(complete))
      if (auto set = file_.set_result(summary->method, summary->json); !set) return set;
  return file_.close(complete);
}

Result<void> Recorder::commit_when_due(bool now) {
  if (!now && clock_.now() - last_commit_ < 800ms) return {};
  last_commit_ = clock_.now();
  return file_.commit();
}

}  // namespace layerwatt
