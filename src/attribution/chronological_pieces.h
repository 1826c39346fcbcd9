// SPDX-License-Identifier: Apache-2.0
// What ran, and what was read, each as stretches of time in order: the two lists that the methods after the
// papers walk along together. Which reading counts for what is each method's own rule.
#pragma once
#include <algorithm>
#include <cstddef>
#include <vector>

#include "attribution/execution.h"
#include "attribution/power_trace.h"

namespace layerwatt {

// What ran when. A walk that goes forward only: nothing is searched for twice.
class Pieces {
 public:
  // `segments` in order of begin, none while another runs. Both must outlive the walk.
  Pieces(const Execution& execution, const Segments& segments, std::size_t layers)
      : execution_{execution}, first_{segments.first()}, between_{layers} {
    const auto spans = segments.as_counted();
    span_ = spans.data();
    last_ = span_ + spans.size();
    go_to(0);
  }

  // Calls use(column, begin, end) for each piece of a stretch that lies in marked inferences, load to unload,
  // in order. The column is the layer that ran, or `layers` for the time between them. Precondition:
  // stretches come in order, none before the end of another.
  template <class Use>
  void divide(Instant from, Instant to, Use use) {
    while (end_ <= from) go_to(inference_ + 1);
    for (; begin_ < to; go_to(inference_ + 1)) {
      divide_inference(std::max(from, begin_), std::min(to, end_), use);
      if (to <= end_) return;
    }
  }

 private:
  // To the first marked inference from this one on; behind the last one nothing begins.
  void go_to(std::size_t inference);

  template <class Use>
  void divide_inference(Instant from, Instant to, Use use) {
    const LayerSpan* span = span_;  // not the member: the processor's registers hold it
    while (span != last_ && span->end <= from) ++span;
    span_ = span;
    for (; span != last_ && span->begin < to; ++span) {
      if (span->inference - first_ != inference_) continue;
      const Instant begin = std::max(from, span->begin), end = std::min(span->end, to);
      if (end <= begin) continue;
      if (from < begin) use(between_, from, begin);
      use(span->layer, begin, end);
      from = end;
    }
    if (from < to) use(between_, from, to);
  }

  const Execution& execution_;
  const LayerSpan *span_, *last_;
  std::uint32_t first_;
  std::size_t between_, inference_ = 0;
  Instant begin_, end_;  // of the inference
};

// A power and the stretch of time that it speaks of; `from` == `to` is a moment.
struct ReadingWindow {
  Instant from, to;
  Watts power;
  double weight = 1;  // of the whole stretch
};

// Readings of power, each over the read that it came from, [before, after]. A rail is read once at a time, so
// where stamps overlap each moment belongs to the earlier read.
class ReadWindows {
 public:
  explicit ReadWindows(const PowerTrace& trace) : readings_{trace.kept()} {}
  // False at the end.
  bool next(ReadingWindow& window) {
    if (reading_ == readings_.size()) return false;
    const Reading& reading = readings_[reading_++];
    const Instant from = std::max(reading.before, end_);
    end_ = std::max(from, reading.after);
    window = {from, end_, *std::get_if<Watts>(&reading.value)};
    return true;
  }

 private:
  std::span<const Reading> readings_;
  std::size_t reading_ = 0;
  Instant end_{};
};

// What a counter counted, from change to change, weighted by time. A stretch's power is that of all of it, so
// how long the reads at its ends took does not matter.
class CountWindows {
 public:
  explicit CountWindows(const PowerTrace& trace) : trace_{trace} {}
  bool next(ReadingWindow& window);

 private:
  const PowerTrace& trace_;
  std::size_t stretch_ = 0;
};

// A sensor that has an aperture but no cycle of its own converts because it is read.
bool read_starts_conversion(const Channel& channel);

template <class Windows, class Use>
void each_of(Windows windows, Use use) {
  for (ReadingWindow window; windows.next(window);) use(window);
}

// Either, as the trace's meaning asks for, one by one and all of them.
template <class Use>
void each_window(const PowerTrace& trace, Use use) {
  if (trace.meaning() == Meaning::energy_total)
    each_of(CountWindows{trace}, use);
  else
    each_of(ReadWindows{trace}, use);
}
std::vector<ReadingWindow> windows_of(const PowerTrace& trace);

}  // namespace layerwatt
