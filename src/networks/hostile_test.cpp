// SPDX-License-Identifier: Apache-2.0
// Files that are not what they claim. Each is refused with a sentence that says what is wrong and where, and
// costs no more than it weighs.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <limits>
#include <random>

#include "networks/testing/describe.h"

namespace layerwatt {
namespace {

using testing::AnyOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using List = std::vector<std::int64_t>;
namespace fs = std::filesystem;

constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();

TinyModel plain() {
  TinyModel model;
  model.input("x", {1, 2, 8, 8}).weights("w", {4, 2, 3, 3}).node("Conv", "conv", {"x", "w"}).output("conv");
  return model;
}

std::string refusal_at(const fs::path& path, Errc code = Errc::malformed) {
  const auto network = read_onnx(path);
  if (network) {
    ADD_FAILURE() << path << " was not refused";
    return "";
  }
  EXPECT_EQ(network.error().code, code);
  EXPECT_EQ(network.error().where, path.string());
  return network.error().detail;
}

TEST(Hostile, AMissingFileIsNotFound) { refusal_at("/nowhere/at/all.onnx", Errc::not_found); }

TEST(Hostile, AFolderIsNoModel) {
  const ScratchFolder folder;
  EXPECT_THAT(refusal_at(folder.path()), HasSubstr("directory"));
}

TEST(Hostile, ADeviceIsNoModelAndIsNotWaitedFor) {
  EXPECT_THAT(refusal_at("/dev/zero"), HasSubstr("not a regular file"));
  const ScratchFolder folder;
  const auto pipe = folder.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(refusal_at(pipe), HasSubstr("not a regular file"));
}

TEST(Hostile, AnEmptyFileIsNoModel) { EXPECT_THAT(refusal_of(std::string{}), HasSubstr("empty")); }

TEST(Hostile, OtherFormatsAreNamed) {
  EXPECT_THAT(refusal_of(std::string{"\x89PNG\r\n\x1a\n...."}), HasSubstr("PNG"));
  EXPECT_THAT(refusal_of(std::string{"PK\x03\x04 archive"}), HasSubstr("torch.onnx"));
  EXPECT_THAT(refusal_of(std::string{"version https://git-lfs.github.com/spec/v1\n"}),
              HasSubstr("git lfs pull"));
  EXPECT_THAT(refusal_of(std::string{"<!DOCTYPE html><html>"}), HasSubstr("HTML"));
}

TEST(Hostile, MoreThanProtobufTakesIsRefusedUnread) {
  const ScratchFolder folder;
  const auto path = folder.write("sparse.onnx", "x");
  if (::truncate(path.c_str(), off_t{3} << 30) != 0)
    GTEST_SKIP() << "cannot make a sparse file of 3 GiB here";
  EXPECT_THAT(refusal_at(path), HasSubstr("external data"));
}

TEST(Hostile, EveryTruncationOfAModelIsRefusedOrDescribed) {
  const std::string whole = plain().bytes();
  int refused = 0;
  for (std::size_t length = 1; length < whole.size(); ++length)
    refused += read_bytes(whole.substr(0, length)) ? 0 : 1;
  // The last field, the opset, can be missing; whatever cuts the graph cannot.
  EXPECT_GE(refused, static_cast<int>(whole.size()) - 8);
  EXPECT_THAT(refusal_of(whole.substr(0, whole.size() / 2)), HasSubstr("at byte"));
}

TEST(Hostile, RandomBytesAreRefused) {
  std::mt19937_64 generator{1};
  for (int i = 0; i < 300; ++i) {
    std::string bytes(1 + generator() % 4096, '\0');
    for (char& byte : bytes) byte = static_cast<char>(generator());
    EXPECT_FALSE(read_bytes(bytes));
  }
}

TEST(Hostile, ALengthBeyondTheFileIsFoundBeforeAnythingIsAllocated) {
  // Field 7 of the model, the graph, claims 2 GiB - 1.
  EXPECT_THAT(refusal_of(std::string{"\x08\x07\x3a\xff\xff\xff\xff\x07 tiny", 13}),
              HasSubstr("claims 2147483647 bytes, but only 5 are left"));
}

TEST(Hostile, AnInitializerThatClaimsMoreThanItHoldsIsRefused) {
  TinyModel model = plain();
  model.graph().mutable_initializer(0)->set_dims(0, std::int64_t{1} << 29);
  EXPECT_THAT(refusal_of(model), HasSubstr("\"w\" claims"));
  model.graph().mutable_initializer(0)->clear_raw_data();
  EXPECT_THAT(refusal_of(model), HasSubstr("holds at most 0"));
}

// libonnx reads where the type says elements are, without looking whether there are any.
TEST(Hostile, ElementsWhereThoseOfAnotherTypeLieAreNone) {
  TinyModel model;
  onnx::TensorProto& two = *model.graph().add_initializer();
  two.set_name("two");
  two.set_data_type(onnx::TensorProto::INT32);
  two.add_int64_data(2);
  model.node("Range", "range", {"two", "two", "two"}).output("range");
  EXPECT_THAT(refusal_of(model), HasSubstr("claims 1 elements of int32 but holds at most 0"));
}

TEST(Hostile, DimensionsWhoseProductOverflowsAreRefused) {
  TinyModel weights = plain();
  for (int i = 0; i < 4; ++i) weights.graph().mutable_initializer(0)->set_dims(i, huge);
  EXPECT_THAT(refusal_of(weights), HasSubstr("more elements than any machine holds"));
  TinyModel input;
  input.input("x", {huge, huge}).node("Relu", "relu", {"x"}).output("relu");
  EXPECT_THAT(refusal_of(input), HasSubstr("input \"x\""));
}

TEST(Hostile, NegativeDimensionsAreRefused) {
  TinyModel weights = plain();
  weights.graph().mutable_initializer(0)->set_dims(0, -4);
  EXPECT_THAT(refusal_of(weights), HasSubstr("negative dimension"));
  TinyModel input;
  input.input("x", {1, -5}).node("Relu", "relu", {"x"}).output("relu");
  EXPECT_THAT(refusal_of(input), HasSubstr("negative dimension"));
}

TEST(Hostile, ALayerThatWouldMakeAnAbsurdTensorIsRefused) {
  TinyModel model = plain();
  model.with("pads", List{std::int64_t{1} << 40, 0, 0, std::int64_t{1} << 40});
  EXPECT_THAT(refusal_of(model), HasSubstr("made by layer \"conv\""));
}

TEST(Hostile, PadsThatOverflowAreSaid) {
  TinyModel model = plain();
  model.with("pads", List{huge, huge, huge, huge});
  EXPECT_THAT(describe(model).not_inferred, Contains(HasSubstr("does not fit")));
}

TEST(Hostile, StridesKernelsAndGroupsMustBePositive) {
  for (const std::int64_t bad :
       {std::int64_t{0}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::min()}) {
    EXPECT_THAT(refusal_of(plain().with("strides", List{bad, 1})), HasSubstr("layer \"conv\" has strides"));
    EXPECT_THAT(refusal_of(plain().with("dilations", List{1, bad})), HasSubstr("dilations"));
    EXPECT_THAT(refusal_of(plain().with("group", bad)), HasSubstr("groups"));
    if (bad == -1) continue;  // a kernel that is not known
    EXPECT_THAT(refusal_of(plain().with("kernel_shape", List{bad, 3})), HasSubstr("kernel"));
  }
}

TEST(Hostile, ACycleIsRefusedAndNamed) {
  TinyModel model;
  model.input("x", {1, 4}).node("Add", "first", {"x", "third"}).node("Relu", "second", {"first"});
  model.node("Relu", "third", {"second"}).output("third");
  EXPECT_THAT(refusal_of(model), testing::AllOf(HasSubstr("cyclic"), HasSubstr("\"second\"")));
}

TEST(Hostile, ANodeThatReadsItselfIsACycle) {
  TinyModel model;
  model.input("x", {1, 4}).node("Add", "self", {"x", "self"}).output("self");
  EXPECT_THAT(refusal_of(model), HasSubstr("cyclic"));
}

TEST(Hostile, TensorsMadeTwiceOrByNobodyAreRefused) {
  TinyModel twice;
  twice.input("x", {1, 4}).node("Relu", "a", {"x"}, {"y"}).node("Tanh", "b", {"x"}, {"y"}).output("y");
  EXPECT_THAT(refusal_of(twice), HasSubstr("\"y\" is made twice"));
  TinyModel nobody;
  nobody.node("Relu", "a", {"ghost"}).output("a");
  EXPECT_THAT(refusal_of(nobody), HasSubstr("\"ghost\", which nothing makes"));
  TinyModel output = plain();
  output.output("ghost");
  EXPECT_THAT(refusal_of(output), HasSubstr("output \"ghost\""));
}

TEST(Hostile, AGraphWithoutLayersIsRefused) {
  TinyModel model;
  model.input("x", {1, 4}).output("x");
  EXPECT_THAT(refusal_of(model), HasSubstr("no layers"));
}

TEST(Hostile, NamesMustBeUtf8AndMessagesShowNoControlCharacters) {
  TinyModel model = plain();
  model.last().set_name("bad \xff\xfe");
  EXPECT_THAT(refusal_of(model), HasSubstr("not UTF-8"));
  TinyModel escape;
  escape.node("Relu", "a", {"\x1b[2J"}).output("a");
  EXPECT_THAT(refusal_of(escape), testing::AllOf(HasSubstr("\\x1b"), Not(HasSubstr("\x1b"))));
}

TEST(Hostile, GraphsNestedTooDeeplyAreRefused) {
  // attribute { g { node { attribute { g ... } } } }, from the inside out
  std::string nested;
  const auto wrapped = [](char tag, const std::string& inner) {
    std::string bytes(1, tag);
    for (std::size_t rest = inner.size(); bytes.size() < 5; rest >>= 7)
      bytes.push_back(static_cast<char>((rest & 0x7f) | 0x80));
    return bytes + '\0' + inner;
  };
  for (int depth = 0; depth < 2000; ++depth) nested = wrapped(0x2a, wrapped(0x32, wrapped(0x0a, nested)));
  const std::string node = wrapped(0x0a, wrapped(0x22, "If") + nested);
  EXPECT_THAT(refusal_of("\x08\x07" + wrapped(0x3a, node)), AnyOf(HasSubstr("nested"), HasSubstr("damaged")));
}

class ExternalData : public testing::Test {
 protected:
  ExternalData() { fs::create_directory(folder_.path() / "model"); }

  Result<Network> read(const std::string& location, const std::string& length = "") {
    TinyModel model = plain();
    onnx::TensorProto& weights = *model.graph().mutable_initializer(0);
    weights.clear_raw_data();
    weights.set_data_location(onnx::TensorProto::EXTERNAL);
    const auto add = [&](const char* key, const std::string& value) {
      auto& entry = *weights.add_external_data();
      entry.set_key(key);
      entry.set_value(value);
    };
    add("location", location);
    if (!length.empty()) add("length", length);
    return read_onnx(folder_.write("model/model.onnx", model.bytes()));
  }

  std::string refusal(const std::string& location, const std::string& length = "") {
    const auto network = read(location, length);
    EXPECT_FALSE(network) << location;
    if (network) return "";
    EXPECT_EQ(network.error().code, Errc::malformed);
    return network.error().detail;
  }

  ScratchFolder folder_;
};

TEST_F(ExternalData, BesideTheModelIsDescribed) {
  folder_.write("model/weights.bin", std::string(288, '\0'));
  const auto network = read("weights.bin", "288");
  ASSERT_TRUE(network) << network.error().detail;
  EXPECT_EQ(network->layers.at(0).parameters, 72);
  EXPECT_THAT(network->not_inferred, testing::IsEmpty());
}

TEST_F(ExternalData, OutsideTheFolderIsRefused) {
  folder_.write("secret", std::string(288, '\0'));
  EXPECT_THAT(refusal("../secret"), HasSubstr("climbs out"));
  EXPECT_THAT(refusal("../model/../secret"), HasSubstr("climbs out"));
  EXPECT_THAT(refusal((folder_.path() / "secret").string()), HasSubstr("absolute"));
  fs::create_symlink("../secret", folder_.path() / "model" / "link");
  EXPECT_THAT(refusal("link"), HasSubstr("symbolic link"));
  fs::create_directory_symlink("..", folder_.path() / "model" / "up");
  EXPECT_THAT(refusal("up/secret"), HasSubstr("symbolic link"));
}

TEST_F(ExternalData, ThatIsNoFileIsRefused) {
  EXPECT_THAT(refusal(""), HasSubstr("names no file"));
  EXPECT_THAT(refusal("."), HasSubstr("not a regular file"));
}

TEST_F(ExternalData, ShorterThanClaimedIsRefused) {
  folder_.write("model/weights.bin", std::string(100, '\0'));
  EXPECT_THAT(refusal("weights.bin", "288"), HasSubstr("ends behind the end"));
  EXPECT_THAT(refusal("weights.bin"), HasSubstr("ends behind the end"));
  EXPECT_THAT(refusal("weights.bin", "100"), HasSubstr("the shape needs 288"));
  EXPECT_THAT(refusal("weights.bin", "-1"), HasSubstr("not a number of bytes"));
  EXPECT_THAT(refusal("weights.bin", "99999999999999999999"), HasSubstr("not a number of bytes"));
}

TEST_F(ExternalData, ThatIsMissingIsDescribedWithANote) {
  const auto network = read("gone.bin");
  ASSERT_TRUE(network) << network.error().detail;
  EXPECT_EQ(network->layers.at(0).parameters, 72);
  EXPECT_THAT(network->not_inferred, Contains(HasSubstr("missing")));
}

// What would be quadratic anywhere: many nodes, one name for all of them, and every tensor read by all after.
TEST(Hostile, AHundredThousandNodesWithOneNameAreDescribed) {
  constexpr int count = 100'000;
  TinyModel model;
  model.input("t0", {1, 4});
  for (int i = 0; i < count; ++i)
    model.node("Add", "same", {"t" + std::to_string(i), "t0"}, {"t" + std::to_string(i + 1)});
  model.output("t" + std::to_string(count));
  const Network network = describe(model);
  ASSERT_EQ(network.layers.size(), std::size_t{count});
  EXPECT_EQ(network.layers.back().name, "same_" + std::to_string(count));
}

TEST(Hostile, ANodeWithMillionsOfInputsIsRefused) {
  TinyModel model;
  model.input("x", Shape(60, 1)).node("Concat", "all", {"x"}).with("axis", 0).output("all");
  for (int i = 0; i < 5'000'000; ++i) model.last().add_input("x");
  EXPECT_THAT(refusal_of(model), HasSubstr("inputs and outputs"));
}

// A cycle through nodes with very many inputs each is found without walking all of them at every step.
TEST(Hostile, ACycleOfManyNodesWithManyInputsIsRefused) {
  constexpr int count = 1000;
  TinyModel model;
  model.input("x", {1});
  for (int i = 0; i < count; ++i) {
    model.node("Sum", "n" + std::to_string(i), {"n" + std::to_string((i + 1) % count)});
    for (int k = 0; k < 1000; ++k) model.last().add_input("x");
  }
  EXPECT_THAT(refusal_of(model.output("n0")), HasSubstr("cyclic"));
}

TEST(Hostile, AHundredThousandUnknownOperatorsGiveAFewSentences) {
  TinyModel model;
  model.import("x", 1).input("t", {1});
  for (int i = 0; i < 100'000; ++i) {
    const std::string name = "u" + std::to_string(i);
    model.node("Unknown" + std::to_string(i), name, {"t"}).in_domain("x");
  }
  model.output("u0");
  EXPECT_LE(describe(model).not_inferred.size(), 60U);
}

// Each doubles the dimensions of the one before: refused long before the shapes fill the memory.
TEST(Hostile, RanksThatGrowWithoutEndAreRefused) {
  TinyModel model;
  model.input("t0", {1});
  for (int i = 0; i < 40; ++i) {
    const std::string n = std::to_string(i);
    model.integers("axes" + n, {0, 1, 2, 3})
        .node("Unsqueeze", "u" + n, {"t" + n, "axes" + n}, {"t" + std::to_string(i + 1)});
  }
  EXPECT_THAT(refusal_of(model.output("t40")), HasSubstr("dimensions, more than"));
}

// libonnx 1.12 crashes over each of these: found by tests/fuzz.
void expect_not_inferred(TinyModel& model, const std::string& why) {
  EXPECT_THAT(describe(model.output("y")).not_inferred, Contains(HasSubstr(why))) << why;
}

TEST(Hostile, DimensionsThatLibonnxWouldReadMustExist) {
  TinyModel gemm{7};
  gemm.input("a", {3}).input("b", {3, 4}).node("Gemm", "y", {"a", "b", "b"}, {"y"});
  expect_not_inferred(gemm, "its input 0 has 1 dimensions");
  TinyModel norm{17};
  norm.input("x", {8}).weights("s", {2, 2}).node("LayerNormalization", "y", {"x", "s"}, {"y", "mean"});
  expect_not_inferred(norm.with("axis", -2), "axis -2 of an input with 1 dimensions");
  TinyModel pool;
  pool.input("x", {2, 2}).weights("r", {2, 2}).node("MaxRoiPool", "y", {"x", "r"}, {"y"});
  expect_not_inferred(pool.with("pooled_shape", List{}), "its input 0 has 2 dimensions");
  TinyModel gather;
  gather.input("x", {2, 3}).integers("i", {1}).node("GatherND", "y", {"x", "i"}, {"y"});
  expect_not_inferred(gather.with("batch_dims", -1), "axis -1");
}

TEST(Hostile, OperatorsThatLibonnxCannotBeTrustedWithAreSaid) {
  TinyModel sum;
  sum.input("x", {5, 8}).node("Einsum", "y", {"x"}, {"y"});
  expect_not_inferred(sum.with("equation", "NC"), "libonnx cannot be trusted with its equation");
  TinyModel split;
  split.input("x", {6})
      .weights("by", {}, onnx::TensorProto::INT64, 8)
      .node("SplitToSequence", "y", {"x", "by"}, {"y"});
  expect_not_inferred(split, "libonnx cannot be trusted with it");
}

}  // namespace
}  // namespace layerwatt
