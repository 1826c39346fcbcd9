// SPDX-License-Identifier: Apache-2.0
// Columns, knots and masks from what ran; see forward_problem.h.
#include "attribution/forward_problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "attribution/forward/mark_smoothing.h"
#include "attribution/forward/robust.h"

namespace layerwatt {

namespace {

using forward::Boundaries;

constexpr double longest_break_us = 8000;  // between inferences; longer ones are not just idle
constexpr std::size_t fewest_of_a_class = 4;

// A stretch of time in which one column, or one mixture of them, acts.
struct Piece {
  Instant begin, end;
  std::uint32_t column = 0;
};

class ProblemMaker {
 public:
  explicit ProblemMaker(const RunView& run) : run_{run} {
    problem_.origin = run.execution.energy.front().load_begin;
  }
  ForwardProblem make() &&;

 private:
  void number_columns();
  void mix_columns();
  void find_pieces();
  [[nodiscard]] Piece piece(std::size_t p) const;
  [[nodiscard]] bool regular() const;
  void append_moments(std::size_t inference, std::vector<double>& moments) const;
  [[nodiscard]] std::vector<std::size_t> marked_inferences() const;
  [[nodiscard]] std::vector<std::vector<double>> moments();
  [[nodiscard]] std::vector<bool> unusual_inferences() const;
  void leave_out(const std::vector<std::size_t>& which, const std::vector<bool>& disturbed);
  void lay_out(const std::vector<std::vector<double>>& moments);
  void append(double from, std::uint32_t column) {
    problem_.segments.knot_us.push_back(from);
    problem_.segments.column.push_back(column);
  }

  const RunView& run_;
  std::vector<std::size_t> first_piece_;   // of each inference, and one past the last
  std::vector<std::uint32_t> mixture_of_;  // of each stretch, its column; empty when nothing overlaps
  std::vector<bool> disturbed_;
  ForwardProblem problem_;
};

void ProblemMaker::number_columns() {
  const std::size_t layers = run_.timeline.layers.size();
  std::vector<bool> ran(layers, false);
  for (const Segment run : run_.execution.runs()) ran[run.layer] = true;
  std::map<std::string, std::size_t> of_type;
  std::uint32_t next = 0;
  problem_.column_of_layer.assign(layers, -1);
  for (std::size_t l = 0; l < layers; ++l) {
    if (!ran[l]) continue;
    problem_.column_of_layer[l] = static_cast<std::int32_t>(next++);
    ++of_type[run_.timeline.layers[l].type];
  }
  std::map<std::string, std::uint32_t> class_of;
  for (const auto& [type, count] : of_type)
    if (count >= fewest_of_a_class) class_of.emplace(type, static_cast<std::uint32_t>(class_of.size() + 1));
  for (std::size_t l = 0; l < layers; ++l) {
    if (!ran[l]) continue;
    const auto known = class_of.find(run_.timeline.layers[l].type);
    problem_.classes.push_back(known == class_of.end() ? 0 : known->second);
  }
  problem_.gap_column = next;
  problem_.idle_column = next + 1;
  problem_.segments.columns = next + 2;
}

// Every set of layers that ran at once becomes a mixture of their columns.
void ProblemMaker::mix_columns() {
  const Execution& execution = run_.execution;
  std::map<std::vector<std::uint32_t>, std::uint32_t> known;
  std::vector<std::uint32_t> columns;
  for (const Stretch& stretch : execution.stretches) {
    columns.clear();
    for (std::uint32_t i = 0; i < stretch.count; ++i)
      columns.push_back(
          static_cast<std::uint32_t>(problem_.column_of_layer[execution.running[stretch.first + i]]));
    if (columns.size() == 1) {
      mixture_of_.push_back(columns.front());
      continue;
    }
    auto& mixtures = problem_.segments.mixtures;
    const auto [at, is_new] =
        known.emplace(columns, problem_.segments.columns + static_cast<std::uint32_t>(mixtures.size()));
    if (is_new) {
      forward::Row& mixture = mixtures.emplace_back();
      for (const std::uint32_t column : columns)
        mixture.emplace_back(column, 1 / static_cast<double>(columns.size()));
    }
    mixture_of_.push_back(at->second);
  }
}

// Both lists are in order of time, and inferences do not overlap.
void ProblemMaker::find_pieces() {
  const auto count = [&](const auto& all) {
    for (const auto& one : all) ++first_piece_[one.inference + 1];
  };
  first_piece_.assign(run_.execution.energy.size() + 1, 0);
  if (mixture_of_.empty())
    count(run_.execution.segments);
  else
    count(run_.execution.stretches);
  for (std::size_t i = 1; i < first_piece_.size(); ++i) first_piece_[i] += first_piece_[i - 1];
}

Piece ProblemMaker::piece(std::size_t p) const {
  if (!mixture_of_.empty()) {
    const Stretch& stretch = run_.execution.stretches[p];
    return {stretch.begin, stretch.end, mixture_of_[p]};
  }
  const Segment segment = run_.execution.segments[p];
  return {segment.begin, segment.end, static_cast<std::uint32_t>(problem_.column_of_layer[segment.layer])};
}

// Load, layers with gaps between them, unload: the moments of one inference, us.
void ProblemMaker::append_moments(std::size_t inference, std::vector<double>& moments) const {
  const Inference& one = run_.execution.energy[inference];
  moments.push_back(microseconds(one.load_begin - problem_.origin));
  for (std::size_t p = first_piece_[inference]; p < first_piece_[inference + 1]; ++p) {
    const Piece layer = piece(p);
    moments.push_back(std::max(moments.back(), microseconds(layer.begin - problem_.origin)));
    moments.push_back(std::max(moments.back(), microseconds(layer.end - problem_.origin)));
  }
  moments.push_back(std::max(moments.back(), microseconds(one.unload_end - problem_.origin)));
}

// Every marked inference ran the same layers in the same order.
bool ProblemMaker::regular() const {
  const std::vector<std::size_t> marked = marked_inferences();
  if (marked.empty()) return false;
  const std::size_t first = first_piece_[marked.front()];
  const std::size_t count = first_piece_[marked.front() + 1] - first;
  return std::all_of(marked.begin(), marked.end(), [&](std::size_t i) {
    if (first_piece_[i + 1] - first_piece_[i] != count) return false;
    for (std::size_t p = 0; p < count; ++p)
      if (piece(first_piece_[i] + p).column != piece(first + p).column) return false;
    return true;
  });
}

std::vector<std::size_t> ProblemMaker::marked_inferences() const {
  std::vector<std::size_t> marked;
  for (std::size_t i = 0; i < run_.execution.marked.size(); ++i)
    if (run_.execution.marked[i]) marked.push_back(i);
  return marked;
}

// Moments of an inference, by number, that are not always the same as the one before: where a layer's end is
// the next one's begin, one mark made both.
std::vector<std::size_t> distinct_moments(const std::vector<std::vector<double>>& moments,
                                          const std::vector<std::size_t>& which) {
  std::vector<std::size_t> distinct{0};
  for (std::size_t m = 1; m < moments[which.front()].size(); ++m)
    if (std::any_of(which.begin(), which.end(),
                    [&](std::size_t i) { return moments[i][m] != moments[i][m - 1]; }))
      distinct.push_back(m);
  return distinct;
}

// Of each inference, smoothed where all of them ran the same layers.
std::vector<std::vector<double>> ProblemMaker::moments() {
  const auto& energy = run_.execution.energy;
  std::vector<std::vector<double>> all(energy.size());
  disturbed_.assign(energy.size(), false);
  for (std::size_t i = 0; i < energy.size(); ++i) append_moments(i, all[i]);
  if (run_.execution.overlapping || !regular()) {
    problem_.notes.push_back(fmt::format(
        "{}, so random errors of the marks were not smoothed out.",
        run_.execution.overlapping ? "Layers ran at the same time" : "Inferences ran different layers"));
    leave_out(marked_inferences(), unusual_inferences());
    return all;
  }
  const std::vector<std::size_t> which = marked_inferences();
  const std::vector<std::size_t> distinct = distinct_moments(all, which);
  Boundaries marks;
  marks.layers = distinct.size() - 1;
  for (const std::size_t i : which)
    for (const std::size_t m : distinct) marks.moment_us.push_back(all[i][m]);
  const std::vector<bool> disturbed = forward::disturbed_inferences(marks);
  const Boundaries smooth = forward::smooth_marks(marks);
  problem_.segments.deviation_us = smooth.deviation_us;
  for (std::size_t r = 0; r < which.size(); ++r) {
    std::vector<double>& moments = all[which[r]];
    std::size_t next = 0;
    for (std::size_t m = 0; m < moments.size(); ++m) {
      next += next + 1 < distinct.size() && distinct[next + 1] == m;
      moments[m] = smooth.of(r)[next];
    }
  }
  leave_out(which, disturbed);
  return all;
}

// Of the marked inferences, those in which a layer took far longer or shorter than it usually does.
std::vector<bool> ProblemMaker::unusual_inferences() const {
  struct Run {
    std::uint32_t inference;
    double length_us;
  };
  std::vector<std::vector<Run>> runs(run_.timeline.layers.size());
  for (const Segment one : run_.execution.runs())
    if (run_.execution.marked[one.inference])
      runs[one.layer].push_back({one.inference, microseconds(one.end - one.begin)});
  std::vector<bool> unusual(run_.execution.energy.size(), false);
  for (const std::vector<Run>& of_layer : runs) {
    std::vector<double> lengths;
    for (const Run& run : of_layer) lengths.push_back(run.length_us);
    const double usual = median(lengths);
    const double most =
        std::max(forward::disturbed_at * forward::robust_deviation(lengths), forward::disturbed_least_us);
    for (const Run& run : of_layer)
      if (std::abs(run.length_us - usual) > most) unusual[run.inference] = true;
  }
  std::vector<bool> of_marked;
  for (const std::size_t i : marked_inferences()) of_marked.push_back(unusual[i]);
  return of_marked;
}

// `disturbed`: of each of `which`. More than half of them cannot all be exceptions.
void ProblemMaker::leave_out(const std::vector<std::size_t>& which, const std::vector<bool>& disturbed) {
  const auto bad = static_cast<std::size_t>(std::count(disturbed.begin(), disturbed.end(), true));
  if (bad * 2 > disturbed.size()) {
    problem_.notes.push_back(
        "More than half of the inferences were disturbed; none was left out. Close other programs and fix "
        "the clocks, then measure again.");
    return;
  }
  for (std::size_t r = 0; r < which.size(); ++r) disturbed_[which[r]] = disturbed[r];
  if (bad > 0)
    problem_.notes.push_back(
        fmt::format("{} of {} inferences were left out of the split over layers: a layer took far longer "
                    "than usual, as after a preemption.",
                    bad, which.size()));
}

void ProblemMaker::lay_out(const std::vector<std::vector<double>>& moments) {
  const auto& energy = run_.execution.energy;
  for (std::size_t i = 0; i < energy.size(); ++i) {
    if (i > 0 && moments[i].front() - moments[i - 1].back() > longest_break_us)
      problem_.masked.emplace_back(moments[i - 1].back(), moments[i].front());
    const bool usable = run_.execution.marked[i] && !disturbed_[i];
    if (!usable) problem_.masked.emplace_back(moments[i].front(), moments[i].back());
    if (usable) problem_.begin_us.push_back(moments[i].front());
    for (std::size_t m = 0; m + 1 < moments[i].size(); ++m) {
      const bool in_layer = m % 2 == 1;
      append(moments[i][m], in_layer ? piece(first_piece_[i] + m / 2).column : problem_.gap_column);
    }
    append(moments[i].back(), problem_.idle_column);
  }
  problem_.segments.column.pop_back();  // the last knot ends the last inference
}

ForwardProblem ProblemMaker::make() && {
  number_columns();
  mix_columns();
  find_pieces();
  lay_out(moments());
  problem_.inferences = problem_.begin_us.size();
  return std::move(problem_);
}

}  // namespace

ForwardProblem make_problem(const RunView& run) { return ProblemMaker{run}.make(); }

forward::Segments with_activity(const ForwardProblem& problem, double activity) {
  forward::Segments segments = problem.segments;
  for (forward::Row& mixture : segments.mixtures) {
    const auto count = static_cast<double>(mixture.size());
    const double share = 1 / count + activity * (1 - 1 / count);
    for (auto& entry : mixture) entry.second = share;
    mixture.emplace_back(problem.idle_column, 1 - count * share);
  }
  return segments;
}

}  // namespace layerwatt
