// SPDX-License-Identifier: Apache-2.0
#include "engines/onnxruntime_library.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "engines/testing/opened_engine.h"

namespace layerwatt {
namespace {

TEST(OnnxruntimeLibrary, KnowsWhichVersionsAreNewEnough) {
  EXPECT_TRUE(is_supported_onnxruntime("1.25.0"));
  EXPECT_TRUE(is_supported_onnxruntime("1.30.0-dev"));
  EXPECT_TRUE(is_supported_onnxruntime("2.0.0"));
  EXPECT_FALSE(is_supported_onnxruntime("1.24.3"));
  EXPECT_FALSE(is_supported_onnxruntime("1.9.0"));
  EXPECT_FALSE(is_supported_onnxruntime("0.99"));
  EXPECT_FALSE(is_supported_onnxruntime("1."));
  EXPECT_FALSE(is_supported_onnxruntime(""));
  EXPECT_FALSE(is_supported_onnxruntime("newest"));
}

TEST(OnnxruntimeLibrary, FindsWhatPipInstalls) {
  const testing::PrivateFolder root;
  const auto put = [&](const std::string& file) {
    const auto path = root.path() / file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream{path} << "x";
  };
  put("home/lib/python3.11/site-packages/onnxruntime/capi/libonnxruntime.so.1.30.0");
  put("home/lib/python3.11/site-packages/onnxruntime/capi/onnxruntime_pybind11_state.so");
  put("usr/local/lib/python3.11/dist-packages/onnxruntime/capi/libonnxruntime.so.1.27.0");
  put("usr/lib/python2.7/site-packages/onnxruntime/capi/libonnxruntime.so.1.0.0");
  const Machine machine{root.path(), system_clock()};
  EXPECT_THAT(pip_onnxruntime(machine, {"/home"}),
              ::testing::ElementsAre(
                  "/home/lib/python3.11/site-packages/onnxruntime/capi/libonnxruntime.so.1.30.0",
                  "/usr/local/lib/python3.11/dist-packages/onnxruntime/capi/libonnxruntime.so.1.27.0"));
}

TEST(OnnxruntimeLibrary, TriesNothingElseWhenTheOneAskedForFails) {
  const auto library = open_onnxruntime(Machine::host(), "/nowhere/libonnxruntime.so.1");
  ASSERT_FALSE(library);
  EXPECT_EQ(library.error().code, Errc::not_found);
  EXPECT_EQ(library.error().where, "/nowhere/libonnxruntime.so.1");
}

TEST(OnnxruntimeLibrary, RefusesALibraryThatIsSomethingElse) {
  const auto library = open_onnxruntime(Machine::host(), "libc.so.6");
  ASSERT_FALSE(library);
  EXPECT_EQ(library.error().code, Errc::malformed);
}

TEST(OnnxruntimeLibrary, OpensNothingForARecordedMachine) {
  const testing::PrivateFolder root;
  const Machine machine{root.path(), system_clock()};
  EXPECT_FALSE(open_onnxruntime(machine, {}));
}

class OnnxruntimeOfThisMachine : public testing::WithOnnxruntime {};

TEST_F(OnnxruntimeOfThisMachine, IsOpenedByTheOptionBeforeAllElse) {
  const auto found = open_onnxruntime(Machine::host(), {});
  const auto asked = open_onnxruntime(Machine::host(), found->path);
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->found_by, "option");
  EXPECT_EQ(std::filesystem::canonical(asked->path), std::filesystem::canonical(found->path));
  EXPECT_EQ(asked->version, found->version);
}

}  // namespace
}  // namespace layerwatt
