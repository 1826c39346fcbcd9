// SPDX-License-Identifier: Apache-2.0
// ONNX Runtime, its CPU provider. One session serves both ways to compute: unmarked runs are not profiled,
// and then the plug-in is never called; marked runs are profiled one at a time. A profile of the whole
// session would cost more (a growing list of events of some 600 bytes) and cannot be started again once it
// was ended.
#include <fmt/format.h>
#include <malloc.h>

#include <array>

#include "engines/engine.h"
#include "engines/onnxruntime_binding.h"
#include "engines/onnxruntime_graph.h"
#include "engines/onnxruntime_library.h"
#include "engines/onnxruntime_marks.h"
#include "engines/onnxruntime_provider.h"

namespace layerwatt {

namespace {

// A profiled run writes its profile to a file whose name starts so; this one can never be opened, and nothing
// is written. We have the marks already.
constexpr const char* no_profile = "/dev/null/layerwatt";

struct Level {
  const char* name;
  int value;  // GraphOptimizationLevel
};
constexpr std::array<Level, 5> levels{
    {{"disabled", 0}, {"basic", 1}, {"extended", 2}, {"layout", 3}, {"all", 99}}};

Result<Level> level_named(const std::string& name) {
  if (name.empty()) return levels.back();
  for (const Level& level : levels)
    if (name == level.name) return level;
  return Error{Errc::not_found, name,
               "no such optimisation level; one of disabled, basic, extended, layout, all"};
}

class OnnxruntimeContext final : public ExecutionContext {
 public:
  OnnxruntimeContext(const Clock& clock, const OnnxruntimeProvider& provider, const OrtRunOptions* profiled,
                     OnnxruntimeBinding binding, OnnxruntimeOrder order)
      : provider_{provider},
        profiled_{profiled},
        binding_{std::move(binding)},
        marks_{clock, provider.describe(), std::move(order)} {}

  Result<void> load(std::uint64_t input) override {
    binding_.load(input);
    return {};
  }
  Result<void> compute() override { return binding_.run(nullptr); }
  Result<void> compute_marked(SpanSink& sink) override {
    marks_.start_reporting(sink);
    auto ran = run_heard();
    auto complete = marks_.stop_reporting();
    return ran ? complete : ran;
  }
  Result<void> unload() override {
    binding_.unload();
    return {};
  }
  [[nodiscard]] std::span<const float> output() const override { return binding_.output(); }

  // By an inference that is watched for it.
  Result<std::vector<ObservedNode>> observe() {
    marks_.start_observing();
    auto ran = run_heard();
    auto observed = marks_.stop_observing();
    if (!ran) return ran.error();
    return observed;
  }
  [[nodiscard]] const OnnxruntimeOrder& order() const { return marks_.order(); }

 private:
  Result<void> run_heard() {
    provider_.listen(marks_.listener());
    auto ran = binding_.run(profiled_);
    provider_.listen(nullptr);
    return ran;
  }
  const OnnxruntimeProvider& provider_;
  const OrtRunOptions* profiled_;
  OnnxruntimeBinding binding_;
  OnnxruntimeMarks marks_;
};

class OnnxruntimeEngine final : public Engine {
 public:
  static Result<std::unique_ptr<Engine>> open(const Machine& machine, const std::filesystem::path& model,
                                              const Network& network, const EngineOptions& options);
  OnnxruntimeEngine(const OnnxruntimeEngine&) = delete;
  OnnxruntimeEngine& operator=(const OnnxruntimeEngine&) = delete;

  [[nodiscard]] std::map<std::string, std::string> circumstances() const override { return circumstances_; }
  [[nodiscard]] std::span<const Layer> layers() const override { return layers_; }
  Result<std::unique_ptr<ExecutionContext>> make_context() override;

 private:
  OnnxruntimeEngine(const Machine& machine, OnnxruntimeLibrary library, const EngineOptions& options)
      : clock_{machine.clock()},
        batch_{options.batch},
        seed_{options.seed},
        inputs_{options.inputs},
        library_{std::move(library)} {}
  Result<void> open_provider(const Machine& machine, const EngineOptions& options);
  Result<void> open_session(const std::filesystem::path& model, Level level, const EngineOptions& options);
  [[nodiscard]] Result<OnnxruntimeHandle<OrtSessionOptions>> session_options(
      Level level, int threads, std::optional<bool> spinning = std::nullopt) const;
  [[nodiscard]] Result<OnnxruntimeHandle<OrtSession>> session(const std::filesystem::path& model,
                                                              const OrtSessionOptions* options) const;
  [[nodiscard]] Result<std::vector<ExecutedNode>> optimised_graph(const std::filesystem::path& model,
                                                                  Level level,
                                                                  const std::filesystem::path& folder) const;
  [[nodiscard]] Result<std::unique_ptr<OnnxruntimeContext>> context(OnnxruntimeOrder order) const;
  Result<void> map_layers(const Network& network);
  void describe(Level level, const EngineOptions& options);
  [[nodiscard]] const OnnxruntimeApi& api() const { return library_.api; }

  const Clock& clock_;
  std::int64_t batch_;
  std::uint64_t seed_;
  const InputSet* inputs_;  // null: random
  // In the order of what needs what: the last is released first.
  OnnxruntimeLibrary library_;
  OnnxruntimeHandle<OrtEnv> env_;
  std::optional<OnnxruntimeProvider> provider_;
  OnnxruntimeHandle<OrtSession> session_;
  OnnxruntimeHandle<OrtRunOptions> profiled_;
  std::unique_ptr<OnnxruntimeContext> first_;  // made when the network was opened, until asked for
  OnnxruntimeOrder order_;
  std::vector<ExecutedNode> graph_;
  std::vector<Layer> layers_;
  std::map<std::string, std::string> circumstances_;
};

Result<std::unique_ptr<OnnxruntimeContext>> OnnxruntimeEngine::context(OnnxruntimeOrder order) const {
  auto binding = OnnxruntimeBinding::open(api(), session_.get(), batch_, seed_, inputs_);
  if (!binding) return binding.error();
  return std::make_unique<OnnxruntimeContext>(clock_, *provider_, profiled_.get(), std::move(*binding),
                                              std::move(order));
}

Result<std::unique_ptr<ExecutionContext>> OnnxruntimeEngine::make_context() {
  if (first_) return std::unique_ptr<ExecutionContext>{std::move(first_)};
  auto made = context(order_);
  if (!made) return made.error();
  return std::unique_ptr<ExecutionContext>{std::move(*made)};
}

Result<void> OnnxruntimeEngine::open_provider(const Machine& machine, const EngineOptions& options) {
  auto provider = OnnxruntimeProvider::open(machine, options.hook_folder);
  if (!provider) return provider.error();
  // Whatever goes wrong comes back as a status, so nothing needs to be printed.
  auto env = made<OrtEnv>(api(), api().ReleaseEnv, library_.path, [&](OrtEnv** out) {
    return api().CreateEnv(onnxruntime_log_fatal, "layerwatt", out);
  });
  if (!env) return env.error();
  env_ = std::move(*env);
  provider_.emplace(std::move(*provider));
  if (auto done = provider_->register_with(api(), env_.get()); !done) return done;
  auto profiled = made<OrtRunOptions>(api(), api().ReleaseRunOptions, "run options",
                                      [&](OrtRunOptions** out) { return api().CreateRunOptions(out); });
  if (!profiled) return profiled.error();
  profiled_ = std::move(*profiled);
  return checked(api(), api().RunOptionsEnableProfiling(profiled_.get(), no_profile), "profiling");
}

Result<OnnxruntimeHandle<OrtSessionOptions>> OnnxruntimeEngine::session_options(
    Level level, int threads, std::optional<bool> spinning) const {
  auto options =
      made<OrtSessionOptions>(api(), api().ReleaseSessionOptions, "session options",
                              [&](OrtSessionOptions** out) { return api().CreateSessionOptions(out); });
  if (!options) return options.error();
  OrtSessionOptions* const o = options->get();
  auto done = checked(api(),
                      {api().SetSessionGraphOptimizationLevel(o, level.value),
                       api().SetIntraOpNumThreads(o, threads), api().SetInterOpNumThreads(o, 1)},
                      "session options");
  if (!done) return done.error();
  if (spinning)
    done = checked(api(),
                   api().AddSessionConfigEntry(o, "session.intra_op.allow_spinning", *spinning ? "1" : "0"),
                   "spinning");
  if (done) done = provider_->append_to(o);
  if (!done) return done.error();
  return options;
}

Result<OnnxruntimeHandle<OrtSession>> OnnxruntimeEngine::session(const std::filesystem::path& model,
                                                                 const OrtSessionOptions* options) const {
  return made<OrtSession>(api(), api().ReleaseSession, model.string(), [&](OrtSession** out) {
    return api().CreateSession(env_.get(), model.c_str(), options, out);
  });
}

// Has the optimised graph saved, since only that tells which tensors a fused node reads and writes. By a
// session of its own: one that saves its graph keeps the weights twice for as long as it lives.
Result<std::vector<ExecutedNode>> OnnxruntimeEngine::optimised_graph(
    const std::filesystem::path& model, Level level, const std::filesystem::path& folder) const {
  if (folder.empty()) return Error{Errc::not_found, "private folder", "there is none"};
  const auto options = session_options(level, 1);
  if (!options) return options.error();
  const auto saved = folder / "optimised.onnx";
  const std::string weights = "optimised.weights";
  const auto entry = [&](const char* key, const char* value) {
    return api().AddSessionConfigEntry(options->get(), key, value);
  };
  const auto set = checked(api(),
                           {api().SetOptimizedModelFilePath(options->get(), saved.c_str()),
                            entry("session.optimized_model_external_initializers_file_name", weights.c_str()),
                            entry("session.disable_prepacking", "1")},
                           "session options");
  if (!set) return set.error();
  const auto created = session(model, options->get());
  auto graph = created ? read_optimised_graph(saved) : created.error();
  std::error_code ignored;
  std::filesystem::remove(saved, ignored);
  std::filesystem::remove(folder / weights, ignored);
  return graph;
}

Result<void> OnnxruntimeEngine::open_session(const std::filesystem::path& model, Level level,
                                             const EngineOptions& options) {
  // It may be impossible to save: no room, no ONNX form. A model that is bad fails below, too.
  auto graph = optimised_graph(model, level, options.private_folder);
  circumstances_["engine.fusion_map"] =
      graph ? "tensors of the optimised graph" : "names of nodes only: " + graph.error().detail;
  if (graph) graph_ = std::move(*graph);
  // Contexts share one pool of threads, beside the threads that they are called on.
  const int pooled = options.in_flight * (options.threads - 1);
  const auto how = session_options(level, 1 + pooled, options.spinning);
  if (!how) return how.error();
  auto opened = session(model, how->get());
  if (!opened) return opened.error();
  session_ = std::move(*opened);
  return {};
}

Result<void> OnnxruntimeEngine::map_layers(const Network& network) {
  auto made = context({});
  if (!made) return made.error();
  first_ = std::move(*made);
  const auto observed = first_->observe();
  if (!observed) return observed.error();
  order_ = first_->order();
  auto map = map_fusion(network, join_observed(*observed, graph_));
  graph_ = {};
  layers_ = std::move(map.layers);
  if (!map.removed.empty())
    circumstances_["engine.removed_layers"] = fmt::format("{}", fmt::join(map.removed, ", "));
  return {};
}

void OnnxruntimeEngine::describe(Level level, const EngineOptions& options) {
  circumstances_["engine"] = "onnxruntime";
  circumstances_["engine.version"] = library_.version;
  circumstances_["engine.library"] = library_.path;
  circumstances_["engine.library_found_by"] = library_.found_by;
  if (!library_.passed_over.empty())
    circumstances_["engine.library_passed_over"] = fmt::format("{}", fmt::join(library_.passed_over, "; "));
  circumstances_["engine.level"] = level.name;
  circumstances_["engine.threads"] = std::to_string(options.threads);
  circumstances_["engine.spinning"] = options.threads == 1 ? "none (one thread)"
                                      : options.spinning   ? (*options.spinning ? "on" : "off")
                                                           : "on (the engine's default)";
  if (options.in_flight > 1)
    circumstances_["engine.in_flight"] =
        fmt::format("{}, one session and one pool of threads", options.in_flight);
  circumstances_["engine.marks"] = "live, at every node";
  circumstances_["engine.telemetry"] = "off";
}

Result<std::unique_ptr<Engine>> OnnxruntimeEngine::open(const Machine& machine,
                                                        const std::filesystem::path& model,
                                                        const Network& network,
                                                        const EngineOptions& options) {
  const auto level = level_named(options.level);
  if (!level) return level.error();
  if (options.threads < 1 || options.batch < 1)
    return Error{Errc::malformed, options.threads < 1 ? "threads" : "batch", "must be at least 1"};
  if (options.convolutions.asks_for_something() || !options.fuse)
    return Error{Errc::unsupported, options.fuse ? "--conv" : "--no-fusion",
                 "ONNX Runtime does not let one choose: --engine onednn does; --level extended computes "
                 "convolutions by gemm here, and --level disabled fuses nothing"};
  auto library = open_onnxruntime(machine, options.library);
  if (!library) return library.error();
  std::unique_ptr<OnnxruntimeEngine> engine{new OnnxruntimeEngine{machine, std::move(*library), options}};
  if (auto done = engine->open_provider(machine, options); !done) return done.error();
  if (auto done = engine->open_session(model, *level, options); !done) return done.error();
  if (auto done = engine->map_layers(network); !done) return done.error();
  // What optimising left behind is twice the size of the weights; malloc keeps it unless it is told not to.
  ::malloc_trim(0);
  engine->describe(*level, options);
  return std::unique_ptr<Engine>{std::move(engine)};
}

}  // namespace

extern const EngineDriver onnxruntime_driver;
const EngineDriver onnxruntime_driver{
    "onnxruntime", "ONNX Runtime 1.25 or newer on the CPU, layers marked live", OnnxruntimeEngine::open};

}  // namespace layerwatt
