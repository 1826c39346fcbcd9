// SPDX-License-Identifier: Apache-2.0
#include "timeline/layer_columns.h"

#include <gtest/gtest.h>

namespace layerwatt {
namespace {

TEST(LayerColumns, AreReadableJson) {
  EXPECT_EQ(json_of(std::vector<std::string>{"conv1", "a\"b"}), R"(["conv1","a\"b"])");
  EXPECT_EQ(json_of(std::vector<std::int64_t>{3, -1}), "[3,-1]");
  EXPECT_EQ(json_of(std::vector<Shape>{{1, 3}, {}}), "[[1,3],[]]");
}

TEST(LayerColumns, ReplaceWhatIsNotUtf8) {
  const auto back = texts_in(json_of(std::vector<std::string>{"a\xFF"}));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->at(0), "a\xEF\xBF\xBD");
}

TEST(LayerColumns, RejectWhatIsNotTheListExpected) {
  const std::string deep(100'000, '['), long_list = "[" + std::string(1 << 21, ' ') + "]";
  for (const std::string& text :
       {std::string{}, std::string{"{}"}, std::string{"[1,2"}, std::string{"[1.5]"},
        std::string{"[9223372036854775808]"}, std::string{"[null]"}, deep, long_list})
    EXPECT_FALSE(numbers_in(text)) << text.substr(0, 40);
  EXPECT_FALSE(texts_in("[1]"));
  EXPECT_FALSE(shapes_in("[1]"));
  EXPECT_FALSE(shapes_in("[[[1]]]"));
}

}  // namespace
}  // namespace layerwatt
