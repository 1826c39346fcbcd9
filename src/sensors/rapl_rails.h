// SPDX-License-Identifier: Apache-2.0
// What the rails of RAPL are to each other, whatever interface they are read through. Pure. Facts: Intel SDM
// vol. 3, "RAPL Domains" (a package holds its cores and uncore, memory is apart, counters are renewed about
// every 1 ms) and vol. 4, MSR 64DH (the platform holds processors and memory).
#pragma once
#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "core/vocabulary.h"

namespace layerwatt::rapl {

inline constexpr Nanoseconds refresh = std::chrono::milliseconds{1};

bool is_platform(const std::string& name);  // "psys"

// A package or the platform, with the counters of its own: "package-0" and "core", "uncore" or "gpu", "dram".
struct Domain {
  std::string name;
  std::vector<Channel*> channels;  // that of the domain itself, if there is one, first
};

// Rails must be told apart by name: two processors both have a "core".
void name_apart(std::span<const Domain> domains);
// Sets what is part of what, and which is the total. After name_apart().
void set_containment(std::span<const Domain> domains);

// Who may read, and why not everyone.
inline constexpr const char* closed_because =
    "closed to users against CVE-2020-8694: fine readings of power tell what other programs compute, down to "
    "their keys";

}  // namespace layerwatt::rapl
