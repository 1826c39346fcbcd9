// SPDX-License-Identifier: Apache-2.0
// What every inference engine looks like to layerwatt-runner. An engine makes execution contexts; a context
// loads an input, computes, unloads the output, and reports each layer to a sink while it computes marked.
// Neither times, loops, starts threads or prints.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/machine.h"
#include "core/result.h"
#include "core/vocabulary.h"
#include "engines/convolution_choice.h"
#include "inputs/input_set.h"
#include "networks/network.h"

namespace layerwatt {

// Takes the spans of the layers as they end. Called on the computing thread; must not allocate or block.
class SpanSink {
 public:
  virtual ~SpanSink() = default;
  // `layer` indexes Engine::layers().
  virtual void layer(std::uint32_t layer, Instant begin, Instant end) = 0;
};

struct EngineOptions {
  int threads = 1;                       // intra-op, of each context
  int in_flight = 1;                     // contexts that will compute at the same time
  std::string level;                     // optimisation level in the engine's words; empty = its best
  std::filesystem::path library;         // where the engine's library is; empty = search
  std::filesystem::path hook_folder;     // where our plug-ins for the engine lie
  std::filesystem::path weights;         // of a Caffe net; empty: they are in the model
  std::filesystem::path private_folder;  // for files the engine insists on writing; deleted by the caller
  std::int64_t batch = 1;
  std::uint64_t seed = 1;            // of the random input
  const InputSet* inputs = nullptr;  // what load() copies, source_input.h; null: random. Outlives the engine
  ConvolutionChoice convolutions;
  std::optional<bool> spinning;  // threads that wait for work keep running; empty = as the engine likes
  bool fuse = true;              // layers into those before them, where the engine lets one choose
};

// What one inference needs for itself: memory for the input, for what lies between layers and for the output.
// Contexts of one engine may compute at the same time, each on a thread of its own.
class ExecutionContext {
 public:
  virtual ~ExecutionContext() = default;
  // Copies the input of this number to where compute() reads it. By the thread that will compute it.
  virtual Result<void> load(std::uint64_t input) = 0;
  virtual Result<void> compute() = 0;  // unmarked: nothing of ours runs
  virtual Result<void> compute_marked(SpanSink& sink) = 0;
  virtual Result<void> unload() = 0;  // copies the output out
  // The output last unloaded, first tensor, as floats: for comparing engines and levels.
  [[nodiscard]] virtual std::span<const float> output() const = 0;
};

class Engine {
 public:
  virtual ~Engine() = default;
  // {"engine.version", "1.30.0"}, {"engine.library", "/..."}, {"engine.level", "all"}, ...: for the run file.
  [[nodiscard]] virtual std::map<std::string, std::string> circumstances() const = 0;
  // What is executed, in order; fused nodes are one layer with several sources.
  [[nodiscard]] virtual std::span<const Layer> layers() const = 0;
  // Another one, on the same weights where the library allows it. The engine must outlive it.
  virtual Result<std::unique_ptr<ExecutionContext>> make_context() = 0;
  // Called between blocks: throws away what the engine's own profiler piled up.
  virtual Result<void> end_block() { return {}; }
};

struct EngineDriver {
  std::string_view name;  // "onnxruntime"
  std::string_view summary;
  // Opens the network with both ways to compute ready. Slow; may fail in any way a file can be bad.
  Result<std::unique_ptr<Engine>> (*open)(const Machine&, const std::filesystem::path& model, const Network&,
                                          const EngineOptions&);
  bool reads_caffe = false;  // a prototxt as `model`, too
};

std::span<const EngineDriver* const> engine_drivers();  // made by add_engine() lines
struct EngineLeftOut {
  std::string name, why;
};
std::vector<EngineLeftOut> engines_left_out();

}  // namespace layerwatt
