// SPDX-License-Identifier: Apache-2.0
// `layerwatt model list|new|describe|convert|extract|series`: the zoo, what a network consists of, Caffe into
// ONNX, parts of networks and families of single layers. The files are read and written by layerwatt-runner,
// so that a hostile one cannot hurt this process.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/command.h"
#include "cli/network_table.h"
#include "core/private_folder.h"
#include "report/text.h"
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
  std::filesystem::path weights;
  std::string layer, from, to;  // of a part
  std::vector<std::int64_t> kernels{1, 2, 3, 4, 5}, strides{1, 2, 3, 4, 5}, channels{3, 6, 12, 24, 48};
  bool force = false, json = false, csv = false, random_weights = false;
};

Result<nlohmann::json> ask_runner(const nlohmann::json& request) {
  auto runner = RunnerProcess::start({});
  if (!runner) return runner.error();
  return runner->ask(request);
}

// About the file that is named, or a network of the zoo written for the purpose.
Result<nlohmann::json> ask_about_model(const ModelArguments& arguments, nlohmann::json request) {
  auto folder = PrivateFolder::create();
  if (!folder) return folder.error();
  auto runner = RunnerProcess::start({});
  if (!runner) return runner.error();
  const auto model = provide_model(*runner, arguments.name, arguments.seed, folder->path());
  if (!model) return model.error();
  request["model"] = model->string();
  return runner->ask(request);
}

int list(const ModelArguments& arguments, Terminal& terminal) {
  const auto answer = ask_runner({{"do", "zoo"}});
  if (!answer) return report_error(terminal, answer.error());
  const nlohmann::json networks = answer->value("networks", nlohmann::json::array());
  if (arguments.json) {
    terminal.out << nlohmann::json{{"schema", "layerwatt.zoo/1"}, {"networks", networks}}.dump(2) << "\n";
    return good;
  }
  terminal.out << fmt::format("{:<16} {:>11} {:>9} {:>7}  {}\n", "network", "parameters", "MACs", "top-1",
                              "what it is");
  for (const auto& network : networks)
    terminal.out << fmt::format("{:<16} {:>11} {:>9} {:>5.1f} %  {}\n", network.value("name", ""),
                                scaled_count(network.value("parameters", std::int64_t{0})),
                                scaled_count(network.value("macs", std::int64_t{0})),
                                network.value("top1_percent", 0.0), network.value("summary", ""));
  terminal.out << "Weights but those of shapes are random, from a seed: energy and time are real, answers "
                  "are not. Top-1\n"
                  "is what trained weights are published with; --json names the sources.\n";
  return good;
}

// Several commands write a file, which they do not overwrite unasked.
Result<std::filesystem::path> place_for(const ModelArguments& arguments, const std::string& otherwise) {
  const std::filesystem::path out =
      arguments.file.empty() ? std::filesystem::path{otherwise} : arguments.file;
  std::error_code ignored;
  if (!arguments.force && std::filesystem::exists(out, ignored))
    return Error{Errc::exists, out.string(), "exists; --force overwrites it"};
  return out;
}

int make(const ModelArguments& arguments, Terminal& terminal) {
  const auto out = place_for(arguments, arguments.name + ".onnx");
  if (!out) return report_error(terminal, out.error());
  const auto answer = ask_runner({{"do", "new"},
                                  {"name", arguments.name},
                                  {"seed", arguments.seed},
                                  {"out", std::filesystem::absolute(*out).string()}});
  if (!answer) return report_error(terminal, answer.error());
  terminal.out << out->string() << "\n";
  return good;
}

void print_substitutions(const nlohmann::json& answer, Terminal& terminal) {
  for (const auto& sentence : answer.value("substitutions", nlohmann::json::array()))
    if (sentence.is_string())
      terminal.err << "substituted: " << printable(sentence.get<std::string>(), terminal.style) << "\n";
}

int convert(const ModelArguments& arguments, Terminal& terminal) {
  if (arguments.weights.empty() && !arguments.random_weights) {
    terminal.err << "layerwatt: " << arguments.name
                 << ": a prototxt has no weights: name its caffemodel as well, or say --random-weights\n";
    return usage;
  }
  if (!arguments.weights.empty() && arguments.random_weights) {
    terminal.err << "layerwatt: --random-weights and a caffemodel exclude each other\n";
    return usage;
  }
  const std::filesystem::path prototxt = arguments.name;
  const auto out = place_for(arguments, prototxt.stem().string() + ".onnx");
  if (!out) return report_error(terminal, out.error());
  nlohmann::json request{{"do", "convert"},
                         {"model", std::filesystem::absolute(prototxt).string()},
                         {"seed", arguments.seed},
                         {"out", std::filesystem::absolute(*out).string()}};
  if (!arguments.weights.empty()) request["weights"] = std::filesystem::absolute(arguments.weights).string();
  const auto answer = ask_runner(request);
  if (!answer) return report_error(terminal, answer.error());
  print_substitutions(*answer, terminal);
  if (arguments.random_weights)
    terminal.err << "The weights are RANDOM, from seed " << arguments.seed
                 << ": time and energy are real, answers not.\n";
  terminal.out << out->string() << "\n";
  return good;
}

int extract(const ModelArguments& arguments, Terminal& terminal) {
  if (arguments.layer.empty() == (arguments.from.empty() || arguments.to.empty())) {
    terminal.err << "layerwatt: name one --layer, or --from and --to\n";
    return usage;
  }
  const std::string from = arguments.layer.empty() ? arguments.from : arguments.layer;
  const std::string to = arguments.layer.empty() ? arguments.to : arguments.layer;
  const auto out = place_for(arguments, "part.onnx");
  if (!out) return report_error(terminal, out.error());
  const auto answer = ask_about_model(
      arguments,
      {{"do", "extract"}, {"from", from}, {"to", to}, {"out", std::filesystem::absolute(*out).string()}});
  if (!answer) return report_error(terminal, answer.error());
  print_substitutions(*answer, terminal);
  terminal.out << out->string() << "\n";
  return good;
}

// Files of a series are named by what they hold: those that are there are of another seed, or of a run
// before.
Result<void> make_folder_for(const std::filesystem::path& folder, bool force) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) return system_error(failure.value(), folder.string(), "creating the folder");
  const bool is_empty = std::filesystem::is_empty(folder, failure);
  if (failure) return system_error(failure.value(), folder.string(), "looking into the folder");
  if (!is_empty && !force)
    return Error{Errc::exists, folder.string(), "is not empty; --force writes into it all the same"};
  return {};
}

int write_pictures(const ModelArguments& arguments, Terminal& terminal) {
  const std::filesystem::path folder =
      arguments.file.empty() ? std::filesystem::path{"shapes"} : arguments.file;
  if (auto made = make_folder_for(folder, arguments.force); !made)
    return report_error(terminal, made.error());
  const auto answer = ask_runner({{"do", "pictures"}, {"out", std::filesystem::absolute(folder).string()}});
  if (!answer) return report_error(terminal, answer.error());
  terminal.out << folder.string() << "\n";
  terminal.err << fmt::format("{} pictures of {} classes; next: layerwatt profile shapes --labels {}\n",
                              answer->value("pictures", std::int64_t{0}),
                              answer->value("classes", std::int64_t{0}), folder.string());
  return good;
}

int series(const ModelArguments& arguments, Terminal& terminal) {
  const std::filesystem::path folder =
      arguments.file.empty() ? std::filesystem::path{arguments.name + "-series"} : arguments.file;
  if (auto made = make_folder_for(folder, arguments.force); !made)
    return report_error(terminal, made.error());
  const auto answer = ask_runner({{"do", "series"},
                                  {"kernels", arguments.kernels},
                                  {"strides", arguments.strides},
                                  {"channels", arguments.channels},
                                  {"seed", arguments.seed},
                                  {"out", std::filesystem::absolute(folder).string()}});
  if (!answer) return report_error(terminal, answer.error());
  terminal.out << "file,factor,kernel,stride,channels\n";
  for (const auto& member : answer->value("members", nlohmann::json::array()))
    terminal.out << fmt::format("{},{},{},{},{}\n", (folder / member.value("file", "")).string(),
                                member.value("factor", ""), member.value("kernel", std::int64_t{0}),
                                member.value("stride", std::int64_t{0}),
                                member.value("channels", std::int64_t{0}));
  return good;
}

int describe(const ModelArguments& arguments, Terminal& terminal) {
  const auto answer = ask_about_model(arguments, {{"do", "describe"}, {"batch", arguments.batch}});
  if (!answer) return report_error(terminal, answer.error());
  if (arguments.json) {
    terminal.out
        << nlohmann::json{{"schema", "layerwatt.network/1"}, {"network", answer->at("network")}}.dump(2)
        << "\n";
    return good;
  }
  const auto network = network_from_json(answer->at("network"));
  if (!network) return report_error(terminal, network.error());
  if (arguments.csv)
    write_network_csv(*network, terminal.out);
  else
    print_network(*network, terminal.style, terminal.out);
  return good;
}

}  // namespace

void add_model(CLI::App& app, Invocation& invocation) {
  CLI::App& command =
      *app.add_subcommand("model", "Networks: the zoo, their layers, Caffe into ONNX, parts and series");
  command.require_subcommand(1);
  command.footer(
      "Examples:\n"
      "  layerwatt model list\n"
      "  layerwatt model new squeezenet1.1 -o s.onnx\n"
      "  layerwatt model describe s.onnx\n"
      "  layerwatt model describe deploy.prototxt --csv > layers.csv\n"
      "  layerwatt model convert deploy.prototxt net.caffemodel -o net.onnx\n"
      "  layerwatt model extract resnet18 --layer layer1.0.conv1 -o l.onnx\n"
      "  layerwatt model series conv -o conv\n"
      "  layerwatt model pictures -o shapes");
  auto arguments = std::make_shared<ModelArguments>();
  const auto run = [arguments, &invocation](int (*what)(const ModelArguments&, Terminal&)) {
    return [arguments, &invocation, what] {
      invocation.run = [arguments, what](Terminal& terminal) { return what(*arguments, terminal); };
    };
  };
  CLI::App& listing = *command.add_subcommand("list", "The networks layerwatt can write");
  listing.add_flag("--json", arguments->json, "JSON on standard output");
  listing.callback(run(list));
  CLI::App& making = *command.add_subcommand(
      "new", "Write a network of the zoo as ONNX, with random weights but for shapes");
  making.add_option("NAME", arguments->name, "A name of `layerwatt model list`")->required();
  making.add_option("-o,--output", arguments->file, "File to write [NAME.onnx]");
  making.add_option("--seed", arguments->seed, "Of the weights")->capture_default_str();
  making.add_flag("--force", arguments->force, "Overwrite the file if it exists");
  making.callback(run(make));
  CLI::App& describing =
      *command.add_subcommand("describe", "The layers of an ONNX or Caffe file, or of a zoo network");
  describing.add_option("MODEL", arguments->name, "ONNX file, Caffe's prototxt, or zoo name")->required();
  describing.add_option("--batch", arguments->batch, "First dimension where it is dynamic")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
  describing.add_flag("--json", arguments->json, "JSON on standard output");
  describing.add_flag("--csv", arguments->csv, "A row a layer, on standard output")->excludes("--json");
  describing.callback(run(describe));
  CLI::App& converting =
      *command.add_subcommand("convert", "Write a Caffe network as ONNX, which engines run");
  converting.add_option("PROTOTXT", arguments->name, "The net: deploy.prototxt")->required();
  converting.add_option("CAFFEMODEL", arguments->weights, "Its weights");
  converting.add_option("-o,--output", arguments->file, "File to write [the prototxt's name with .onnx]");
  converting.add_flag("--random-weights", arguments->random_weights, "Without a caffemodel: random ones");
  converting.add_option("--seed", arguments->seed, "Of random weights")->capture_default_str();
  converting.add_flag("--force", arguments->force, "Overwrite the file if it exists");
  converting.callback(run(convert));
  CLI::App& extracting =
      *command.add_subcommand("extract", "Write a part of a network as ONNX that runs by itself");
  extracting.add_option("MODEL", arguments->name, "ONNX file or zoo name")->required();
  extracting.add_option("--layer", arguments->layer, "One layer, as `model describe` names it");
  extracting.add_option("--from", arguments->from, "The first of several, in the order of `model describe`");
  extracting.add_option("--to", arguments->to, "The last of them");
  extracting.add_option("-o,--output", arguments->file, "File to write [part.onnx]");
  extracting.add_option("--seed", arguments->seed, "Of a zoo network's weights")->capture_default_str();
  extracting.add_flag("--force", arguments->force, "Overwrite the file if it exists");
  extracting.callback(run(extract));
  CLI::App& families = *command.add_subcommand(
      "series",
      "Write single layers, one setting changed at a time around a base, which is the first of each list");
  families.add_option("TYPE", arguments->name, "conv: 3x224x224 in, padded so that sizes stay")
      ->required()
      ->check(CLI::IsMember({"conv"}));
  families.add_option("--kernel", arguments->kernels, "Kernels")
      ->delimiter(',')
      ->check(CLI::Range(1, 99))
      ->capture_default_str();
  families.add_option("--stride", arguments->strides, "Strides")
      ->delimiter(',')
      ->check(CLI::Range(1, 99))
      ->capture_default_str();
  families.add_option("--channels", arguments->channels, "Channels of the output")
      ->delimiter(',')
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  families.add_option("-o,--output", arguments->file, "Folder to write into [TYPE-series]");
  families.add_option("--seed", arguments->seed, "Of the weights")->capture_default_str();
  families.add_flag("--force", arguments->force, "Write into a folder that is not empty");
  families.callback(run(series));
  CLI::App& pictures = *command.add_subcommand(
      "pictures", "Write the labelled pictures that the trained network `shapes` is tested with");
  pictures.add_option("-o,--output", arguments->file,
                      "Folder to write into, with one for each class [shapes]");
  pictures.add_flag("--force", arguments->force, "Write into a folder that is not empty");
  pictures.callback(run(write_pictures));
}

}  // namespace layerwatt
