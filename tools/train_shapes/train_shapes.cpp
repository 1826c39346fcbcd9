// SPDX-License-Identifier: Apache-2.0
// Trains the zoo's network `shapes` and writes its weights, as little-endian floats, to the file it is given:
//   cmake --build build/release --target train-shapes && build/release/train-shapes
//   src/networks/shapes.weights
// Everything is decided by the seeds below, so that the same weights come out everywhere. Prints what share
// of the labelled set it gets right; networks/zoo.cpp names it.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <random>

#include "inputs/shapes.h"
#include "shapes_network.h"

namespace {

using namespace layerwatt;
using training::ShapesNetwork;

constexpr std::uint64_t seed = 1;
constexpr std::int64_t pictures = 12000;
constexpr std::size_t together = 16;  // in a step
constexpr int rounds = 20, slower_after = 14;
constexpr float first_rate = 0.003F;

std::vector<Image> set_of(std::int64_t count, std::uint64_t from) {
  std::vector<Image> set;
  for (std::int64_t i = 0; i < count; ++i) set.push_back(shape_of_set(i, from));
  return set;
}

// Weston and Watkins 1999: each wrong class is to stay one behind the right one. Comparisons only, where
// cross-entropy would want exponentials, which differ between mathematical libraries.
std::array<float, 10> gradient(const std::array<float, 10>& scores, std::size_t right) {
  std::array<float, 10> of_scores{};
  for (std::size_t c = 0; c < scores.size(); ++c) {
    if (c == right || scores[c] - scores[right] + 1 <= 0) continue;
    of_scores[c] += 0.5F;
    of_scores[right] -= 0.5F;
  }
  return of_scores;
}

// Pictures that are right at first, and within five; the least distance between the best two answers.
struct Score {
  std::int64_t top1 = 0, top5 = 0;
  float closest = 1e9F;
};

Score score(ShapesNetwork& network, const std::vector<Image>& set) {
  Score total;
  for (std::size_t i = 0; i < set.size(); ++i) {
    std::array<float, 10> scores = network.forward(set[i].pixels);
    const auto ahead = std::count_if(scores.begin(), scores.end(),
                                     [right = scores[i % 10]](float other) { return other > right; });
    total.top1 += ahead < 1 ? 1 : 0;
    total.top5 += ahead < 5 ? 1 : 0;
    std::sort(scores.begin(), scores.end());
    total.closest = std::min(total.closest, scores[9] - scores[8]);
  }
  return total;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: train-shapes FILE\n");
    return 2;
  }
  const std::vector<Image> set = set_of(pictures, 0), unseen = set_of(labelled_shapes, labelled_shapes_seed);
  ShapesNetwork network{seed};
  std::vector<std::size_t> order(set.size());
  std::iota(order.begin(), order.end(), 0U);
  std::mt19937_64 random{seed};
  float rate = first_rate;
  for (int round = 0; round < rounds; ++round) {
    if (round >= slower_after) rate *= 0.5F;
    for (std::size_t i = order.size(); i-- > 1;) std::swap(order[i], order[random() % (i + 1)]);
    for (std::size_t i = 0; i < order.size(); ++i) {
      network.backward(gradient(network.forward(set[order[i]].pixels), order[i] % 10));
      if (i % together == together - 1) network.step(rate, together);
    }
    const Score now = score(network, unseen);
    std::printf("round %2d: top-1 %lld, top-5 %lld of %zu labelled pictures; closest answers %.2g apart\n",
                round + 1, static_cast<long long>(now.top1), static_cast<long long>(now.top5), unseen.size(),
                static_cast<double>(now.closest));
    std::fflush(stdout);
  }
  const training::Values blob = network.blob();
  std::ofstream file{arguments[1], std::ios::binary};
  file.write(reinterpret_cast<const char*>(blob.data()),
             static_cast<std::streamsize>(blob.size() * sizeof(float)));
  file.close();
  std::printf("%zu weights\n", blob.size());
  return file ? 0 : 1;
}
