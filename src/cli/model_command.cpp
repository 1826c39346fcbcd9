// SPDX-License-Identifier: Apache-2.0
// `layerwatt model list|new|describe`: the zoo and what a network consists of. The files are read and written
// by layerwatt-runner, so that a hostile one cannot hurt this process.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/command.h"
#include "core/private_folder.h"
#include "runner/layer_json.h"
#include "session/model_source.h"
#include "session/runner_process.h"

namespace layerwatt {

namespace {

struct ModelArguments {
  std::string name;
  std::filesystem::path file;
  std::uint64_t seed = 1;
  std::int64_t batch = 1;
  bool force = false, json = false;
};

Result<nlohmann::json> ask_runner(const nlohmann::json& request) {
  auto runner = RunnerProcess::start({});
  if (!runner) return runner.error();
  return runner->ask(request);
}

// 1234567 -> "1.23 M"
std::string scaled(std::int64_t n) {
  const auto value = static_cast<double>(n);
  if (value >= 1e9) return fmt::format("{:.2f} G", value / 1e9);
  if (value >= 1e6) return fmt::format("{:.2f} M", value / 1e6);
  if (value >= 1e3) return fmt::format("{:.1f} k", value / 1e3);
  return fmt::format("{}", n);
}

std::string scaled(const std::optional<std::int64_t>& n) { return n ? scaled(*n) : "?"; }

int list(const ModelArguments& arguments, Terminal& terminal) {
  const auto answer = ask_runner({{"do", "zoo"}});
  if (!answer) return report_error(terminal, answer.error());
  const nlohmann::json networks = answer->value("networks", nlohmann::json::array());
  if (arguments.json) {
    terminal.out << nlohmann::json{{"schema", "layerwatt.zoo/1"}, {"networks", networks}}.dump(2) << "\n";
    return good;
  }
  terminal.out << fmt::format("{:<16} {:>11} {:>9}  {}\n", "network", "parameters", "MACs", "what it is");
  for (const auto& network : networks)
    terminal.out << fmt::format("{:<16} {:>11} {:>9}  {}\n", network.value("name", ""),
                                scaled(network.value("parameters", std::int64_t{0})),
                                scaled(network.value("macs", std::int64_t{0})), network.value("summary", ""));
  terminal.out << "Weights are random, from a seed: energy and time are real, answers are not.\n";
  return good;
}

int make(const ModelArguments& arguments, Terminal& terminal) {
  const std::filesystem::path out =
      arguments.file.empty() ? std::filesystem::path{arguments.name + ".onnx"} : arguments.file;
  std::error_code ignored;
  if (!arguments.force && std::filesystem::exists(out, ignored))
    return report_error(terminal, {Errc::exists, out.string(), "exists; --force overwrites it"});
  const auto answer = ask_runner({{"do", "new"},
                                  {"name", arguments.name},
                                  {"seed", arguments.seed},
                                  {"out", std::filesystem::absolute(out).string()}});
  if (!answer) return report_error(terminal, answer.error());
  terminal.out << out.string() << "\n";
  return good;
}

void print_layers(const Network& network, std::ostream& out) {
  out << fmt::format("{}: {} layers, opset {}{}\n", network.name, network.layers.size(), network.opset,
                     network.random_weights ? ", RANDOM weights" : "");
  out << fmt::format("{:<34} {:<18} {:>7} {:>7} {:>18} {:>9} {:>9}\n", "layer", "type", "kernel", "stride",
                     "output", "MACs", "params");
  std::int64_t macs = 0, parameters = 0;
  bool all_known = true;
  for (const Layer& layer : network.layers) {
    const auto joined = [](const std::vector<std::int64_t>& values) {
      return fmt::format("{}", fmt::join(values, "x"));
    };
    out << fmt::format("{:<34} {:<18} {:>7} {:>7} {:>18} {:>9} {:>9}\n", layer.name, layer.type,
                       joined(layer.kernel), joined(layer.stride),
                       layer.outputs.empty() ? "?" : joined(layer.outputs.front()), scaled(layer.macs),
                       scaled(layer.parameters));
    all_known = all_known && layer.macs.has_value();
    macs += layer.macs.value_or(0);
    parameters += layer.parameters.value_or(0);
  }
  out << fmt::format("total: {}{} MACs, {} parameters\n", all_known ? "" : "at least ", scaled(macs),
                     scaled(parameters));
  for (const std::string& sentence : network.not_inferred) out << "not known: " << sentence << "\n";
}

// A file, or a network of the zoo written for the purpose.
Result<nlohmann::json> description(const ModelArguments& arguments) {
  auto folder = PrivateFolder::create();
  if (!folder) return folder.error();
  auto runner = RunnerProcess::start({});
  if (!runner) return runner.error();
  const auto model = provide_model(*runner, arguments.name, arguments.seed, folder->path());
  if (!model) return model.error();
  return runner->ask({{"do", "describe"}, {"model", model->string()}, {"batch", arguments.batch}});
}

int describe(const ModelArguments& arguments, Terminal& terminal) {
  const auto answer = description(arguments);
  if (!answer) return report_error(terminal, answer.error());
  if (arguments.json) {
    terminal.out
        << nlohmann::json{{"schema", "layerwatt.network/1"}, {"network", answer->at("network")}}.dump(2)
        << "\n";
    return good;
  }
  const auto network = network_from_json(answer->at("network"));
  if (!network) return report_error(terminal, network.error());
  print_layers(*network, terminal.out);
  return good;
}

}  // namespace

void add_model(CLI::App& app, Invocation& invocation) {
  CLI::App& command = *app.add_subcommand("model", "The zoo of networks; describe an ONNX file");
  command.require_subcommand(1);
  command.footer(
      "Examples:\n"
      "  layerwatt model list\n"
      "  layerwatt model new squeezenet1.1 -o s.onnx\n"
      "  layerwatt model describe s.onnx");
  auto arguments = std::make_shared<ModelArguments>();
  const auto run = [arguments, &invocation](int (*what)(const ModelArguments&, Terminal&)) {
    return [arguments, &invocation, what] {
      invocation.run = [arguments, what](Terminal& terminal) { return what(*arguments, terminal); };
    };
  };
  CLI::App& listing = *command.add_subcommand("list", "The networks layerwatt can write");
  listing.add_flag("--json", arguments->json, "JSON on standard output");
  listing.callback(run(list));
  CLI::App& making =
      *command.add_subcommand("new", "Write a network of the zoo as ONNX, with random weights");
  making.add_option("NAME", arguments->name, "A name of `layerwatt model list`")->required();
  making.add_option("-o,--output", arguments->file, "File to write [NAME.onnx]");
  making.add_option("--seed", arguments->seed, "Of the weights")->capture_default_str();
  making.add_flag("--force", arguments->force, "Overwrite the file if it exists");
  making.callback(run(make));
  CLI::App& describing =
      *command.add_subcommand("describe", "The layers of an ONNX file, or of a zoo network");
  describing.add_option("MODEL", arguments->name, "ONNX file or zoo name")->required();
  describing.add_option("--batch", arguments->batch, "First dimension where it is dynamic")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
  describing.add_flag("--json", arguments->json, "JSON on standard output");
  describing.callback(run(describe));
}

}  // namespace layerwatt
