// SPDX-License-Identifier: Apache-2.0
#include "session/expectation.h"

#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <sstream>

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

Channel sensor(Meaning meaning, std::optional<Nanoseconds> aperture, std::optional<Nanoseconds> refresh,
               std::optional<int> averaging) {
  Channel channel;
  channel.meaning = meaning;
  channel.aperture = aperture;
  channel.refresh = refresh;
  channel.averaging = averaging;
  return channel;
}

const Channel nano_as_shipped = sensor(Meaning::power_now, 140us, 840us, 64);
const Channel nano_unaveraged = sensor(Meaning::power_now, 140us, 840us, 1);
const Channel nano_triggered = sensor(Meaning::power_now, 140us, {}, 1);
const Channel tx2_as_shipped = sensor(Meaning::power_now, 140us, 840us, 512);
const Channel hwmon_reset = sensor(Meaning::power_now, 1100us, 6600us, 1);
const Channel rapl = sensor(Meaning::energy_total, {}, 1ms, {});

// Case -> cell "N for 5 %" of the table.
std::map<std::string, std::string> documented() {
  std::ifstream file{LAYERWATT_SOURCE "/docs/forward.md"};
  std::map<std::string, std::string> found;
  for (std::string line; std::getline(file, line);) {
    std::istringstream cells{line};
    std::vector<std::string> row;
    for (std::string cell; std::getline(cells, cell, '|');)
      row.push_back(cell.size() < 2 ? "" : cell.substr(1, cell.size() - 2));
    if (row.size() > 9) found[row[1]] = row[8];
  }
  return found;
}

TEST(Expectation, IsWhatTheDocumentedTableSays) {
  const auto table = documented();
  for (const Channel& channel : {nano_as_shipped, nano_unaveraged, nano_triggered, tx2_as_shipped,
                                 hwmon_reset, rapl, sensor(Meaning::power_now, 140us, 1600us, 1)}) {
    const auto expected = expectation_for(channel);
    ASSERT_TRUE(expected);
    ASSERT_TRUE(table.count(expected->simulated_case)) << expected->simulated_case;
    const std::string cell = table.at(expected->simulated_case);
    if (expected->inferences)
      EXPECT_EQ(std::stod(cell), *expected->inferences) << expected->simulated_case;
    else
      EXPECT_TRUE(cell.empty()) << expected->simulated_case << ": " << cell;
  }
}

TEST(Expectation, BetterModesTakeFewerInferences) {
  const auto of = [](const Channel& channel) { return expectation_for(channel)->inferences; };
  EXPECT_LT(of(nano_triggered), of(nano_as_shipped));
  EXPECT_LT(of(nano_unaveraged), of(nano_as_shipped));
  EXPECT_FALSE(of(tx2_as_shipped));
}

TEST(Expectation, NothingIsSaidOfASensorThatIsNotKnown) {
  EXPECT_FALSE(expectation_for(Channel{}));
  EXPECT_FALSE(expectation_for(sensor(Meaning::power_now, {}, 1ms, {})));
}

TEST(Expectation, IsSaidInTimeToo) {
  EXPECT_THAT(describe(*expectation_for(nano_as_shipped)), HasSubstr("33000 inferences, 9 min"));
  EXPECT_THAT(describe(*expectation_for(tx2_as_shipped)), HasSubstr("cannot be told apart"));
  EXPECT_THAT(describe(*expectation_for(rapl)), HasSubstr("SIMULATED"));
}

}  // namespace
}  // namespace layerwatt
