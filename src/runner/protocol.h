// SPDX-License-Identifier: Apache-2.0
// What layerwatt and layerwatt-runner say to each other: one JSON object a line over a socket pair that the
// runner inherits as descriptor `control_descriptor`. Every request gets exactly one answer, {"ok": true,
// ...} or {"ok": false, "code", "where", "detail"}. Spans of layers do not travel here but through the ring
// (include/layerwatt/marker.h, src/markers/ring.h).
//
//   request                                              answer adds
//   {"do":"hello"}                                       "protocol":protocol_version
//   {"do":"describe","model","batch"}                    "network"
//   {"do":"zoo"}                                         "networks":[{name,summary,parameters,macs,source,
//                                                          top1_percent,top1_source}]
//   {"do":"new","name","seed","out"}                     -
//   {"do":"convert","model","weights","seed","out"}      "substitutions":[sentences]
//   {"do":"extract","model","from","to","out"}           "substitutions":[sentences]
//   {"do":"series","kernels","strides","channels",       "members":[{file,factor,kernel,stride,channels}]
//     "seed","out"}
//   {"do":"pictures","out"}                              "pictures":N, "classes":N
//   {"do":"engines"}                                     "engines":[{name,summary}], "left_out":[{name,why}]
//   {"do":"open","model","engine","threads","level",     "layers":[...], "circumstances":{...}, "network"
//     "library","batch","seed","private_folder",
//     "conv","conv_file","conv_strict":bool,"fuse":bool,
//     "spinning":bool,"weights","in_flight":N,
//     "input":{...}}
//   {"do":"run","marked":bool,"count":N,"max_ns":T,      "inferences":[[load_begin,compute_begin,compute_end,
//     "gap_min_ns","gap_max_ns","gap_seed"}                unload_end], ...]  (raw ns),
//                                                        "stopped":"count|time|request"
//   {"do":"evaluate","from":N,"max_ns":T} "pictures","pictures_in_all","classes","top1","top5",
//                                                          "not_finite"
//   {"do":"output"}                                      "values":[...]  (first tensor, at most 4096; null =
//                                                          not a finite number)
//   {"do":"end_block"}                                   -
//   {"do":"stop"}                                        -
//   {"do":"quit"}                                        - (then the runner exits 0)
//
// In "convert", "model" is a prototxt; without "weights", a caffemodel, they are random, from "seed".
// In "open", everything but "model" may be left out; "weights" are the caffemodel of a prototxt. "input" says
// what is loaded: {"input","labels",
// "preprocess","resize","channels","layout","mean":[...],"std":[...],"scale","copies"}, of which all may be
// left out (inputs/prepared_inputs.h). "evaluate" answers labelled pictures from number "from" on, for about
// "max_ns" and at least a batch, and counts; the next request goes on behind these. "pictures" writes the
// labelled set of the zoo's trained network into a folder. In "run", "max_ns" left out or 0 means no limit,
// and gaps left out mean none. A gap of random length precedes every inference but the first. A run ends
// early as soon as anything, such as a "stop", arrives; it is answered first, then what arrived.
// With "in_flight" above 1 runs have that many inferences at the same time, each on a thread and with gaps of
// its own, and the answer has them by number.
//
// In the ring a marked run writes one pair for each inference, named "lw:inference", around compute, and one
// for each layer, named "lw:layer/<index>" with <index> into "layers". All carry the number of the inference,
// counted from 0 in each run.
#pragma once
#include <cstddef>
#include <cstdint>

namespace layerwatt {

inline constexpr int control_descriptor = 3;
inline constexpr int ring_descriptor = 4;
inline constexpr int protocol_version = 1;

inline constexpr const char* inference_mark = "lw:inference";
inline constexpr const char* layer_mark_prefix = "lw:layer/";

inline constexpr std::uint64_t most_inferences_a_run = 100'000;  // bounds the answer to about 8 MB
inline constexpr std::int64_t most_in_flight = 64;
inline constexpr std::int64_t longest_gap_ns = 10'000'000'000;
inline constexpr std::size_t most_output_values = 4096;
inline constexpr std::size_t longest_request = std::size_t{1} << 20;  // bytes; longer ones are refused
inline constexpr std::size_t longest_answer = std::size_t{1} << 26;

}  // namespace layerwatt
