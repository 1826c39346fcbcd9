// SPDX-License-Identifier: Apache-2.0
// oneDNN: the network layer by layer, one primitive after the other, by the algorithm that is asked for. Both
// ways to compute run the same primitives; marked, the clock is read between them. Execution on a CPU is over
// when execute() returns: https://oneapi-src.github.io/oneDNN/v2/dev_guide_basic_concepts.html.
#include <dlfcn.h>
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <cstring>

#include "engines/engine.h"
#include "engines/marked_steps.h"
#include "engines/onednn_memory.h"
#include "engines/onednn_network.h"
#include "engines/source_input.h"

namespace layerwatt {

namespace {

// Of the OpenMP that oneDNN was linked with, whichever that is: it counts for the thread that it is called
// on, and primitives must be run by as many as they were made for. Null when oneDNN has another way to run
// threads.
using SetThreads = void (*)(int);
SetThreads find_set_threads() {
  return reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
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

class OnednnContext;

class OnednnEngine final : public Engine {
 public:
  static Result<std::unique_ptr<Engine>> open(const Machine& machine, const std::filesystem::path& model,
                                              const Network& network, const EngineOptions& options);

  [[nodiscard]] std::map<std::string, std::string> circumstances() const override { return circumstances_; }
  [[nodiscard]] std::span<const Layer> layers() const override { return layers_; }
  Result<std::unique_ptr<ExecutionContext>> make_context() override;

 private:
  friend class OnednnContext;
  OnednnEngine(const Clock& clock, int threads) : clock_{clock}, threads_{threads} {}
  Result<void> fill_inputs(const Network& network, const EngineOptions& options);
  void describe(const EngineOptions& options);

  const Clock& clock_;
  int threads_;
  SetThreads set_threads_ = find_set_threads();
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  OnednnNetwork network_;
  std::vector<Layer> layers_;
  std::map<std::string, SourceInput> inputs_;
  std::map<std::string, std::string> circumstances_;
  bool first_made_ = false;
};

class OnednnContext final : public ExecutionContext {
 public:
  OnednnContext(const OnednnEngine& engine, OnednnMemory memory)
      : engine_{engine},
        stream_{engine.engine_},
        memory_{std::move(memory)},
        output_(memory_.output.get_desc().get_size() / sizeof(float)) {}

  Result<void> load(std::uint64_t input) override {
    if (engine_.set_threads_ != nullptr) engine_.set_threads_(engine_.threads_);
    for (const auto& [name, source] : engine_.inputs_) {
      const auto bytes = source.bytes(input);
      std::memcpy(memory_.inputs.at(name).get_data_handle(), bytes.data(), bytes.size());
    }
    return {};
  }
  Result<void> compute() override;
  Result<void> compute_marked(SpanSink& sink) override;
  Result<void> unload() override {
    std::memcpy(output_.data(), memory_.output.get_data_handle(), output_.size() * sizeof(float));
    return {};
  }
  [[nodiscard]] std::span<const float> output() const override { return output_; }

 private:
  Result<void> execute(std::size_t step);

  const OnednnEngine& engine_;
  dnnl::stream stream_;
  OnednnMemory memory_;
  std::vector<float> output_;
};

Result<void> OnednnContext::execute(std::size_t step) {
  const OnednnStep& executed = engine_.network_.steps[step];
  try {
    executed.primitive.execute(stream_, memory_.of_step[step]);
    return {};
  } catch (const dnnl::error& error) {
    return Error{Errc::unsupported, executed.layer.name, fmt::format("oneDNN: {}", error.what())};
  }
}

Result<void> OnednnContext::compute() {
  for (std::size_t step = 0; step < memory_.of_step.size(); ++step)
    if (auto done = execute(step); !done) return done;
  stream_.wait();
  return {};
}

Result<void> OnednnContext::compute_marked(SpanSink& sink) {
  const auto steps = static_cast<std::uint32_t>(memory_.of_step.size());
  auto done = mark_steps(engine_.clock_, steps, sink, [this](std::uint32_t step) { return execute(step); });
  if (done) stream_.wait();
  return done;
}

Result<void> OnednnEngine::fill_inputs(const Network& network, const EngineOptions& options) {
  auto sources = source_inputs(network.inputs, options);
  if (!sources) return sources.error();
  for (std::size_t i = 0; i < sources->size(); ++i)
    inputs_.emplace(network.inputs[i].name, std::move((*sources)[i]));
  return {};
}

Result<std::unique_ptr<ExecutionContext>> OnednnEngine::make_context() {
  try {
    auto memory = first_made_ ? another_memory(network_, engine_) : memory_of(network_, engine_);
    first_made_ = true;
    return std::unique_ptr<ExecutionContext>{std::make_unique<OnednnContext>(*this, std::move(memory))};
  } catch (const dnnl::error& error) {
    return Error{Errc::unsupported, "memory for an inference", fmt::format("oneDNN: {}", error.what())};
  }
}

void OnednnEngine::describe(const EngineOptions& options) {
  const dnnl::version_t* version = dnnl::version();
  circumstances_["engine"] = "onednn";
  circumstances_["engine.version"] = fmt::format("{}.{}.{}", version->major, version->minor, version->patch);
  circumstances_["engine.instructions"] = name_of(dnnl::get_effective_cpu_isa());
  circumstances_["engine.threads"] =
      set_threads_ != nullptr ? std::to_string(options.threads) : "as OpenMP is set";
  circumstances_["engine.marks"] = "live, at every primitive";
  put_account(network_.account, options, circumstances_);
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
  std::unique_ptr<OnednnEngine> engine{new OnednnEngine{machine.clock(), options.threads}};
  if (engine->set_threads_ != nullptr) engine->set_threads_(options.threads);
  {
    const auto weights = OnnxModel::open(model);
    if (!weights) return weights.error();
    auto built = build_onednn(engine->engine_, *weights, network, options);
    if (!built) return built.error();
    engine->network_ = std::move(*built);
  }
  ::malloc_trim(0);  // the weights as the file has them
  if (auto filled = engine->fill_inputs(network, options); !filled) return filled.error();
  for (const OnednnStep& step : engine->network_.steps) engine->layers_.push_back(step.layer);
  engine->describe(options);
  return std::unique_ptr<Engine>{std::move(engine)};
}

}  // namespace

extern const EngineDriver onednn_driver;
const EngineDriver onednn_driver{
    "onednn", "oneDNN 2 on the CPU, layer by layer, each convolution by the algorithm asked for",
    OnednnEngine::open};

}  // namespace layerwatt
