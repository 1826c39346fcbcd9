// SPDX-License-Identifier: Apache-2.0
// OpenCV's DNN module on the CPU, which reads Caffe's files by itself, and ONNX: a second opinion. It cannot
// be asked for marks; its profiler tells how long each layer of the last inference took, and these durations
// are stacked from where the inference began, as Holly 2020 did with TensorRT's. What stands between layers
// ends up after them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <opencv2/core/utility.hpp>
#include <opencv2/dnn.hpp>

#include "engines/engine.h"
#include "engines/opencv_layers.h"
#include "engines/source_input.h"
#include "engines/tensor_index.h"

namespace layerwatt {

namespace {

// It would print what it throws.
int say_nothing(int, const char*, const char*, const char*, int, void*) { return 0; }

// What its rows are, and where each is in the profile.
struct Execution {
  OpencvRows rows;
  std::vector<std::size_t> timing;
};

class OpencvContext final : public ExecutionContext {
 public:
  explicit OpencvContext(const Clock& clock) : clock_{clock} {}
  Result<void> read(const std::filesystem::path& model, const Network& network, const EngineOptions& options);
  // One inference shows which layers are executed.
  Result<Execution> probe(const Network& network);
  void take(const std::vector<std::size_t>& timing) { timing_of_ = timing; }

  Result<void> load(std::uint64_t number) override;
  Result<void> compute() override;
  Result<void> compute_marked(SpanSink& sink) override;
  Result<void> unload() override;
  [[nodiscard]] std::span<const float> output() const override { return output_; }

 private:
  struct Input {
    std::string name;
    SourceInput source;
    std::vector<int> shape;
  };
  Result<void> find_output(const Network& network);

  const Clock& clock_;
  cv::dnn::Net net_;
  std::vector<Input> inputs_;
  std::string output_layer_;
  cv::Mat result_;
  std::vector<std::size_t> timing_of_;  // of each row, in the profile
  std::vector<double> timings_;
  std::vector<float> output_;
};

template <class Work>
Result<void> guarded(const std::string& where, Work work) {
  try {
    work();
    return {};
  } catch (const std::exception& error) {
    std::string said = error.what();  // "OpenCV(4.6.0) place: error: (-215:...) why in function ...\n"
    std::replace(said.begin(), said.end(), '\n', ' ');
    return Error{Errc::unsupported, where, fmt::format("{}; engine onnxruntime may run it", said)};
  }
}

Result<void> OpencvContext::load(std::uint64_t number) {
  return guarded("input", [&] {
    for (const Input& input : inputs_) {
      // OpenCV reads it and no more.
      const cv::Mat values{input.shape, CV_32F, const_cast<float*>(input.source.floats(number).data())};
      net_.setInput(values, input.name);
    }
  });
}

Result<void> OpencvContext::compute() {
  return guarded("inference", [&] { result_ = net_.forward(output_layer_); });
}

Result<void> OpencvContext::compute_marked(SpanSink& sink) {
  const Instant begin = clock_.now();
  if (auto done = compute(); !done) return done;
  const Instant end = clock_.now();
  if (auto told = guarded("profile", [&] { net_.getPerfProfile(timings_); }); !told) return told;
  const double nanoseconds_a_tick = 1e9 / cv::getTickFrequency();
  Instant at = begin;
  for (std::uint32_t layer = 0; layer < timing_of_.size(); ++layer) {
    const auto took = std::chrono::nanoseconds{
        static_cast<std::int64_t>(timings_.at(timing_of_[layer]) * nanoseconds_a_tick)};
    const Instant until = std::min(at + took, end);
    sink.layer(layer, at, until);
    at = until;
  }
  return {};
}

Result<void> OpencvContext::unload() {
  output_.resize(result_.total());
  if (!result_.isContinuous() || result_.type() != CV_32F)
    return Error{Errc::unsupported, output_layer_, "gives an output that does not lie in one piece"};
  std::memcpy(output_.data(), result_.ptr<float>(), output_.size() * sizeof(float));
  return {};
}

Result<void> OpencvContext::read(const std::filesystem::path& model, const Network& network,
                                 const EngineOptions& options) {
  const bool caffe = model.extension() == ".prototxt";
  if (caffe && options.weights.empty())
    return Error{Errc::unsupported, model.string(), "has no weights: name its caffemodel with --weights"};
  auto done = guarded(model.string(), [&] {
    net_ = caffe ? cv::dnn::readNetFromCaffe(model.string(), options.weights.string())
                 : cv::dnn::readNetFromONNX(model.string());
    net_.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
    net_.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
    net_.enableFusion(options.fuse);
  });
  if (!done) return done;
  auto sources = source_inputs(network.inputs, options);
  if (!sources) return sources.error();
  for (std::size_t i = 0; i < sources->size(); ++i) {
    SourceInput& source = (*sources)[i];
    if (network.inputs[i].element_type != "float32")
      return Error{Errc::unsupported, network.inputs[i].name,
                   "is " + network.inputs[i].element_type + "; engine opencv computes float32"};
    std::vector<int> shape(source.shape().begin(), source.shape().end());
    inputs_.push_back({network.inputs[i].name, std::move(source), std::move(shape)});
  }
  return find_output(network);
}

Result<void> OpencvContext::find_output(const Network& network) {
  const std::string& tensor = network.outputs.front().name;
  const TensorIndex tensors{network};
  const auto maker = tensors.maker.find(tensor);
  const std::string layer = maker != tensors.maker.end() ? network.layers[maker->second].name : tensor;
  return guarded(network.name, [&] {
    const auto names = net_.getLayerNames();
    const auto found = std::find_if(names.begin(), names.end(), [&](const cv::String& name) {
      return network_name(name) == layer || network_name(name) == tensor;
    });
    output_layer_ = found != names.end() ? *found : names.back();
  });
}

Result<Execution> OpencvContext::probe(const Network& network) {
  if (auto loaded = load(0); !loaded) return loaded.error();
  if (auto computed = compute(); !computed) return computed.error();
  if (result_.type() != CV_32F)
    return Error{Errc::unsupported, network.outputs.front().name, "is an output of other than float32"};
  std::vector<OpencvLayer> listed;
  std::vector<std::size_t> timing;
  const auto asked = guarded(network.name, [&] {
    net_.getPerfProfile(timings_);
    for (const cv::String& name : net_.getLayerNames()) {
      const int number = net_.getLayerId(name);  // the input is 0, which has no time
      if (number < 1 || static_cast<std::size_t>(number) > timings_.size()) continue;
      timing.push_back(static_cast<std::size_t>(number) - 1);
      listed.push_back({name, net_.getLayer(number)->type, timings_[timing.back()] > 0});
    }
  });
  if (!asked) return asked.error();
  Execution execution{map_opencv(network, listed), {}};
  for (const std::size_t executed : execution.rows.executed) execution.timing.push_back(timing[executed]);
  return execution;
}

// A net of OpenCV computes one inference at a time, so each context has one of its own.
class OpencvEngine final : public Engine {
 public:
  static Result<std::unique_ptr<Engine>> open(const Machine& machine, const std::filesystem::path& model,
                                              const Network& network, const EngineOptions& options);

  [[nodiscard]] std::map<std::string, std::string> circumstances() const override { return circumstances_; }
  [[nodiscard]] std::span<const Layer> layers() const override { return execution_.rows.layers; }
  Result<std::unique_ptr<ExecutionContext>> make_context() override {
    if (!first_) {
      auto another = std::make_unique<OpencvContext>(clock_);
      if (auto read = another->read(model_, network_, options_); !read) return read.error();
      first_ = std::move(another);
    }
    first_->take(execution_.timing);
    return std::unique_ptr<ExecutionContext>{std::move(first_)};
  }

 private:
  OpencvEngine(const Clock& clock, std::filesystem::path model, const Network& network,
               const EngineOptions& options)
      : clock_{clock}, model_{std::move(model)}, network_{network}, options_{options} {}
  void describe(const EngineOptions& options);

  const Clock& clock_;
  const std::filesystem::path model_;
  const Network network_;
  const EngineOptions options_;
  std::unique_ptr<OpencvContext> first_;
  Execution execution_;
  std::map<std::string, std::string> circumstances_;
};

void OpencvEngine::describe(const EngineOptions& options) {
  circumstances_["engine"] = "opencv";
  circumstances_["engine.version"] = cv::getVersionString();
  circumstances_["engine.threads"] = std::to_string(options.threads);
  circumstances_["engine.marks"] =
      "none: durations by OpenCV's profiler, stacked from the start of each inference";
  circumstances_["engine.fusion"] = options.fuse ? "on" : "off";
  if (!execution_.rows.removed.empty())
    circumstances_["engine.removed_layers"] = fmt::format("{}", fmt::join(execution_.rows.removed, ", "));
}

Result<std::unique_ptr<Engine>> OpencvEngine::open(const Machine& machine, const std::filesystem::path& model,
                                                   const Network& network, const EngineOptions& options) {
  if (options.threads < 1) return Error{Errc::malformed, "threads", "must be at least 1"};
  if (!options.level.empty())
    return Error{Errc::unsupported, options.level, "engine opencv has no levels, only --no-fusion"};
  if (options.spinning)
    return Error{Errc::unsupported, "--spinning", "is onnxruntime's; opencv has no such choice"};
  if (options.convolutions.asks_for_something())
    return Error{Errc::unsupported, "--conv", "is of engines onednn and acl; opencv lets nobody choose"};
  if (network.inputs.empty() || network.outputs.empty())
    return Error{Errc::unsupported, network.name, "has no input or no output"};
  cv::redirectError(say_nothing);
  cv::setNumThreads(options.threads);
  std::unique_ptr<OpencvEngine> engine{new OpencvEngine{machine.clock(), model, network, options}};
  engine->first_ = std::make_unique<OpencvContext>(machine.clock());
  if (auto done = engine->first_->read(model, network, options); !done) return done.error();
  auto execution = engine->first_->probe(network);
  if (!execution) return execution.error();
  engine->execution_ = std::move(*execution);
  engine->describe(options);
  return std::unique_ptr<Engine>{std::move(engine)};
}

}  // namespace

extern const EngineDriver opencv_driver;
const EngineDriver opencv_driver{
    "opencv", "OpenCV on the CPU, Caffe files without conversion; its profiler's durations, stacked",
    OpencvEngine::open, true};

}  // namespace layerwatt
