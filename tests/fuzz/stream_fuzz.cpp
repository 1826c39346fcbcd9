// SPDX-License-Identifier: Apache-2.0
// Any bytes given to every stream's parser, and to the reader of oscilloscope files: they may refuse them,
// and must not crash, hang or give what breaks the promises of stream.h. The first byte says which, and how
// lines are cut.
#include <algorithm>
#include <cmath>

#include "fuzz_target.h"
#include "sensors/stream.h"
#include "session/line_splitter.h"
#include "timeline/scope_file.h"

namespace {

using layerwatt::require;

using namespace layerwatt;

const char* argument_of(std::string_view driver) {
  if (driver == "sigrok") return "demo";
  return driver == "otii" ? "Main current - Arc.csv:volts=5" : "file";
}

void check(const StreamParser& parser, const std::vector<StreamReading>& readings) {
  for (const StreamReading& reading : readings) {
    require(reading.channel < parser.channels().size(), "a reading is of a channel that is known");
    const bool is_power = std::holds_alternative<Watts>(reading.value);
    const Channel& channel = parser.channels()[reading.channel];
    require(is_power == (channel.meaning == Meaning::power_now), "a value is of its channel's meaning");
    require(std::isfinite(is_power ? std::get<Watts>(reading.value).value()
                                   : std::get<Joules>(reading.value).value()),
            "a value is finite");
    require(parser.clock() != StampClock::arrival || reading.stamp == Nanoseconds{},
            "no stamp without a clock");
    require(!channel.rail.empty() && channel.rail.size() <= 80, "a rail has a name");
  }
}

void parse_all(const StreamDriver& driver, std::string_view text, std::size_t piece) {
  auto plan = driver.plan(argument_of(driver.name), {});
  require(plan.has_value(), "the argument is a good one");
  std::vector<StreamReading> readings;
  LineSplitter lines{256};
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); at += piece)
    lines.add(text.substr(at, piece), [&](std::string_view line, bool) {
      const std::size_t before = readings.size();
      const auto parsed = plan->parser->parse(line, readings);
      if (!parsed) {
        require(readings.size() == before, "a line that was refused gave nothing");
        require(!parsed.error().detail.empty(), "a refusal says why");
      }
      if (++count == 8) plan->parser->settle();
    });
  check(*plan->parser, readings);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  const auto drivers = stream_drivers();
  const std::size_t which = static_cast<std::size_t>(data[0] % 8);
  if (which < drivers.size()) {
    parse_all(*drivers[which], text, 1 + static_cast<std::size_t>(data[0] / 8));
    return 0;
  }
  const auto record = read_scope(text);
  if (!record) {
    require(!record.error().detail.empty(), "a refusal says why");
    return 0;
  }
  require(record->times.size() > 1, "a record has two rows");
  require(std::is_sorted(record->times.begin(), record->times.end()), "times grow");
  for (const auto& trace : record->traces)
    require(trace.volts.size() == record->times.size(), "a trace has a value for every time");
  return 0;
}
