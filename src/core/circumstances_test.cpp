// SPDX-License-Identifier: Apache-2.0
#include "core/circumstances.h"

#include <gtest/gtest.h>

#include <set>

namespace layerwatt {
namespace {

TEST(Circumstances, AreEmptyWhereNotKnown) {
  EXPECT_EQ(circumstance({{"engine", "onednn"}}, "engine"), "onednn");
  EXPECT_EQ(circumstance({{"engine", "onednn"}}, "engine.level"), "");
}

TEST(Circumstances, CountFromOneWhateverTheFileSays) {
  EXPECT_EQ(counted({{"batch", "8"}}, "batch"), 8U);
  for (const char* text : {"", "0", "-3", "many", "99999999999999999999"})
    EXPECT_EQ(counted({{"batch", text}}, "batch"), 1U) << text;
  EXPECT_EQ(counted({}, "batch"), 1U);
}

TEST(Circumstances, NameTheNetworkByItsFileWhereItHasNoName) {
  EXPECT_EQ(model_name({{"model.name", "resnet18"}, {"model", "/a/b.onnx"}}), "resnet18");
  EXPECT_EQ(model_name({{"model", "/a/b.onnx"}}), "b.onnx");
  EXPECT_EQ(model_name({}), "");
}

TEST(Settings, HaveEachKeyAndColumnOnce) {
  std::set<std::string> keys, columns;
  for (const Setting& setting : run_settings()) {
    EXPECT_TRUE(keys.insert(setting.key).second) << setting.key;
    const std::string column = setting.column;
    EXPECT_TRUE(column.empty() || columns.insert(column).second) << column;
  }
}

}  // namespace
}  // namespace layerwatt
