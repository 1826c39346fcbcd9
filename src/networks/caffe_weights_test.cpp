// SPDX-License-Identifier: Apache-2.0
// Caffemodels of both formats, and files that are not what they claim.
#include "networks/caffe_weights.h"

#include <gmock/gmock.h>

#include <cstring>

#include "networks/testing/scratch_folder.h"
#include "networks/testing/tiny_caffemodel.h"

namespace layerwatt {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Caffemodel : public testing::Test {
 protected:
  Result<CaffeWeights> open(const std::string& bytes) {
    return CaffeWeights::open(folder_.write("net.caffemodel", bytes));
  }
  std::vector<float> values(const std::string& bytes, const std::string& layer, std::size_t blob = 0) {
    auto weights = open(bytes);
    EXPECT_TRUE(weights) << weights.error().detail;
    if (!weights || weights->of(layer) == nullptr) return {};
    const auto data = weights->data(weights->of(layer)->at(blob));
    EXPECT_TRUE(data) << data.error().detail;
    std::vector<float> read(data->size() / sizeof(float));
    std::memcpy(read.data(), data->data(), data->size());
    return read;
  }
  std::string refusal(const std::string& bytes) {
    const auto weights = open(bytes);
    if (weights) {
      ADD_FAILURE() << "was not refused";
      return "";
    }
    EXPECT_THAT(weights.error().where, HasSubstr("net.caffemodel"));
    return weights.error().detail;
  }
  // A layer "a" whose blob is these bytes.
  static std::string with_blob(const std::string& blob) {
    return TinyCaffemodel::delimited(100,
                                     TinyCaffemodel::delimited(1, "a") + TinyCaffemodel::delimited(7, blob));
  }
  ScratchFolder folder_;
};

TEST_F(Caffemodel, GivesTheBlobsOfALayerByItsName) {
  TinyCaffemodel model;
  model.layer("a", {{{2, 1}, {1, 2}}, {{2}, {3, 4}}}).layer("b", {{{1}, {5}}});
  EXPECT_THAT(values(model.bytes(), "a"), ElementsAre(1, 2));
  EXPECT_THAT(values(model.bytes(), "a", 1), ElementsAre(3, 4));
  EXPECT_THAT(values(model.bytes(), "b"), ElementsAre(5));
  EXPECT_EQ(open(model.bytes())->of("c"), nullptr);
}

TEST_F(Caffemodel, OfTheOlderFormatHasFourDimensions) {
  TinyCaffemodel model;
  model.layer("a", {{{2, 3}, {1, 2, 3, 4, 5, 6}}}, true);
  const auto weights = open(model.bytes());
  ASSERT_TRUE(weights) << weights.error().detail;
  EXPECT_THAT(weights->of("a")->at(0).shape, ElementsAre(1, 1, 2, 3));
  EXPECT_THAT(values(model.bytes(), "a"), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST_F(Caffemodel, NumbersOneByOneAndDoublesAreReadToo) {
  std::string one_by_one;
  for (const float value : {1.5F, 2.5F})
    one_by_one += TinyCaffemodel::varint((5 << 3) | 5) + TinyCaffemodel::floats({value});
  EXPECT_THAT(values(with_blob(one_by_one), "a"), ElementsAre(1.5F, 2.5F));
  const double doubles[] = {0.25, -3};
  const std::string_view raw{reinterpret_cast<const char*>(doubles), sizeof doubles};
  EXPECT_THAT(values(with_blob(TinyCaffemodel::delimited(8, raw)), "a"), ElementsAre(0.25F, -3.0F));
}

// Snapshots may hold gradients as well: diff = 6.
TEST_F(Caffemodel, GradientsAreNoWeights) {
  const std::string blob = TinyCaffemodel::delimited(5, TinyCaffemodel::floats({7})) +
                           TinyCaffemodel::delimited(6, TinyCaffemodel::floats({8}));
  EXPECT_THAT(values(with_blob(blob), "a"), ElementsAre(7));
}

TEST_F(Caffemodel, TruncatedAnywhereIsRefusedOrHasLessLayers) {
  TinyCaffemodel model;
  model.layer("a", {{{2}, {1, 2}}}).layer("b", {{{1}, {5}}});
  const std::string whole = model.bytes();
  for (std::size_t length = 1; length < whole.size(); ++length) {
    const auto weights = open(whole.substr(0, length));
    if (weights) {
      EXPECT_EQ(weights->layers(), 1U) << length;
    } else {
      EXPECT_EQ(weights.error().code, Errc::malformed) << length;
    }
  }
}

TEST_F(Caffemodel, ABlobWhoseShapeContradictsItsNumbersIsRefused) {
  const std::string dims =
      TinyCaffemodel::delimited(7, TinyCaffemodel::delimited(1, TinyCaffemodel::varint(1000000)));
  EXPECT_THAT(refusal(with_blob(dims + TinyCaffemodel::delimited(5, TinyCaffemodel::floats({1})))),
              HasSubstr("a blob of 1000000 has 1 numbers"));
  const std::string negative = TinyCaffemodel::number(1, ~std::uint64_t{0});
  EXPECT_THAT(refusal(with_blob(negative)), HasSubstr("negative"));
}

TEST_F(Caffemodel, AClaimOfMoreThanTheFileHoldsIsFoundBeforeAnythingIsAllocated) {
  EXPECT_THAT(
      refusal(TinyCaffemodel::varint((100 << 3) | 2) + TinyCaffemodel::varint(std::uint64_t{1} << 60)),
      HasSubstr("claims"));
}

TEST_F(Caffemodel, OtherFormatsAreNamed) {
  EXPECT_THAT(refusal("\x89HDF\r\n\x1a\n........"), HasSubstr("HDF5"));
  EXPECT_THAT(refusal(with_blob(TinyCaffemodel::delimited(12, "ab"))), HasSubstr("half precision"));
  EXPECT_THAT(refusal(TinyCaffemodel::delimited(2, TinyCaffemodel::delimited(1, ""))),
              HasSubstr("first format"));
  EXPECT_THAT(refusal(TinyCaffemodel::delimited(1, "only a name")), HasSubstr("no layer has any"));
}

}  // namespace
}  // namespace layerwatt
