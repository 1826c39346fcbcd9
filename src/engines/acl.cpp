// SPDX-License-Identifier: Apache-2.0
// Arm Compute Library on the CPU: the network layer by layer, one function after the other, by the algorithm
// that is asked for. Both ways to compute run the same functions; marked, the clock is read between them. A
// function is over when run() returns.
#include <arm_compute/core/CPP/CPPTypes.h>
#include <arm_compute/core/Version.h>
#include <arm_compute/runtime/NEON/NEScheduler.h>
#include <fmt/format.h>
#include <malloc.h>

#include <exception>

#include "engines/acl_network.h"
#include "engines/acl_tensor.h"
#include "engines/engine.h"
#include "engines/marked_steps.h"
#include "engines/source_input.h"

namespace layerwatt {

namespace {

using NamedInput = std::pair<std::string, SourceInput>;

class AclContext final : public ExecutionContext {
 public:
  AclContext(const Clock& clock, AclNetwork network, const std::vector<NamedInput>& inputs)
      : clock_{clock}, network_{std::move(network)}, inputs_{inputs} {
    std::size_t outputs = 1;
    for (const std::int64_t extent : network_.output_shape) outputs *= static_cast<std::size_t>(extent);
    output_.resize(outputs);
  }
  Result<void> load(std::uint64_t input) override {
    for (const auto& [name, source] : inputs_)
      copy_in(source.floats(input), source.shape(), AclOrder::onnx, *network_.inputs.at(name));
    return {};
  }
  Result<void> compute() override;
  Result<void> compute_marked(SpanSink& sink) override;
  Result<void> unload() override {
    copy_out(*network_.output, network_.output_shape, AclOrder::onnx, output_);
    return {};
  }
  [[nodiscard]] std::span<const float> output() const override { return output_; }

 private:
  const Clock& clock_;
  AclNetwork network_;
  const std::vector<NamedInput>& inputs_;
  std::vector<float> output_;
};

Result<void> run(const AclStep& step) {
  try {
    for (const auto& function : step.functions) function->run();
    return {};
  } catch (const std::exception& error) {
    return Error{Errc::unsupported, step.layer.name, fmt::format("Arm Compute Library: {}", error.what())};
  }
}

Result<void> AclContext::compute() {
  for (const AclStep& step : network_.steps)
    if (auto done = run(step); !done) return done;
  return {};
}

Result<void> AclContext::compute_marked(SpanSink& sink) {
  const auto steps = static_cast<std::uint32_t>(network_.steps.size());
  return mark_steps(clock_, steps, sink, [this](std::uint32_t step) { return run(network_.steps[step]); });
}

// A function holds its weights in an order of its own beside the memory that it computes in, so a context is
// made of functions of its own; the first of those that were made to look at the network.
class AclEngine final : public Engine {
 public:
  static Result<std::unique_ptr<Engine>> open(const Machine& machine, const std::filesystem::path& model,
                                              const Network& network, const EngineOptions& options);

  [[nodiscard]] std::map<std::string, std::string> circumstances() const override { return circumstances_; }
  [[nodiscard]] std::span<const Layer> layers() const override { return layers_; }
  Result<std::unique_ptr<ExecutionContext>> make_context() override {
    if (!first_) {
      auto another = build();
      if (!another) return another.error();
      first_ = std::move(*another);
    }
    auto made = std::make_unique<AclContext>(clock_, std::move(*first_), inputs_);
    first_.reset();
    return std::unique_ptr<ExecutionContext>{std::move(made)};
  }

 private:
  AclEngine(const Clock& clock, std::filesystem::path model, const Network& network,
            const EngineOptions& options)
      : clock_{clock}, model_{std::move(model)}, described_{network}, options_{options} {}
  Result<AclNetwork> build() const;
  void describe(const LayerAccount& account);

  const Clock& clock_;
  const std::filesystem::path model_;
  const Network described_;
  const EngineOptions options_;
  std::optional<AclNetwork> first_;
  std::vector<Layer> layers_;
  std::vector<NamedInput> inputs_;
  std::map<std::string, std::string> circumstances_;
};

Result<AclNetwork> AclEngine::build() const {
  const auto weights = OnnxModel::open(model_);
  if (!weights) return weights.error();
  return build_acl(*weights, described_, options_);
}

// "arm_compute_version=v20.08 Build options: ..."
std::string version() {
  const std::string all = arm_compute::build_information();
  const std::size_t begin = all.find("=v");
  if (begin == std::string::npos) return "unknown";
  return all.substr(begin + 2, all.find(' ', begin) - begin - 2);
}

void AclEngine::describe(const LayerAccount& account) {
  const arm_compute::CPUInfo& processor = arm_compute::NEScheduler::get().cpu_info();
  circumstances_["engine"] = "acl";
  circumstances_["engine.version"] = version();
  circumstances_["engine.instructions"] =
      fmt::format("NEON, for {}", arm_compute::cpu_model_to_string(processor.get_cpu_model()));
  circumstances_["engine.threads"] = std::to_string(options_.threads);
  circumstances_["engine.marks"] = "live, at every function";
  put_account(account, options_, circumstances_);
}

Result<std::unique_ptr<Engine>> AclEngine::open(const Machine& machine, const std::filesystem::path& model,
                                                const Network& network, const EngineOptions& options) {
  if (options.threads < 1) return Error{Errc::malformed, "threads", "must be at least 1"};
  if (!options.level.empty())
    return Error{Errc::unsupported, options.level,
                 "engine acl has no levels: --no-fusion and --conv say what it does"};
  if (options.spinning)
    return Error{Errc::unsupported, "--spinning", "is onnxruntime's; threads of acl sleep while they wait"};
  arm_compute::NEScheduler::get().set_num_threads(static_cast<unsigned>(options.threads));
  std::unique_ptr<AclEngine> engine{new AclEngine{machine.clock(), model, network, options}};
  auto built = engine->build();
  if (!built) return built.error();
  ::malloc_trim(0);  // the weights as the file has them
  auto inputs = source_inputs(network.inputs, options);
  if (!inputs) return inputs.error();
  for (std::size_t i = 0; i < inputs->size(); ++i)
    engine->inputs_.emplace_back(network.inputs[i].name, std::move((*inputs)[i]));
  for (const AclStep& step : built->steps) engine->layers_.push_back(step.layer);
  engine->describe(built->account);
  engine->first_ = std::move(*built);
  return std::unique_ptr<Engine>{std::move(engine)};
}

}  // namespace

extern const EngineDriver acl_driver;
const EngineDriver acl_driver{
    "acl", "Arm Compute Library on the CPU, layer by layer, each convolution by the algorithm asked for",
    AclEngine::open};

}  // namespace layerwatt
