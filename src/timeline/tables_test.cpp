// SPDX-License-Identifier: Apache-2.0
#include "timeline/tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "core/temporary_tree.h"
#include "timeline/random_timeline.h"
#include "timeline/run_file.h"
#include "timeline/testing/at.h"

namespace layerwatt {
namespace {

using testing::HasSubstr;

std::string csv(const Timeline& run, std::string_view table) {
  std::ostringstream out;
  const auto written = write_table_csv(run, table, out);
  EXPECT_TRUE(written) << written.error().detail;
  return out.str();
}

TEST(Tables, GiveReadingsInSecondsAndWattsOrJoules) {
  Timeline run;
  run.clocks_at_start.raw = at(1'000'000'000);
  run.rails.resize(2);
  run.rails[0].channel.rail = "VDD_IN";
  run.rails[0].channel.origin = Origin::simulated;
  run.rails[0].sensor = "virtual";
  run.rails[0].device = "6-0040";
  run.rails[0].readings = {{at(1'000'000'001), at(3'500'000'000), Watts{4.31}}};
  run.rails[1].channel.meaning = Meaning::energy_total;
  run.rails[1].readings = {{at(999'999'999), at(999'999'999), Joules{0.1}}};
  EXPECT_EQ(csv(run, "reading"),
            "rail,sensor,device,origin,time_s,took_s,power_w,energy_j\n"
            "\"VDD_IN\",\"virtual\",\"6-0040\",\"simulated\",0.000000001,2.499999999,4.31,\n"
            "\"\",\"\",\"\",\"measured\",-0.000000001,0.000000000,,0.1\n");
}

TEST(Tables, GiveSpansWithTheNamesOfTheirLayers) {
  Timeline run;
  run.layers.resize(2);
  run.layers[1].name = "conv1";
  run.layers[1].type = "Conv";
  run.inferences.resize(1);
  run.spans = {{1, 0, at(5), at(8)}};
  EXPECT_EQ(csv(run, "span"),
            "layer_id,layer,type,inference,phase,begin_s,duration_s\n"
            "1,\"conv1\",\"Conv\",0,\"energy\",0.000000005,0.000000003\n");
}

TEST(Tables, QuoteTextAndLeaveItAsItIs) {
  Timeline run;
  run.circumstances["=formula"] = "a \"b\",\nc";
  EXPECT_EQ(csv(run, "run"), "key,value\n\"=formula\",\"a \"\"b\"\",\nc\"\n");
}

TEST(Tables, LeaveEmptyWhatIsNotKnown) {
  Timeline run;
  run.layers.resize(1);
  EXPECT_THAT(csv(run, "layer"),
              HasSubstr("\n0,\"\",\"\",\"\",\"\",\"[]\",\"[]\",\"[]\",\"[]\",,\"[]\",\"[]\",,,\n"));
}

// Cells of a record, counting commas outside quotes.
std::size_t cells(const std::string& text, std::size_t& position) {
  std::size_t count = 1;
  bool quoted = false;
  for (; position < text.size(); ++position) {
    if (text[position] == '"') quoted = !quoted;
    if (!quoted && text[position] == ',') ++count;
    if (!quoted && text[position] == '\n') break;
  }
  ++position;
  return count;
}

TEST(Tables, HaveAsManyCellsInEveryRowAsInTheHeader) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Timeline run = RandomTimeline{seed}.make();
    for (const auto table : table_names()) {
      const std::string text = csv(run, table);
      std::size_t position = 0;
      const std::size_t columns = cells(text, position);
      while (position < text.size()) ASSERT_EQ(cells(text, position), columns) << table << ", seed " << seed;
    }
  }
}

TEST(Tables, ListTheTablesForAWrongName) {
  std::ostringstream out;
  const auto written = write_table_csv("missing.lw", "readings", out);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Errc::not_found);
  EXPECT_THAT(written.error().detail, HasSubstr("phase, rail, reading"));
}

TEST(Tables, ComeFromARunFileToo) {
  const TemporaryTree folder;
  const Timeline run = RandomTimeline{3}.make();
  ASSERT_TRUE(write_run_file(folder.at("run.lw"), run, false));
  std::ostringstream out;
  ASSERT_TRUE(write_table_csv(folder.at("run.lw"), "reading", out));
  EXPECT_EQ(out.str(), csv(run, "reading"));
}

TEST(Tables, SayWhenTheStreamTakesNoMore) {
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  const auto written = write_table_csv(Timeline{}, "span", out);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Errc::io);
}

}  // namespace
}  // namespace layerwatt
