// SPDX-License-Identifier: Apache-2.0
// Names and containment; see rapl_rails.h.
#include "sensors/rapl_rails.h"

#include <algorithm>
#include <map>

namespace layerwatt::rapl {

namespace {

bool is_package(const std::string& name) { return name.starts_with("package-"); }

// With one processor, the platform is what that one is part of. With several, it depends on the board.
std::string platform_of(std::span<const Domain> domains) {
  std::string platform;
  std::size_t packages = 0, platforms = 0;
  for (const Domain& domain : domains) {
    packages += is_package(domain.name) ? 1 : 0;
    platforms += is_platform(domain.name) ? 1 : 0;
    for (const Channel* channel : domain.channels)
      if (is_platform(channel->rail)) platform = channel->rail;
  }
  return packages == 1 && platforms == 1 ? platform : std::string{};
}

}  // namespace

bool is_platform(const std::string& name) { return name.starts_with("psys"); }

void name_apart(std::span<const Domain> domains) {
  std::map<std::string, int> count;
  for (const Domain& domain : domains)
    for (const Channel* channel : domain.channels) ++count[channel->rail];
  for (const Domain& domain : domains)
    for (Channel* channel : domain.channels)
      if (count[channel->rail] > 1) channel->rail += "@" + domain.name;
}

void set_containment(std::span<const Domain> domains) {
  const std::string platform = platform_of(domains);
  std::vector<Channel*> all;
  for (const Domain& domain : domains) {
    const bool has_whole = !domain.channels.empty() && domain.channels.front()->rail == domain.name;
    for (Channel* channel : domain.channels) {
      all.push_back(channel);
      const std::string& rail = channel->rail;
      const bool inside = rail.starts_with("core") || rail.starts_with("uncore") || rail.starts_with("gpu");
      if (is_package(domain.name) && has_whole && inside)
        channel->part_of = domain.name;
      else if (rail != platform)
        channel->part_of = platform;
    }
  }
  for (Channel* channel : all) {
    const auto within = [&](const Channel* part) {
      return part == channel || part->part_of == channel->rail ||
             (channel->rail == platform && !platform.empty());
    };
    channel->is_total = all.size() > 1 && std::all_of(all.begin(), all.end(), within);
  }
}

}  // namespace layerwatt::rapl
