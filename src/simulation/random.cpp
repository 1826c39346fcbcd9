// SPDX-License-Identifier: Apache-2.0
// Names to numbers; the generator itself is in the header for speed.
#include "simulation/random.h"

namespace layerwatt::simulation {

std::uint64_t portable_hash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char letter : text) hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3U;
  return Random::mixed(hash);
}

Random::Random(std::uint64_t seed, std::string_view stream)
    : state_{mixed(mixed(seed + 0x9e3779b97f4a7c15U) ^ portable_hash(stream))} {}

}  // namespace layerwatt::simulation
