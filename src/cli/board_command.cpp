// SPDX-License-Identifier: Apache-2.0
// `layerwatt board`: the boards that are known, what is known of one, and the record of one for others.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "boards/board_record.h"
#include "cli/board_sheet.h"
#include "cli/command.h"
#include "cli/version.h"
#include "cli/whole_file.h"
#include "session/machine_facts.h"
#include "timeline/run_file.h"

namespace layerwatt {

namespace {

using nlohmann::json;

struct BoardArguments {
  std::string id, note;
  std::filesystem::path sysroot = "/", output, run, record, folder;
  bool json = false, force = false;
};

void print(const json& document, Terminal& terminal) { terminal.out << document.dump(2) << "\n"; }

int list(const BoardArguments& arguments, Terminal& terminal) {
  const std::vector<Board> boards = built_in_boards();
  if (!arguments.json) {
    print_boards(boards, terminal.style, terminal.out);
    return good;
  }
  json all = json::array();
  for (const Board& board : boards) all.push_back(as_json(board));
  print({{"schema", "layerwatt.boards/1"}, {"boards", all}}, terminal);
  return good;
}

Result<Board> wanted_board(const BoardArguments& arguments) {
  if (!arguments.id.empty()) return board_named(arguments.id);
  const auto machine = machine_at(arguments.sysroot);
  if (!machine) return machine.error();
  if (auto board = recognise_board(*machine)) return std::move(*board);
  return Error{Errc::not_found, "this machine", "is no board that is known; `layerwatt board list` has them"};
}

int show(const BoardArguments& arguments, Terminal& terminal) {
  const auto board = wanted_board(arguments);
  if (!board) return report_error(terminal, board.error());
  if (arguments.json)
    print({{"schema", "layerwatt.boards/1"}, {"boards", json::array({as_json(*board)})}}, terminal);
  else
    print_board(*board, terminal.style, terminal.out);
  return good;
}

std::string today() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  gmtime_r(&now, &utc);
  return fmt::format("{:04}-{:02}-{:02}", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday);
}

Result<std::string> run_bytes(const std::filesystem::path& path) {
  if (const auto run = read_run_file(path); !run) return run.error();  // that it is one
  std::ifstream file{path, std::ios::binary};
  std::string bytes{std::istreambuf_iterator<char>{file}, {}};
  if (!file) return Error{Errc::io, path.string(), "cannot be read"};
  return bytes;
}

int record(const BoardArguments& arguments, Terminal& terminal) {
  const auto machine = machine_at(arguments.sysroot);
  if (!machine) return report_error(terminal, machine.error());
  const auto file = WholeFile::create(arguments.output, arguments.force);
  if (!file) return report_error(terminal, file.error());
  BoardRecord record = record_board(*machine);
  record.provenance = gather_circumstances(*machine);
  record.provenance["recorded"] = today();
  record.provenance["tool"] = std::string{"layerwatt "} + version;
  record.provenance["root"] = geteuid() == 0 ? "yes" : "no";
  if (machine->is_recorded()) record.provenance["copied_from"] = "another record";
  if (!arguments.note.empty()) record.provenance["note"] = arguments.note;
  if (!arguments.run.empty()) {
    auto bytes = run_bytes(arguments.run);
    if (!bytes) return report_error(terminal, bytes.error());
    record.run = std::move(*bytes);
  }
  (*file)->stream() << write_board_record(record);
  if (const auto kept = (*file)->keep(); !kept) return report_error(terminal, kept.error());
  std::size_t failed_files = 0;
  for (const RecordedFile& one : record.files) failed_files += one.failure != 0 ? 1 : 0;
  terminal.err << fmt::format(
      "{}: {} files and {} links recorded, {} that could not be read{}.\n"
      "It is text: look through it before you send it. Serial numbers, addresses and the host name are left "
      "out.\n",
      arguments.output.string(), record.files.size(), record.links.size(), failed_files,
      failed_files > 0 && geteuid() != 0 ? "; as root, more can be" : "");
  return good;
}

int unpack(const BoardArguments& arguments, Terminal& terminal) {
  std::error_code failure;
  if (std::filesystem::exists(arguments.folder, failure))
    return report_error(terminal, {Errc::exists, arguments.folder.string(), "exists already"});
  const auto record = read_board_record(arguments.record);
  if (!record) return report_error(terminal, record.error());
  std::filesystem::create_directories(arguments.folder, failure);
  if (failure) return report_error(terminal, {Errc::io, arguments.folder.string(), failure.message()});
  auto done = unpack_board_record(*record, arguments.folder);
  if (done && !record->run.empty()) {
    std::ofstream run{arguments.folder / "run.lw", std::ios::binary};
    run << record->run;
    run.close();
    if (!run) done = Error{Errc::io, (arguments.folder / "run.lw").string(), "cannot be written"};
  }
  if (done) return good;
  std::filesystem::remove_all(arguments.folder, failure);
  return report_error(terminal, done.error());
}

using Run = int (*)(const BoardArguments&, Terminal&);

CLI::App& add(CLI::App& board, Invocation& invocation, const char* name, const char* summary,
              const std::shared_ptr<BoardArguments>& arguments, Run run) {
  CLI::App& command = *board.add_subcommand(name, summary);
  command.callback([arguments, run, &invocation] {
    invocation.run = [arguments, run](Terminal& terminal) { return run(*arguments, terminal); };
  });
  return command;
}

}  // namespace

void add_board(CLI::App& app, Invocation& invocation) {
  CLI::App& board = *app.add_subcommand("board", "Boards that are known; record one for others");
  board.require_subcommand(1);
  auto arguments = std::make_shared<BoardArguments>();
  CLI::App& listing = add(board, invocation, "list", "All boards that are known", arguments, list);
  listing.add_flag("--json", arguments->json, "JSON on standard output");

  CLI::App& showing =
      add(board, invocation, "show",
          "A board's rails, which contains which, its sensors as shipped, its clocks", arguments, show);
  showing.add_option("BOARD", arguments->id, "One of `layerwatt board list`; this machine's unless given");
  showing.add_option("--sysroot", arguments->sysroot, "A recorded machine instead of this one");
  showing.add_flag("--json", arguments->json, "JSON on standard output");

  CLI::App& recording =
      add(board, invocation, "record", "Record what layerwatt can see of this machine in one text file",
          arguments, record);
  recording.add_option("-o,--output", arguments->output, "The record, JSON")->required();
  recording.add_option("--run", arguments->run, "Put this run file of the machine in as well");
  recording.add_option("--note", arguments->note, "Words of yours: carrier board, supply, meter");
  recording.add_option("--sysroot", arguments->sysroot, "Record a recorded machine instead of this one");
  recording.add_flag("--force", arguments->force, "Replace an existing record");

  CLI::App& unpacking = add(board, invocation, "unpack", "Make files of a record again", arguments, unpack);
  unpacking.add_option("RECORD", arguments->record, "Written by layerwatt board record")->required();
  unpacking.add_option("FOLDER", arguments->folder, "A folder that does not exist yet")->required();
  board.footer(
      "A record stands in for the machine wherever there is a --sysroot.\n"
      "Examples:\n"
      "  layerwatt board list\n"
      "  layerwatt board show jetson-orin-nano\n"
      "  sudo layerwatt board record -o my-orin.json --note 'Orin Nano 8 GB, devkit, JetPack 6.2'\n"
      "  layerwatt sensors --sysroot my-orin.json");
}

}  // namespace layerwatt
