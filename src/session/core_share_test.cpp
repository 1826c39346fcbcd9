// SPDX-License-Identifier: Apache-2.0
#include "session/core_share.h"

#include <gmock/gmock.h>

namespace layerwatt {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(CoreShare, LeavesTheLastCoreToTheSampler) {
  const auto share = share_cores({0, 1, 4, 5}, {});
  ASSERT_TRUE(share);
  EXPECT_THAT(share->network, ElementsAre(0, 1, 4));
  EXPECT_EQ(share->sampling, 5);
}

TEST(CoreShare, GivesTheOnlyCoreToTheNetwork) {
  const auto share = share_cores({3}, {});
  ASSERT_TRUE(share);
  EXPECT_THAT(share->network, ElementsAre(3));
  EXPECT_EQ(share->sampling, std::nullopt);
}

TEST(CoreShare, MovesTheSamplerOutOfTheWay) {
  const auto share = share_cores({0, 1, 2, 3}, {2, 3});
  ASSERT_TRUE(share);
  EXPECT_THAT(share->network, ElementsAre(2, 3));
  EXPECT_EQ(share->sampling, 1);
}

TEST(CoreShare, HasNoneForTheSamplerWhereAllAreAskedFor) {
  const auto share = share_cores({0, 1}, {0, 1});
  ASSERT_TRUE(share);
  EXPECT_EQ(share->sampling, std::nullopt);
}

TEST(CoreShare, RefusesCoresThatAreNotThere) {
  const auto share = share_cores({0, 1, 2, 5}, {1, 3});
  ASSERT_FALSE(share);
  EXPECT_EQ(share.error().code, Errc::not_found);
  EXPECT_EQ(share.error().where, "CPU 3");
  EXPECT_THAT(share.error().detail, HasSubstr("0-2,5"));
}

TEST(CoreShare, KnowsWhatThisProcessMayUse) {
  ASSERT_FALSE(allowed_cores().empty());
  EXPECT_EQ(sampling_core().has_value(), allowed_cores().size() > 1);
}

}  // namespace
}  // namespace layerwatt
