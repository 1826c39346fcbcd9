// SPDX-License-Identifier: Apache-2.0
// What a stream driver makes of a text, line by line, for tests.
#pragma once
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>
#include <string>

#include "sensors/stream.h"

namespace layerwatt {

inline std::string stream_fixture(const std::string& name) {
  std::stringstream text;
  text << std::ifstream{std::string{LAYERWATT_FIXTURES "/streams/"} + name}.rdbuf();
  EXPECT_FALSE(text.str().empty()) << name;
  return text.str();
}

struct ParsedStream {
  std::vector<Channel> channels;
  std::vector<StreamReading> readings;
  std::vector<std::string> refused;  // what was said of lines that were not understood
  StampClock clock = StampClock::arrival;
  std::string unusable;
  [[nodiscard]] std::vector<double> of(std::size_t channel) const {
    std::vector<double> values;
    for (const StreamReading& reading : readings)
      if (reading.channel == channel)
        values.push_back(std::holds_alternative<Watts>(reading.value)
                             ? std::get<Watts>(reading.value).value()
                             : std::get<Joules>(reading.value).value());
    return values;
  }
  [[nodiscard]] std::vector<std::string> rails() const {
    std::vector<std::string> names;
    for (const Channel& channel : channels) names.push_back(channel.rail);
    return names;
  }
};

inline void feed(StreamParser& parser, const std::string& text, ParsedStream& into) {
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);)
    if (const auto parsed = parser.parse(line, into.readings); !parsed)
      into.refused.push_back(parsed.error().detail);
}

// With `before`, the parser is settled after that text, as the session does after a second.
inline ParsedStream parse_stream(const StreamDriver& driver, const std::string& argument,
                                 const std::string& text, const std::string& before = {}) {
  ParsedStream made;
  auto plan = driver.plan(argument, {});
  EXPECT_TRUE(plan) << (plan ? "" : plan.error().detail);
  if (!plan) return made;
  feed(*plan->parser, before, made);
  if (!before.empty()) plan->parser->settle();
  feed(*plan->parser, text, made);
  if (before.empty()) plan->parser->settle();
  made.channels.assign(plan->parser->channels().begin(), plan->parser->channels().end());
  made.clock = plan->parser->clock();
  made.unusable = plan->parser->unusable();
  return made;
}

}  // namespace layerwatt
