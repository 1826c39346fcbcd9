// SPDX-License-Identifier: Apache-2.0
// Nothing is searched for: both lists are in order of time, and each walk goes forward only.
#include "attribution/chronological_pieces.h"

#include <algorithm>
#include <cmath>

#include "attribution/plausible.h"

namespace layerwatt {

bool Pieces::next_inference() {
  while (inference_ < execution_.energy.size() && !execution_.marked[inference_]) ++inference_;
  if (inference_ == execution_.energy.size()) return false;
  at_ = execution_.energy[inference_].load_begin;
  inside_ = true;
  return true;
}

// Goes to the inference's next segment that is not over. False when there is none.
bool Pieces::next_segment(const Inference& inference) {
  for (; segment_ < segments_.size(); ++segment_) {
    const Segment segment = segments_[segment_];
    if (segment.end <= at_) continue;  // most of them: there are more layers than readings
    if (segment.begin >= inference.unload_end) return false;
    if (segment.inference == inference_) return true;
  }
  return false;
}

bool Pieces::next(Piece& piece) {
  for (;;) {
    if (!inside_ && !next_inference()) return false;
    const Inference& inference = execution_.energy[inference_];
    piece.begin = at_;
    piece.column = between_;
    piece.end = inference.unload_end;
    if (next_segment(inference)) {
      const Segment segment = segments_[segment_];
      const bool in_layer = segment.begin <= at_;
      piece.column = in_layer ? segment.layer : between_;
      piece.end = in_layer ? std::min(segment.end, inference.unload_end) : segment.begin;
    }
    at_ = piece.end;
    if (at_ == inference.unload_end) {
      inside_ = false;
      ++inference_;
    }
    if (piece.end > piece.begin) return true;
  }
}

void Pieces::skip_to(Instant when) {
  if (inside_ ? when <= at_ : inference_ == execution_.energy.size()) return;
  if (inside_ && execution_.energy[inference_].unload_end <= when) {
    inside_ = false;
    ++inference_;
  }
  if (!inside_) {
    while (inference_ < execution_.energy.size() && execution_.energy[inference_].unload_end <= when)
      ++inference_;
    if (!next_inference()) return;
  }
  at_ = std::max(at_, when);
}

bool ReadWindows::next(ReadingWindow& window) {
  while (reading_ < readings_.size()) {
    const Reading& reading = readings_[reading_++];
    const Watts* power = std::get_if<Watts>(&reading.value);
    if (power == nullptr || !std::isfinite(power->value())) continue;
    if (!plausible(reading.before) || !plausible(reading.after) || reading.after < reading.before) continue;
    const Instant moment = reading.before + (reading.after - reading.before) / 2;
    if (moment <= last_) continue;
    last_ = moment;
    const Instant from = std::max(reading.before, end_);
    end_ = std::max(from, reading.after);
    window = {from, end_, *power};
    return true;
  }
  return false;
}

bool CountWindows::next(ReadingWindow& window) {
  const auto moments = trace_.moments();
  while (stretch_ + 1 < moments.size()) {
    const std::size_t k = stretch_++;
    const auto power = trace_.stretch_power(k);
    if (!power) continue;
    window = {moments[k], moments[k + 1], *power, seconds(moments[k + 1] - moments[k])};
    return true;
  }
  return false;
}

bool read_starts_conversion(const Channel& channel) { return channel.aperture && !channel.refresh; }

std::vector<ReadingWindow> windows_of(const RailRecord& rail, const PowerTrace& trace) {
  std::vector<ReadingWindow> windows;
  windows.reserve(trace.moments().size());
  each_window(rail, trace, [&](const ReadingWindow& window) { windows.push_back(window); });
  return windows;
}

}  // namespace layerwatt
