// SPDX-License-Identifier: Apache-2.0
// What layerwatt and layerwatt-runner say to each other: one JSON object a line over a socket pair that the
// runner inherits as descriptor `control_descriptor`. Every request gets exactly one answer, {"ok": true,
// ...} or {"ok": false, "code", "where", "detail"}. Spans of layers do not travel here but through the ring
// (include/layerwatt/marker.h, src/markers/ring.h).
//
//   request                                              answer adds
//   {"do":"describe","model","batch"}                    "network"
//   {"do":"zoo"}                                         "networks":[{name,summary,parameters,macs,source}]
//   {"do":"new","name","seed","out"}                     -
//   {"do":"open","model","engine","threads","level",     "layers":[...], "circumstances":{...}, "network"
//     "library","batch","seed","private_folder"}
//   {"do":"run","marked":bool,"count":N,"max_ns":T,      "inferences":[[load_begin,compute_begin,compute_end,
//     "gap_min_ns","gap_max_ns","gap_seed"}                unload_end], ...]  (raw ns),
//     "stopped":"count|time"
//   {"do":"output"}                                      "values":[...]  (first tensor, at most 4096)
//   {"do":"end_block"}                                   -
//   {"do":"quit"}                                        - (then the runner exits 0)
//
// In the ring a marked run writes one mark pair for each inference, named "lw:inference", around compute, and
// one for each layer, named "lw:layer/<index>" with <index> into "layers".
#pragma once

namespace layerwatt {

inline constexpr int control_descriptor = 3;
inline constexpr int ring_descriptor = 4;

}  // namespace layerwatt
