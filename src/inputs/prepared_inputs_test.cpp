// SPDX-License-Identifier: Apache-2.0
#include "inputs/prepared_inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/temporary_tree.h"

namespace layerwatt {
namespace {

using testing::HasSubstr;

// Takes pictures of two pixels, one value each, and knows ten classes.
Network tiny_network(std::int64_t batch = 1) {
  Network network;
  network.inputs.push_back({"data", "uint8", {batch, 1, 1, 2}});
  network.outputs.push_back({"scores", "float32", {batch, 10}});
  return network;
}

class Prepared : public testing::Test {
 protected:
  // Picture i holds the values i and i.
  void put_pictures(const std::string& folder, int count) {
    for (int i = 0; i < count; ++i)
      tree_.put(folder + "/" + std::to_string(i) + ".pgm",
                "P5 2 1 255\n" + std::string(2, static_cast<char>(i)));
  }
  static int first_value(std::span<const std::byte> bytes, std::size_t picture = 0) {
    return std::to_integer<int>(bytes[2 * picture]);
  }
  static PreparedInputs prepare(const InputRequest& request, const Network& network = tiny_network()) {
    auto made = PreparedInputs::prepare(request, network);
    EXPECT_TRUE(made) << made.error().where << ": " << made.error().detail;
    return std::move(*made);
  }
  static std::string refusal(const InputRequest& request, const Network& network = tiny_network()) {
    const auto made = PreparedInputs::prepare(request, network);
    EXPECT_FALSE(made);
    return made ? "" : made.error().where + ": " + made.error().detail;
  }
  InputRequest of(const std::string& folder) {
    InputRequest request;
    request.input = tree_.at(folder).string();
    return request;
  }
  const TemporaryTree tree_;
};

TEST_F(Prepared, RandomIsLeftToTheEngine) {
  const PreparedInputs made = prepare({});
  EXPECT_EQ(made.set(), nullptr);
  EXPECT_EQ(made.circumstances(), (std::map<std::string, std::string>{{"input", "random"}}));
}

TEST_F(Prepared, MadePicturesAreBlackWhiteAndFromOneToTheOther) {
  const auto values = [](const char* name) {
    InputRequest request;
    request.input = name;
    const PreparedInputs made = prepare(request);
    const auto bytes = made.set()->input(7);
    return std::pair{std::to_integer<int>(bytes[0]), std::to_integer<int>(bytes[1])};
  };
  EXPECT_EQ(values("black"), (std::pair{0, 0}));
  EXPECT_EQ(values("white"), (std::pair{255, 255}));
  EXPECT_EQ(values("gradient"), (std::pair{0, 255}));
}

TEST_F(Prepared, EveryInferenceIsGivenTheNextPictureAndThenTheFirstAgain) {
  put_pictures("/set", 3);
  const PreparedInputs made = prepare(of("/set"));
  for (std::uint64_t number = 0; number < 7; ++number)
    EXPECT_EQ(first_value(made.set()->input(number)), static_cast<int>(number % 3));
  EXPECT_EQ(made.circumstances().at("input.pictures"), "3");
}

TEST_F(Prepared, ABatchTakesTheNextPicturesAcrossTheEnd) {
  put_pictures("/set", 3);
  const PreparedInputs made = prepare(of("/set"), tiny_network(2));
  for (std::uint64_t number = 0; number < 7; ++number)
    for (std::size_t place = 0; place < 2; ++place)
      EXPECT_EQ(first_value(made.set()->input(number), place), static_cast<int>((2 * number + place) % 3));
  put_pictures("/one", 1);  // fewer pictures than a batch takes
  const PreparedInputs one = prepare(of("/one"), tiny_network(4));
  EXPECT_EQ(one.set()->input(5).size(), 8U);
}

TEST_F(Prepared, CopiesStandInPlacesOfTheirOwn) {
  put_pictures("/set", 2);
  InputRequest request = of("/set");
  request.copies = 3;
  const PreparedInputs made = prepare(request);
  EXPECT_EQ(made.set()->count(), 6U);
  for (std::uint64_t number = 0; number < 6; ++number) {
    EXPECT_EQ(first_value(made.set()->input(number)), static_cast<int>(number % 2));
    EXPECT_EQ(made.set()->input(number).data(), made.set()->input(0).data() + 2 * number);
  }
}

TEST_F(Prepared, TheHashTellsSetsApart) {
  put_pictures("/a", 3);
  put_pictures("/b", 3);
  put_pictures("/c", 2);
  const auto hash = [&](const std::string& folder) {
    return prepare(of(folder)).circumstances().at("input.hash");
  };
  EXPECT_EQ(hash("/a"), hash("/b"));
  EXPECT_NE(hash("/a"), hash("/c"));
}

TEST_F(Prepared, LabelledPicturesAreStagedABatchAtATime) {
  put_pictures("/set/4", 3);
  InputRequest request;
  request.input = "";
  request.labels = tree_.at("/set");
  PreparedInputs made = prepare(request, tiny_network(2));
  ASSERT_TRUE(made.has_labels());
  EXPECT_EQ(made.stage(0).value(), (std::vector<std::uint32_t>{4, 4}));
  EXPECT_EQ(first_value(made.set()->input(InputSet::staged), 1), 1);
  EXPECT_EQ(made.stage(2).value(), std::vector<std::uint32_t>{4});
  EXPECT_EQ(first_value(made.set()->input(InputSet::staged), 0), 2);
}

TEST_F(Prepared, OfTooManyPicturesSomeAreKeptSpreadOverAll) {
  Network large = tiny_network();
  large.inputs[0].shape = {1, 3, 8192, 8192};  // 192 MiB each: one beside what staging takes
  put_pictures("/set", 2);
  InputRequest request = of("/set");
  request.preprocessing.resize = "stretch";
  EXPECT_THAT(refusal(request, large), HasSubstr("512 MiB"));
}

TEST_F(Prepared, SaysWhatDoesNotFit) {
  put_pictures("/set/10", 1);
  InputRequest beyond;
  beyond.input = "";
  beyond.labels = tree_.at("/set");
  EXPECT_THAT(refusal(beyond), HasSubstr("class 10, and the network has 10: 0 to 9"));

  InputRequest labelled_random;
  labelled_random.labels = tree_.at("/set");
  EXPECT_THAT(refusal(labelled_random), HasSubstr("--labels"));
  InputRequest resized_random;
  resized_random.preprocessing.resize = "crop";
  EXPECT_THAT(refusal(resized_random), HasSubstr("--input random"));

  tree_.put("/mixed/a.pgm", "P5 2 1 255\n\1\1");
  tree_.put("/mixed/b.pgm", "P5 1 2 255\n\1\1");
  EXPECT_THAT(refusal(of("/mixed")), HasSubstr("b.pgm: is 1 x 2, and the network takes 2 x 1"));
  tree_.put("/bad/a.pgm", "P5 2 1 255\n\1");
  EXPECT_THAT(refusal(of("/bad")), HasSubstr("a.pgm: is cut short"));
}

}  // namespace
}  // namespace layerwatt
