// SPDX-License-Identifier: Apache-2.0
// See runner_marks.h.
#include "runner/runner_marks.h"

#include <layerwatt/marker.h>

#include <cassert>
#include <string>

#include "runner/protocol.h"

namespace layerwatt {

namespace {

std::uint64_t stamp(Instant at) { return static_cast<std::uint64_t>(at.time_since_epoch().count()); }

}  // namespace

RunnerMarks::RunnerMarks(std::size_t layers) : inference_{lw_name(inference_mark)} {
  for (std::size_t i = 0; i < layers; ++i)
    layers_.push_back(lw_name((layer_mark_prefix + std::to_string(i)).c_str()));
}

void RunnerMarks::prepare() { lw_prepare(); }

void RunnerMarks::begin_inference(std::uint32_t number, Instant at) {
  number_ = number;
  lw_begin_at(inference_, stamp(at), number_);
}

void RunnerMarks::end_inference(Instant at) { lw_end_at(inference_, stamp(at), number_); }

void RunnerMarks::layer(std::uint32_t layer, Instant begin, Instant end) {
  assert(layer < layers_.size());
  lw_begin_at(layers_[layer], stamp(begin), number_);
  lw_end_at(layers_[layer], stamp(end), number_);
}

}  // namespace layerwatt
