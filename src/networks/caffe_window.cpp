// SPDX-License-Identifier: Apache-2.0
// See caffe_window.h.
#include "networks/caffe_window.h"

#include <fmt/format.h>

#include <algorithm>

namespace layerwatt {

std::optional<CaffePooled> pooled(const CaffePool& pool) {
  const std::int64_t room = pool.input + 2 * pool.pad - pool.kernel;
  if (room < 0) return std::nullopt;
  const std::int64_t down = room / pool.stride + 1;
  CaffePooled made;
  made.output = pool.round_up && room % pool.stride != 0 ? down + 1 : down;
  const auto last_start = [&] { return (made.output - 1) * pool.stride; };
  if (pool.clip && last_start() >= pool.input + pool.pad) --made.output;
  if (last_start() >= pool.input + pool.pad) return std::nullopt;
  const std::int64_t reach = last_start() + pool.kernel;
  made.overhangs = reach > pool.input + 2 * pool.pad;
  made.pad_end = made.output == down ? pool.pad : std::max<std::int64_t>(0, reach - pool.input - pool.pad);
  return made;
}

Result<std::optional<Shape>> height_and_width(CaffeStep& step, const char* both, const char* height,
                                              const char* width) {
  const auto values = step.fields.sizes(both);
  const auto high = step.fields.size(height), wide = step.fields.size(width);
  if (high.has_value() != wide.has_value())
    return step.malformed(fmt::format("{} and {} belong together", height, width));
  if (high && !values.empty()) return step.malformed(fmt::format("has both {} and {}", both, height));
  using Found = std::optional<Shape>;
  if (high) return Found{Shape{*high, *wide}};
  if (values.empty()) return Found{};
  if (values.size() > 2)
    return step.malformed(fmt::format("{} has {} values for two dimensions", both, values.size()));
  return Found{Shape{values.front(), values.back()}};
}

}  // namespace layerwatt
