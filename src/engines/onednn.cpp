// SPDX-License-Identifier: Apache-2.0
// oneDNN: the network layer by layer, one primitive after the other, by the algorithm that is asked for. Both
// ways to compute run the same primitives; marked, the clock is read between them. Execution on a CPU is over
// when execute() returns: https://oneapi-src.github.io/oneDNN/v2/dev_guide_basic_concepts.html.
#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <malloc.h>

#include <algorithm>
#include <cstring>

#include "engines/engine.h"
#include "engines/onednn_network.h"
#include "engines/onnxruntime_tensor.h"

namespace layerwatt {

namespace {

// Of the OpenMP that oneDNN was linked with, whichever that is. False when it has another way to run threads.
bool set_threads(int threads) {
  using SetThreads = void (*)(int);
  const auto set = reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
  if (set != nullptr) set(threads);
  return set != nullptr;
}

const char* name_of(dnnl::cpu_isa isa) {
  switch (isa) {
    case dnnl::cpu_isa::sse41: return "SSE4.1";
    case dnnl::cpu_isa::avx: return "AVX";
    case dnnl::cpu_isa::avx2: return "AVX2";
    case dnnl::cpu_isa::avx512_core: return "AVX-512";
    case dnnl::cpu_isa::avx512_core_vnni: return "AVX-512 with VNNI";
    case dnnl::cpu_isa::avx512_core_bf16: return "AVX-512 with BF16";
    case dnnl::cpu_isa::avx512_core_amx: return "AVX-512 with AMX";
    default: return "other";
  }
}

class OnednnEngine final : public Engine {
 public:
  static Result<std::unique_ptr<Engine>> open(const Machine& machine, const std::filesystem::path& model,
                                              const Network& network, const EngineOptions& options);

  [[nodiscard]] std::map<std::string, std::string> circumstances() const override { return circumstances_; }
  [[nodiscard]] std::span<const Layer> layers() const override { return layers_; }
  Result<void> load() override {
    for (const Input& input : inputs_)
      std::memcpy(input.bound, input.source.bytes().data(), input.source.bytes().size());
    return {};
  }
  Result<void> compute() override;
  Result<void> compute_marked(SpanSink& sink) override;
  Result<void> unload() override {
    std::memcpy(output_.data(), network_.output.get_data_handle(), output_.size() * sizeof(float));
    return {};
  }
  [[nodiscard]] std::span<const float> output() const override { return output_; }

 private:
  struct Input {
    TensorMemory source;
    void* bound;
  };
  explicit OnednnEngine(const Clock& clock) : clock_{clock} {}
  Result<void> fill_inputs(const Network& network, std::uint64_t seed);
  void describe(const EngineOptions& options, bool threads_set);

  const Clock& clock_;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  OnednnNetwork network_;
  std::vector<Layer> layers_;
  std::vector<Input> inputs_;
  std::vector<float> output_;
  std::map<std::string, std::string> circumstances_;
};

Result<void> execute(const OnednnStep& step, dnnl::stream& stream) {
  try {
    step.primitive.execute(stream, step.arguments);
    return {};
  } catch (const dnnl::error& error) {
    return Error{Errc::unsupported, step.layer.name, fmt::format("oneDNN: {}", error.what())};
  }
}

Result<void> OnednnEngine::compute() {
  for (const OnednnStep& step : network_.steps)
    if (auto done = execute(step, stream_); !done) return done;
  stream_.wait();
  return {};
}

Result<void> OnednnEngine::compute_marked(SpanSink& sink) {
  Instant begin = clock_.now();
  for (std::uint32_t layer = 0; layer < network_.steps.size(); ++layer) {
    if (auto done = execute(network_.steps[layer], stream_); !done) return done;
    const Instant end = clock_.now();
    sink.layer(layer, begin, end);
    begin = end;
  }
  stream_.wait();
  return {};
}

// The same values as every engine gives this network for this seed.
Result<void> OnednnEngine::fill_inputs(const Network& network, std::uint64_t seed) {
  std::mt19937_64 generator{seed};
  for (const TensorDescription& input : network.inputs) {
    auto source = TensorMemory::allocate(input.name, static_cast<int>(ElementType::float32), input.shape);
    if (!source) return source.error();
    fill_random(*source, generator);
    inputs_.push_back({std::move(*source), network_.inputs.at(input.name).get_data_handle()});
  }
  return {};
}

void OnednnEngine::describe(const EngineOptions& options, bool threads_set) {
  const dnnl::version_t* version = dnnl::version();
  const ConvolutionChoice& choice = options.convolutions;
  circumstances_["engine"] = "onednn";
  circumstances_["engine.version"] = fmt::format("{}.{}.{}", version->major, version->minor, version->patch);
  circumstances_["engine.instructions"] = name_of(dnnl::get_effective_cpu_isa());
  circumstances_["engine.threads"] = threads_set ? std::to_string(options.threads) : "as OpenMP is set";
  circumstances_["engine.marks"] = "live, at every primitive";
  circumstances_["engine.fusion"] = options.fuse ? "on" : "off";
  circumstances_["engine.input"] = fmt::format("random, seed {}", options.seed);
  circumstances_["engine.convolutions"] =
      fmt::format("{}{}", layerwatt::name_of(choice.usual),
                  choice.of_layer.empty() ? "" : fmt::format(", {} of their own", choice.of_layer.size()));
  if (!network_.fell_back.empty())
    circumstances_["engine.convolutions_not_as_asked"] =
        fmt::format("{} of {}: {}", network_.fell_back.size(), network_.convolutions,
                    fmt::join(network_.fell_back, ", "));
  if (!network_.removed.empty())
    circumstances_["engine.removed_layers"] = fmt::format("{}", fmt::join(network_.removed, ", "));
}

Result<std::unique_ptr<Engine>> OnednnEngine::open(const Machine& machine, const std::filesystem::path& model,
                                                   const Network& network, const EngineOptions& options) {
  if (options.threads < 1) return Error{Errc::malformed, "threads", "must be at least 1"};
  if (!options.level.empty())
    return Error{Errc::unsupported, options.level,
                 "engine onednn has no levels: --no-fusion and --conv say what it does"};
  if (options.spinning)
    return Error{
        Errc::unsupported, "--spinning",
        "is onnxruntime's; OpenMP, which onednn uses, is told by OMP_WAIT_POLICY in the environment"};
  const bool threads_set = set_threads(options.threads);
  std::unique_ptr<OnednnEngine> engine{new OnednnEngine{machine.clock()}};
  {
    const auto weights = OnnxModel::open(model);
    if (!weights) return weights.error();
    auto built = build_onednn(engine->engine_, *weights, network, {options.convolutions, options.fuse});
    if (!built) return built.error();
    engine->network_ = std::move(*built);
  }
  ::malloc_trim(0);  // the weights as the file has them
  if (auto filled = engine->fill_inputs(network, options.seed); !filled) return filled.error();
  for (const OnednnStep& step : engine->network_.steps) engine->layers_.push_back(step.layer);
  engine->output_.resize(engine->network_.output.get_desc().get_size() / sizeof(float));
  engine->describe(options, threads_set);
  return std::unique_ptr<Engine>{std::move(engine)};
}

}  // namespace

extern const EngineDriver onednn_driver;
const EngineDriver onednn_driver{
    "onednn", "oneDNN 2 on the CPU, layer by layer, each convolution by the algorithm asked for",
    OnednnEngine::open};

}  // namespace layerwatt
