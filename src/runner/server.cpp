// SPDX-License-Identifier: Apache-2.0
// One function for each request; see server.h.
#include "runner/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "inputs/shapes.h"
#include "networks/network.h"
#include "runner/evaluation.h"
#include "runner/json_object.h"
#include "runner/layer_json.h"
#include "runner/protocol.h"
#include "runner/run_loop.h"

namespace layerwatt {

using nlohmann::json;

namespace {

constexpr std::int64_t largest_batch = 65'536;
constexpr std::int64_t most_threads = 1024;
// Of a series of convolutions.
constexpr std::int64_t largest_kernel = 99, most_channels = 4096;

const char* name_of(Stopped stopped) {
  switch (stopped) {
    case Stopped::count: return "count";
    case Stopped::time: return "time";
    case Stopped::request: return "request";
  }
  return "";
}

struct ModelRequest {
  std::string model;
  ReadOptions options;
};

void read_model(JsonObject& object, ModelRequest& model) {
  object.required();
  object.read("model", model.model);
  object.optional();
  object.read("batch", model.options.batch, 1, largest_batch);
}

Result<RunPlan> read_plan(JsonObject& object) {
  std::int64_t count = 1, longest = 0, gap_min = 0, gap_max = 0;
  RunPlan plan;
  object.required();
  object.read("count", count, 1, static_cast<std::int64_t>(most_inferences_a_run));
  object.optional();
  object.read("max_ns", longest, 0, std::int64_t{1} << 60);
  object.read("gap_min_ns", gap_min, 0, longest_gap_ns);
  object.read("gap_max_ns", gap_max, 0, longest_gap_ns);
  object.read("gap_seed", plan.gap_seed);
  if (gap_max < gap_min) object.fail("gap_max_ns", "at least gap_min_ns");
  if (object.failure()) return *object.failure();
  plan.count = static_cast<std::uint64_t>(count);
  plan.longest = Nanoseconds{longest};
  plan.gap_min = Nanoseconds{gap_min};
  plan.gap_max = Nanoseconds{gap_max};
  return plan;
}

json ok() { return json::object(); }

}  // namespace

void Server::serve(Control& control) {
  while (!quit_) {
    const auto line = control.next();
    if (!line) return;
    const Answer answered = *line ? answer(**line, control) : Answer{line->error()};
    json reply = answered ? *answered : to_json(answered.error());
    reply["ok"] = answered.has_value();
    if (!control.send(line_of(reply))) return;
  }
}

Server::Answer Server::answer(const std::string& line, Control& control) {
  const json request = json::parse(line, nullptr, false);
  if (request.is_discarded()) return Error{Errc::malformed, "request", "not JSON"};
  // ONNX, protobuf and engines come from others and may throw; out of memory is not the end either.
  try {
    return dispatch(request, control);
  } catch (const std::bad_alloc&) {
    return Error{Errc::unsupported, "layerwatt-runner", "not enough memory"};
  } catch (const std::exception& thrown) {
    return Error{Errc::io, "layerwatt-runner", thrown.what()};
  }
}

Server::Answer Server::dispatch(const json& request, Control& control) {
  JsonObject object{request, ""};
  std::string what;
  object.required();
  object.read("do", what);
  if (object.failure()) return *object.failure();
  if (what == "hello") return json{{"protocol", protocol_version}};
  if (what == "describe") return describe(request);
  if (what == "zoo") return list_zoo();
  if (what == "new") return make_network(request);
  if (what == "convert") return convert(request);
  if (what == "extract") return extract(request);
  if (what == "series") return series(request);
  if (what == "pictures") return write_pictures(request);
  if (what == "engines") return list_engines();
  if (what == "open") return open(request);
  if (what == "run") return run(request, control);
  if (what == "evaluate") return evaluate_pictures(request, control);
  if (what == "output") return output();
  if (what == "end_block") return end_block();
  if (what == "stop") return ok();
  if (what == "quit") {
    quit_ = true;
    return ok();
  }
  return Error{Errc::unsupported, "request", "unknown: \"" + what.substr(0, 40) + "\""};
}

Server::Answer Server::describe(const json& request) {
  JsonObject object{request, ""};
  ModelRequest model;
  read_model(object, model);
  if (object.failure()) return *object.failure();
  const auto network = read_network(model.model, model.options);
  if (!network) return network.error();
  return json{{"network", to_json(*network)}};
}

Server::Answer Server::list_zoo() {
  json networks = json::array();
  for (const ZooEntry& entry : zoo())
    networks.push_back({{"name", entry.name},
                        {"summary", entry.summary},
                        {"parameters", entry.parameters},
                        {"macs", entry.macs},
                        {"source", entry.source},
                        {"top1_percent", entry.top1_percent},
                        {"top1_source", entry.top1_source}});
  return json{{"networks", std::move(networks)}};
}

Server::Answer Server::make_network(const json& request) {
  JsonObject object{request, ""};
  std::string name, out;
  std::uint64_t seed = 1;
  object.required();
  object.read("name", name);
  object.read("out", out);
  object.optional();
  object.read("seed", seed);
  if (object.failure()) return *object.failure();
  if (auto written = write_zoo_network(name, seed, out); !written) return written.error();
  return ok();
}

Server::Answer Server::convert(const json& request) {
  JsonObject object{request, ""};
  std::string model, weights, out;
  CaffeFiles files;
  object.required();
  object.read("model", model);
  object.read("out", out);
  object.optional();
  object.read("weights", weights);
  object.read("seed", files.seed);
  if (object.failure()) return *object.failure();
  files.prototxt = model;
  files.caffemodel = weights;
  const auto substitutions = convert_caffe(files, out);
  if (!substitutions) return substitutions.error();
  return json{{"substitutions", *substitutions}};
}

Server::Answer Server::extract(const json& request) {
  JsonObject object{request, ""};
  std::string model, out;
  NetworkPart part;
  object.required();
  object.read("model", model);
  object.read("from", part.from);
  object.read("to", part.to);
  object.read("out", out);
  if (object.failure()) return *object.failure();
  part.network = model;
  const auto substitutions = extract_part(part, out);
  if (!substitutions) return substitutions.error();
  return json{{"substitutions", *substitutions}};
}

Server::Answer Server::series(const json& request) {
  JsonObject object{request, ""};
  ConvolutionSeries series;
  std::string out;
  std::uint64_t seed = 1;
  object.required();
  object.read("out", out);
  object.optional();
  object.read("kernels", series.kernels, 1, largest_kernel);
  object.read("strides", series.strides, 1, largest_kernel);
  object.read("channels", series.channels, 1, most_channels);
  object.read("seed", seed);
  if (object.failure()) return *object.failure();
  if (series.kernels.empty() || series.strides.empty() || series.channels.empty())
    return Error{Errc::malformed, "series", "has a list without values"};
  if (auto written = write_series(series, seed, out); !written) return written.error();
  json members = json::array();
  for (const SeriesMember& member : members_of(series))
    members.push_back({{"file", member.file},
                       {"factor", member.factor},
                       {"kernel", member.kernel},
                       {"stride", member.stride},
                       {"channels", member.channels}});
  return json{{"members", std::move(members)}};
}

Server::Answer Server::write_pictures(const json& request) {
  JsonObject object{request, ""};
  std::string out;
  object.required();
  object.read("out", out);
  if (object.failure()) return *object.failure();
  if (auto written = write_labelled_shapes(out); !written) return written.error();
  return json{{"pictures", labelled_shapes}, {"classes", shape_names.size()}};
}

Server::Answer Server::list_engines() {
  json engines = json::array(), left_out = json::array();
  for (const EngineDriver* driver : drivers_)
    engines.push_back({{"name", driver->name}, {"summary", driver->summary}});
  for (const EngineLeftOut& engine : engines_left_out())
    left_out.push_back({{"name", engine.name}, {"why", engine.why}});
  return json{{"engines", std::move(engines)}, {"left_out", std::move(left_out)}};
}

namespace {

Result<void> choose_convolutions(const std::string& usual, const std::string& file,
                                 ConvolutionChoice& choice) {
  const auto algorithm = convolution_algorithm(usual);
  if (!algorithm) return algorithm.error();
  choice.usual = *algorithm;
  if (file.empty()) return {};
  auto of_layer = read_layer_algorithms(file);
  if (!of_layer) return of_layer.error();
  choice.of_layer = std::move(*of_layer);
  return {};
}

Result<std::vector<std::unique_ptr<ExecutionContext>>> make_contexts(Engine& engine, int count) {
  std::vector<std::unique_ptr<ExecutionContext>> contexts;
  for (int i = 0; i < count; ++i) {
    auto made = engine.make_context();
    if (!made) return made.error();
    contexts.push_back(std::move(*made));
  }
  return contexts;
}

}  // namespace

Server::Answer Server::open(const json& request) {
  JsonObject object{request, ""};
  ModelRequest model;
  EngineOptions options;
  std::string name{drivers_.empty() ? std::string_view{} : drivers_.front()->name}, library, folder, weights;
  std::string convolution{name_of(options.convolutions.usual)}, layer_algorithms;
  std::int64_t threads = 1, in_flight = 1;
  read_model(object, model);
  object.read("engine", name);
  object.read("threads", threads, 1, most_threads);
  object.read("in_flight", in_flight, 1, most_in_flight);
  object.read("level", options.level);
  object.read("library", library);
  object.read("weights", weights);
  object.read("seed", options.seed);
  object.read("private_folder", folder);
  object.read("conv", convolution);
  object.read("conv_file", layer_algorithms);
  object.read("conv_strict", options.convolutions.strict);
  object.read("fuse", options.fuse);
  object.read("spinning", options.spinning);
  if (object.failure()) return *object.failure();
  options.threads = static_cast<int>(threads);
  options.in_flight = static_cast<int>(in_flight);
  options.library = library;
  options.weights = weights;
  options.private_folder = folder;
  options.hook_folder = hook_folder_;
  options.batch = model.options.batch;
  if (auto chosen = choose_convolutions(convolution, layer_algorithms, options.convolutions); !chosen)
    return chosen.error();

  const auto driver = std::find_if(drivers_.begin(), drivers_.end(),
                                   [&name](const EngineDriver* d) { return d->name == name; });
  if (driver == drivers_.end()) {
    std::string why;
    for (const EngineLeftOut& engine : engines_left_out())
      if (engine.name == name)
        why = ": " + engine.why + " when it was built; docs/engines.md names the package";
    return Error{Errc::not_found, "engine " + name, "not built into layerwatt" + why};
  }
  const bool caffe = std::filesystem::path{model.model}.extension() == ".prototxt";
  if (caffe && !(*driver)->reads_caffe)
    return Error{Errc::unsupported, model.model,
                 "is a Caffe net, and engine " + name +
                     " runs ONNX: `layerwatt model convert` writes it as that, once; or --engine opencv"};
  if (!caffe && !options.weights.empty())
    return Error{Errc::unsupported, options.weights.string(),
                 "are the weights of a Caffe net, and the model is none: its own weights are in it"};
  const auto network = read_network(model.model, model.options);
  if (!network) return network.error();
  if (caffe && !options.weights.empty())
    if (auto fits = check_caffe({model.model, options.weights}); !fits) return fits.error();
  const auto asked = input_request_from_json(request.value("input", json{}));
  if (!asked) return asked.error();
  marks_.clear();
  contexts_.clear();
  engine_.reset();  // before the next one: two large networks may not fit
  inputs_.reset();
  auto inputs = PreparedInputs::prepare(*asked, *network);
  if (!inputs) return inputs.error();
  inputs_ = std::move(*inputs);
  next_input_ = 0;
  options.inputs = inputs_->set();
  auto engine = (*driver)->open(machine_, model.model, *network, options);
  if (!engine) return engine.error();
  engine_ = std::move(*engine);
  auto contexts = make_contexts(*engine_, options.in_flight);
  if (!contexts) {
    engine_.reset();
    return contexts.error();
  }
  contexts_ = std::move(*contexts);
  std::map<std::string, std::string> circumstances = inputs_->circumstances();
  if (options.inputs == nullptr) circumstances["engine.input"] = fmt::format("random, seed {}", options.seed);
  circumstances.merge(engine_->circumstances());
  return json{{"layers", to_json(engine_->layers())},
              {"circumstances", circumstances},
              {"network", to_json(*network)}};
}

Server::Answer Server::run(const json& request, Control& control) {
  JsonObject object{request, ""};
  bool marked = false;
  object.read("marked", marked);
  auto plan = read_plan(object);
  if (!plan) return plan.error();
  plan->first_input = next_input_;
  if (!engine_) return Error{Errc::not_found, "run", "no network is open"};
  if (marked && marks_.empty()) marks_.assign(contexts_.size(), RunnerMarks{engine_->layers().size()});
  const auto ran = run_inferences(contexts_, *plan, marked ? std::span{marks_} : std::span<RunnerMarks>{},
                                  machine_.clock(), [&control] { return control.has_news(); });
  if (!ran) return ran.error();
  next_input_ += ran->inferences.size();
  return json{{"inferences", to_json(std::span<const Inference>{ran->inferences})},
              {"stopped", name_of(ran->stopped)}};
}

Server::Answer Server::evaluate_pictures(const json& request, Control& control) {
  JsonObject object{request, ""};
  std::int64_t from = 0, longest = 0;
  object.required();
  object.read("from", from, 0, static_cast<std::int64_t>(most_pictures));
  object.read("max_ns", longest, 1, std::int64_t{1} << 60);
  if (object.failure()) return *object.failure();
  if (!engine_) return Error{Errc::not_found, "evaluate", "no network is open"};
  if (!inputs_->has_labels()) return Error{Errc::not_found, "evaluate", "there are no labelled pictures"};
  const auto first = static_cast<std::size_t>(from);
  if (first >= inputs_->pictures()) return Error{Errc::malformed, "from", "is beyond the last picture"};
  const auto counts = evaluate(*contexts_.front(), *inputs_, first, Nanoseconds{longest}, machine_.clock(),
                               [&control] { return control.has_news(); });
  if (!counts) return counts.error();
  return json{{"pictures", counts->pictures}, {"pictures_in_all", inputs_->pictures()},
              {"classes", counts->classes},   {"top1", counts->top1},
              {"top5", counts->top5},         {"not_finite", counts->not_finite}};
}

Server::Answer Server::output() {
  if (!engine_) return Error{Errc::not_found, "output", "no network is open"};
  const auto all = contexts_.front()->output();
  json values = json::array();
  for (const float value : all.first(std::min(all.size(), most_output_values)))
    values.push_back(std::isfinite(value) ? json(value) : json(nullptr));
  return json{{"values", std::move(values)}};
}

Server::Answer Server::end_block() {
  if (!engine_) return Error{Errc::not_found, "end_block", "no network is open"};
  if (auto ended = engine_->end_block(); !ended) return ended.error();
  return ok();
}

}  // namespace layerwatt
