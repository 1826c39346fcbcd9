// SPDX-License-Identifier: Apache-2.0
// Seeds: caffemodels of both formats that fit fuzz_net. Constructed.
#include "fuzz_target.h"
#include "networks/testing/tiny_caffemodel.h"

namespace layerwatt {

std::vector<std::string> fuzz_seeds() {
  std::vector<std::string> seeds;
  for (const bool is_older : {false, true}) {
    TinyCaffemodel model;
    model.layer("c", {{{2, 1, 3, 3}, std::vector<float>(18, 1)}, {{2}, {0, 1}}}, is_older);
    model.layer("b", {{{2}, {0, 1}}, {{2}, {1, 2}}, {{1}, {3}}}, is_older);
    model.layer("s", {{{2}, {1, 2}}, {{2}, {0, 0}}}, is_older).layer("p", {{{2}, {0.25, 0.5}}}, is_older);
    model.layer("t", {{{2, 2, 2}, std::vector<float>(8, 1)}}, is_older);
    model.layer("f", {{{3, 8}, std::vector<float>(24, 1)}, {{3}, {1, 2, 3}}}, is_older);
    seeds.push_back(model.bytes());
  }
  return seeds;
}

}  // namespace layerwatt
