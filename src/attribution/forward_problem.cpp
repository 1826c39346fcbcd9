// SPDX-License-Identifier: Apache-2.0
// Columns, knots and masks from what ran; see forward_problem.h.
#include "attribution/forward_problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "attribution/forward/mark_smoothing.h"

namespace layerwatt {

namespace {

using forward::Boundaries;

constexpr double longest_break_us = 8000;  // between inferences; longer ones are not just idle
constexpr std::size_t fewest_of_a_class = 4;

double microseconds(Nanoseconds t) { return static_cast<double>(t.count()) * 1e-3; }

// The layers of one inference in order of time.
using Pieces = std::vector<const Segment*>;

std::vector<Pieces> pieces_by_inference(const Execution& execution) {
  std::vector<Pieces> pieces(execution.energy.size());
  for (const Segment& segment : execution.segments) pieces[segment.inference].push_back(&segment);
  return pieces;
}

// Load, layers with gaps between them, unload: the moments of one inference, us.
void append_moments(const Inference& inference, const Pieces& pieces, Instant origin,
                    std::vector<double>& moments) {
  moments.push_back(microseconds(inference.load_begin - origin));
  for (const Segment* piece : pieces) {
    moments.push_back(std::max(moments.back(), microseconds(piece->begin - origin)));
    moments.push_back(std::max(moments.back(), microseconds(piece->end - origin)));
  }
  moments.push_back(std::max(moments.back(), microseconds(inference.unload_end - origin)));
}

class ProblemMaker {
 public:
  explicit ProblemMaker(const RunView& run) : run_{run}, pieces_{pieces_by_inference(run.execution)} {
    problem_.origin = run.execution.energy.front().load_begin;
  }
  ForwardProblem make() &&;

 private:
  void number_columns();
  [[nodiscard]] bool regular() const;
  [[nodiscard]] std::vector<std::size_t> marked_inferences() const;
  [[nodiscard]] std::vector<std::vector<double>> moments();
  void lay_out(const std::vector<std::vector<double>>& moments);
  void append(double from, std::uint32_t column) {
    problem_.segments.knot_us.push_back(from);
    problem_.segments.column.push_back(column);
  }

  const RunView& run_;
  std::vector<Pieces> pieces_;
  std::vector<bool> disturbed_;
  ForwardProblem problem_;
};

void ProblemMaker::number_columns() {
  const std::size_t layers = run_.timeline.layers.size();
  std::vector<bool> ran(layers, false);
  for (const Segment& segment : run_.execution.segments) ran[segment.layer] = true;
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

// Every marked inference ran the same layers in the same order.
bool ProblemMaker::regular() const {
  const Pieces* first = nullptr;
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    if (!run_.execution.marked[i]) continue;
    if (first == nullptr) first = &pieces_[i];
    const auto same = [](const Segment* a, const Segment* b) { return a->layer == b->layer; };
    if (!std::equal(pieces_[i].begin(), pieces_[i].end(), first->begin(), first->end(), same)) return false;
  }
  return first != nullptr;
}

std::vector<std::size_t> ProblemMaker::marked_inferences() const {
  std::vector<std::size_t> marked;
  for (std::size_t i = 0; i < pieces_.size(); ++i)
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
  for (std::size_t i = 0; i < energy.size(); ++i)
    append_moments(energy[i], pieces_[i], problem_.origin, all[i]);
  if (!regular()) {
    problem_.notes.push_back(
        "Inferences ran different layers, so random errors of the marks were not smoothed out.");
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
  const auto bad = static_cast<std::size_t>(std::count(disturbed.begin(), disturbed.end(), true));
  const bool few = bad * 2 <= disturbed.size();
  for (std::size_t r = 0; r < which.size(); ++r) {
    std::vector<double>& moments = all[which[r]];
    std::size_t next = 0;
    for (std::size_t m = 0; m < moments.size(); ++m) {
      next += next + 1 < distinct.size() && distinct[next + 1] == m;
      moments[m] = smooth.of(r)[next];
    }
    disturbed_[which[r]] = few && disturbed[r];
  }
  if (bad > 0 && few)
    problem_.notes.push_back(
        fmt::format("{} of {} inferences were left out of the split over layers: a layer took far longer "
                    "than usual, as after a preemption.",
                    bad, which.size()));
  if (!few)
    problem_.notes.push_back(
        "More than half of the inferences were disturbed; none was left out. Close other programs and fix "
        "the clocks, then measure again.");
  return all;
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
      const std::uint32_t column =
          in_layer ? static_cast<std::uint32_t>(problem_.column_of_layer[pieces_[i][m / 2]->layer])
                   : problem_.gap_column;
      append(moments[i][m], column);
    }
    append(moments[i].back(), problem_.idle_column);
  }
  problem_.segments.column.pop_back();  // the last knot ends the last inference
}

ForwardProblem ProblemMaker::make() && {
  number_columns();
  lay_out(moments());
  problem_.inferences = problem_.begin_us.size();
  return std::move(problem_);
}

}  // namespace

ForwardProblem make_problem(const RunView& run) { return ProblemMaker{run}.make(); }

}  // namespace layerwatt
