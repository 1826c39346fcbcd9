// SPDX-License-Identifier: Apache-2.0
// Runs of inferences in the child; see inference_runs.h.
#include "session/inference_runs.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/median.h"

namespace layerwatt {

using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t most_in_a_request = 100'000;

Result<std::vector<Inference>> inferences_from(const json& answer, Phase phase, std::uint32_t block) {
  const Error wrong{Errc::malformed, "layerwatt-runner", "its answer to a run is not what the protocol says"};
  const auto list = answer.find("inferences");
  if (list == answer.end() || !list->is_array()) return wrong;
  std::vector<Inference> inferences;
  inferences.reserve(list->size());
  for (const json& one : *list) {
    if (!one.is_array() || one.size() != 4) return wrong;
    Instant stamps[4];
    for (std::size_t i = 0; i < 4; ++i) {
      if (!one[i].is_number_integer()) return wrong;
      stamps[i] = Instant{Nanoseconds{one[i].get<std::int64_t>()}};
      if (i > 0 && stamps[i] < stamps[i - 1]) return wrong;
    }
    inferences.push_back({phase, block, stamps[0], stamps[1], stamps[2], stamps[3]});
  }
  return inferences;
}

}  // namespace

Result<std::vector<Inference>> InferenceRuns::unmarked(std::uint64_t count, Nanoseconds at_most) {
  const auto answer = runner_.ask({{"do", "run"},
                                   {"marked", false},
                                   {"count", std::min(count, most_in_a_request)},
                                   {"max_ns", at_most.count()},
                                   {"gap_min_ns", 0},
                                   {"gap_max_ns", 0},
                                   {"gap_seed", options_.seed}},
                                  {.timeout = at_most + 120s, .interrupted = options_.interrupted});
  if (!answer) return answer.error();
  return inferences_from(*answer, Phase::latency, 0);
}

void InferenceRuns::drain(std::vector<LayerSpan>& spans, Phase phase, Result<void>& failure) {
  runner_.ring().drain(assembler_);
  const std::vector<LayerSpan> fresh = assembler_.take_spans();
  const std::vector<MarkedInference> ended = assembler_.take_inferences();
  // What has ended is complete up to its own end; a layer may be running right now.
  if (!fresh.empty()) complete_ = std::max(complete_, fresh.back().end);
  if (!ended.empty()) complete_ = std::max(complete_, ended.back().end);
  if (failure) failure = recorder_.pump(fresh, complete_, phase == Phase::warm_up);
  spans.insert(spans.end(), fresh.begin(), fresh.end());
}

Result<MarkedBlock> InferenceRuns::marked(std::uint64_t count, Phase phase, std::uint32_t block) {
  MarkedBlock result;
  Result<void> failure;
  const Instant from = clock_.now();
  complete_ = from;
  assembler_.begin_run(0);
  const auto answer = runner_.ask(
      {{"do", "run"},
       {"marked", true},
       {"count", std::min(count, most_in_a_request)},
       {"max_ns", (10 * block_length).count()},
       {"gap_min_ns", shortest_gap.count()},
       {"gap_max_ns", longest_gap_.count()},
       {"gap_seed", options_.seed + block}},
      {.interrupted = options_.interrupted, .meanwhile = [&] { drain(result.spans, phase, failure); }});
  drain(result.spans, phase, failure);
  if (!answer) return answer.error();
  if (!failure) return failure.error();
  auto inferences = inferences_from(*answer, phase, block);
  if (!inferences) return inferences.error();
  result.inferences = inferences->size();
  if (auto ended = runner_.ask({{"do", "end_block"}}); !ended) return ended.error();
  if (phase == Phase::warm_up) return result;
  // Spans of inferences that the answer does not know would have nothing to belong to.
  std::erase_if(result.spans, [&](const LayerSpan& span) { return span.inference >= result.inferences; });
  Instant to = inferences->empty() ? clock_.now() : from;
  for (const Inference& one : *inferences) to = std::max(to, one.unload_end);
  if (auto added = recorder_.add_phase(phase, block, from, to); !added) return added.error();
  if (auto added = recorder_.add_block(*inferences, result.spans); !added) return added.error();
  return result;
}

std::uint64_t InferenceRuns::fitting(Nanoseconds latency, Nanoseconds length) const {
  const Nanoseconds each = std::max<Nanoseconds>(latency, 1us) + (shortest_gap + longest_gap_) / 2;
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(options_.in_flight * length / each));
}

Nanoseconds median_compute(const std::vector<Inference>& inferences) {
  if (inferences.empty()) return 1ns;
  std::vector<Nanoseconds> times;
  for (const Inference& one : inferences) times.push_back(one.compute_end - one.compute_begin);
  return std::max(median(std::move(times)), Nanoseconds{1});
}

}  // namespace layerwatt
