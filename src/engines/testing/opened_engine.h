// SPDX-License-Identifier: Apache-2.0
// For tests of engines: networks in a private folder, an engine opened on them, a sink that remembers.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <latch>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "engines/engine.h"
#include "engines/onnxruntime_library.h"

namespace layerwatt::testing {

// Removed with all that is in it.
class PrivateFolder {
 public:
  PrivateFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "layerwatt-engine-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;
  ~PrivateFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] bool is_empty() const { return std::filesystem::is_empty(path_); }

 private:
  std::filesystem::path path_;
};

struct RecordedSpan {
  std::uint32_t layer;
  Instant begin, end;
};

class Recorder final : public SpanSink {
 public:
  Recorder() { spans.reserve(4096); }
  void layer(std::uint32_t layer, Instant begin, Instant end) override {
    spans.push_back({layer, begin, end});
  }
  std::vector<RecordedSpan> spans;
};

inline const EngineDriver& engine_named(std::string_view name) {
  for (const EngineDriver* driver : engine_drivers())
    if (driver->name == name) return *driver;
  std::abort();  // tests are built with the engine they test
}

inline EngineOptions options_in(const PrivateFolder& folder, const std::string& level) {
  EngineOptions options;
  options.level = level;
  options.hook_folder = LAYERWATT_BUILD;
  options.private_folder = folder.path();
  return options;
}

// A small network, written down node by node.
class SmallModel {
 public:
  SmallModel() {
    model_.set_ir_version(7);
    model_.add_opset_import()->set_version(13);
    model_.mutable_graph()->set_name("small");
  }
  void input(const std::string& name, int element_type, const std::vector<std::string>& dimensions) {
    describe(*model_.mutable_graph()->add_input(), name, element_type, dimensions);
  }
  void output(const std::string& name, int element_type, const std::vector<std::string>& dimensions) {
    describe(*model_.mutable_graph()->add_output(), name, element_type, dimensions);
  }
  onnx::NodeProto& node(const std::string& type, const std::string& name,
                        const std::vector<std::string>& inputs, const std::vector<std::string>& outputs) {
    onnx::NodeProto& node = *model_.mutable_graph()->add_node();
    node.set_op_type(type);
    node.set_name(name);
    for (const auto& input : inputs) node.add_input(input);
    for (const auto& output : outputs) node.add_output(output);
    return node;
  }
  void weight(const std::string& name, const std::vector<std::int64_t>& shape, float value) {
    onnx::TensorProto& tensor = *model_.mutable_graph()->add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    std::int64_t count = 1;
    for (const std::int64_t extent : shape) {
      tensor.add_dims(extent);
      count *= extent;
    }
    for (std::int64_t i = 0; i < count; ++i) tensor.add_float_data(value);
  }
  // Values between `least` and `least` + 1, all different.
  void varied_weight(const std::string& name, const std::vector<std::int64_t>& shape, float least = -0.5F) {
    weight(name, shape, 0);
    onnx::TensorProto& tensor = *model_.mutable_graph()->mutable_initializer()->rbegin();
    for (int i = 0; i < tensor.float_data_size(); ++i)
      tensor.set_float_data(i, least + std::fmod(0.618034F * static_cast<float>(i + 1), 1.0F));
  }
  [[nodiscard]] onnx::ModelProto& proto() { return model_; }
  [[nodiscard]] std::filesystem::path write(const PrivateFolder& folder) const {
    const auto path = folder.path() / "small.onnx";
    std::ofstream file{path, std::ios::binary};
    model_.SerializeToOstream(&file);
    return path;
  }

 private:
  // A dimension is a number or the name of a dynamic one.
  static void describe(onnx::ValueInfoProto& value, const std::string& name, int element_type,
                       const std::vector<std::string>& dimensions) {
    value.set_name(name);
    auto& tensor = *value.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(element_type);
    tensor.mutable_shape();
    for (const auto& dimension : dimensions) {
      auto& added = *tensor.mutable_shape()->add_dim();
      if (dimension.find_first_not_of("0123456789") == std::string::npos)
        added.set_dim_value(std::stoll(dimension));
      else
        added.set_dim_param(dimension);
    }
  }
  onnx::ModelProto model_;
};

// Every layer of the network is a source of one executed layer, or removed; MACs are conserved.
inline void expect_every_source_once(const Network& network, const Engine& engine) {
  std::map<std::string, int> seen;
  std::int64_t macs = 0;
  for (const Layer& layer : engine.layers()) {
    for (const auto& source : layer.sources) ++seen[source];
    EXPECT_EQ(layer.sources.empty(), layer.type == "layout") << layer.name;
    macs += layer.macs.value_or(0);
  }
  const auto circumstances = engine.circumstances();
  const auto removed = circumstances.find("engine.removed_layers");
  std::int64_t expected = 0;
  for (const Layer& layer : network.layers) {
    const bool is_removed = removed != circumstances.end() &&
                            (", " + removed->second + ",").find(" " + layer.name + ",") != std::string::npos;
    EXPECT_EQ(seen[layer.name] + (is_removed ? 1 : 0), 1) << layer.name;
    expected += layer.macs.value_or(0);
  }
  EXPECT_EQ(macs, expected);
}

// Skips, loudly, where there is no ONNX Runtime that can be tested.
class WithOnnxruntime : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto library = open_onnxruntime(Machine::host(), {});
    if (!library) GTEST_SKIP() << library.error().where << ": " << library.error().detail;
  }

  Result<std::unique_ptr<Engine>> open(const std::filesystem::path& model, const std::string& level) const {
    return open(model, options_in(folder, level));
  }
  Result<std::unique_ptr<Engine>> open(const std::filesystem::path& model, const EngineOptions& options,
                                       std::string_view engine = "onnxruntime") const {
    ReadOptions read;
    read.batch = options.batch;
    const auto network = read_onnx(model, read);
    if (!network) return network.error();
    return engine_named(engine).open(Machine::host(), model, *network, options);
  }

  // A zoo network, written once for a test.
  std::filesystem::path zoo_network(const std::string& name) const {
    const auto path = models.path() / (name + ".onnx");
    const auto written = write_zoo_network(name, 1, path);
    EXPECT_TRUE(written) << written.error().detail;
    return path;
  }
  std::filesystem::path lenet() const { return zoo_network("lenet5"); }

  static std::vector<float> infer(Engine& engine) {
    const auto context = engine.make_context();
    EXPECT_TRUE(context) << context.error().detail;
    EXPECT_TRUE((*context)->load(0));
    EXPECT_TRUE((*context)->compute());
    EXPECT_TRUE((*context)->unload());
    return {(*context)->output().begin(), (*context)->output().end()};
  }

  // Contexts that compute at the same time on threads of their own, marked and unmarked in turn, answer as
  // one alone, and each has the marks of its own inference: all layers once, in order, one after the other.
  static void expect_contexts_keep_apart(Engine& engine, std::size_t count) {
    constexpr int inferences = 20;
    const std::vector<float> alone = infer(engine);
    std::vector<std::unique_ptr<ExecutionContext>> contexts;
    for (std::size_t i = 0; i < count; ++i) {
      auto made = engine.make_context();
      ASSERT_TRUE(made) << made.error().detail;
      contexts.push_back(std::move(*made));
    }
    std::latch all_there{static_cast<std::ptrdiff_t>(count)};
    const auto run = [&](ExecutionContext& context) {
      all_there.arrive_and_wait();
      for (int i = 0; i < inferences; ++i) {
        Recorder recorder;
        ASSERT_TRUE(context.load(0));
        ASSERT_TRUE(i % 2 == 0 ? context.compute_marked(recorder) : context.compute());
        ASSERT_TRUE(context.unload());
        ASSERT_THAT(context.output(), ::testing::ElementsAreArray(alone));
        if (i % 2 != 0) continue;
        ASSERT_EQ(recorder.spans.size(), engine.layers().size());
        for (std::size_t l = 0; l < recorder.spans.size(); ++l) {
          ASSERT_EQ(recorder.spans[l].layer, l);
          const Instant before = l == 0 ? Instant{} : recorder.spans[l - 1].end;
          ASSERT_GE(recorder.spans[l].begin, before);
        }
      }
    };
    std::vector<std::jthread> threads;
    for (const auto& context : contexts) threads.emplace_back([&run, &context] { run(*context); });
  }

  const PrivateFolder models, folder;
};

}  // namespace layerwatt::testing
