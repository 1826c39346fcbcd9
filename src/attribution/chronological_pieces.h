// SPDX-License-Identifier: Apache-2.0
// What ran, and what was read, each as stretches of time in order: the two lists that the methods after the
// papers walk along together. Which reading counts for what is each method's own rule.
#pragma once
#include <cstddef>
#include <vector>

#include "attribution/execution.h"
#include "attribution/power_trace.h"

namespace layerwatt {

// Walks through the marked inferences, load to unload: their layers, and the time between those. Pieces never
// overlap. What lies outside of such inferences is no piece.
class Pieces {
 public:
  struct Piece {
    Instant begin, end;
    std::size_t column = 0;  // the layer; `layers` for the time between
  };
  // `segments` in order of begin. Both must outlive the walk.
  Pieces(const Execution& execution, const Segments& segments, std::size_t layers)
      : execution_{execution}, segments_{segments}, between_{layers} {}
  // False at the end.
  bool next(Piece& piece);
  // Leaves out what ends by then; a piece that goes on begins then.
  void skip_to(Instant when);

 private:
  bool next_inference();
  bool next_segment(const Inference& inference);

  const Execution& execution_;
  const Segments& segments_;
  std::size_t between_;
  std::size_t inference_ = 0, segment_ = 0;
  bool inside_ = false;
  Instant at_;
};

// A power and the stretch of time that it speaks of; `from` == `to` is a moment.
struct ReadingWindow {
  Instant from, to;
  Watts power;
  double weight = 1;  // of the whole stretch
};

// Readings of power, each over the read that it came from, [before, after]. A rail is read once at a time, so
// where stamps overlap each moment belongs to the earlier read. What is no reading is left out.
class ReadWindows {
 public:
  explicit ReadWindows(const RailRecord& rail) : readings_{rail.readings} {}
  // False at the end.
  bool next(ReadingWindow& window);

 private:
  const std::vector<Reading>& readings_;
  std::size_t reading_ = 0;
  Instant last_{Nanoseconds{-1}}, end_{};
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

// Either, as the rail's meaning asks for, one by one and all of them.
template <class Use>
void each_window(const RailRecord& rail, const PowerTrace& trace, Use use) {
  ReadWindows reads{rail};
  CountWindows counts{trace};
  const bool counter = trace.meaning() == Meaning::energy_total;
  for (ReadingWindow window; counter ? counts.next(window) : reads.next(window);) use(window);
}
std::vector<ReadingWindow> windows_of(const RailRecord& rail, const PowerTrace& trace);

}  // namespace layerwatt
