// SPDX-License-Identifier: Apache-2.0
// See turns.h. Whoever runs in a turn ends with it or later.
#include "attribution/turns.h"

#include <algorithm>

namespace layerwatt {

std::vector<Inference> turns_of(const std::vector<Inference>& by_end) {
  // The earliest begin among an inference and those that end after it.
  std::vector<Instant> earliest(by_end.size());
  for (std::size_t i = by_end.size(); i-- > 0;) {
    earliest[i] = by_end[i].load_begin;
    if (i + 1 < by_end.size()) earliest[i] = std::min(earliest[i], earliest[i + 1]);
  }
  std::vector<Inference> turns;
  turns.reserve(by_end.size());
  for (std::size_t i = 0; i < by_end.size(); ++i) {
    Inference turn = by_end[i];
    const Instant end = turn.unload_end;
    const Instant before = i == 0 ? earliest[0] : by_end[i - 1].unload_end;
    turn.load_begin = turn.compute_begin = std::min(std::max(before, earliest[i]), end);
    turn.compute_end = end;
    turns.push_back(turn);
  }
  return turns;
}

std::vector<bool> wholly_marked(const std::vector<Inference>& by_end, const std::vector<Inference>& turns,
                                const std::vector<bool>& marked) {
  // Of those that are not marked and end later than a turn, the one that begins first.
  std::vector<bool> whole(marked);
  Instant unmarked = Instant::max();
  for (std::size_t i = by_end.size(); i-- > 0;) {
    if (!marked[i]) unmarked = std::min(unmarked, by_end[i].load_begin);
    if (unmarked < turns[i].unload_end) whole[i] = false;
  }
  return whole;
}

}  // namespace layerwatt
