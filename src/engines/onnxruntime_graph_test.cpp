// SPDX-License-Identifier: Apache-2.0
#include "engines/onnxruntime_graph.h"

#include <gmock/gmock.h>

#include "engines/testing/opened_engine.h"

namespace layerwatt {
namespace {

using ::testing::ElementsAre;

TEST(OnnxruntimeGraph, JoinsEventsWithTheNodesTheyNameInOrderOfExecution) {
  const auto joined = join_observed({{"b_kernel_time", "Relu"}, {"a_kernel_time", "Conv"}},
                                    {{"a", "Conv", "", {"x"}, {"y"}}, {"b", "Relu", "", {"y"}, {"z"}}});
  ASSERT_EQ(joined.size(), 2u);
  EXPECT_EQ(joined[0].name, "b");
  EXPECT_THAT(joined[0].outputs, ElementsAre("z"));
  EXPECT_THAT(joined[1].outputs, ElementsAre("y"));
}

TEST(OnnxruntimeGraph, TakesNodesOfOneNameOneAfterTheOther) {
  const auto joined = join_observed({{"a_kernel_time", "Conv"}, {"a_kernel_time", "Conv"}},
                                    {{"a", "Conv", "", {}, {"y"}}, {"a", "Conv", "", {}, {"z"}}});
  EXPECT_THAT(joined[0].outputs, ElementsAre("y"));
  EXPECT_THAT(joined[1].outputs, ElementsAre("z"));
}

TEST(OnnxruntimeGraph, KeepsAnEventThatNoNodeExplains) {
  const auto joined = join_observed({{"new_kernel_time", "Conv"}}, {{"a", "Conv", "", {}, {"y"}}});
  ASSERT_EQ(joined.size(), 1u);
  EXPECT_EQ(joined[0].name, "new");
  EXPECT_TRUE(joined[0].outputs.empty());
}

TEST(OnnxruntimeGraph, RefusesAFileThatIsNoModel) {
  const testing::PrivateFolder folder;
  std::ofstream{folder.path() / "x.onnx"} << "no model";
  EXPECT_EQ(read_optimised_graph(folder.path() / "x.onnx").error().code, Errc::malformed);
  EXPECT_EQ(read_optimised_graph(folder.path() / "missing.onnx").error().code, Errc::malformed);
}

}  // namespace
}  // namespace layerwatt
