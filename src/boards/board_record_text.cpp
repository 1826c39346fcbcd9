// SPDX-License-Identifier: Apache-2.0
// A record as JSON and back. Strict: a record comes from somebody else's machine.
#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "boards/base64.h"
#include "boards/board_record.h"

namespace layerwatt {

namespace {

using nlohmann::json;

constexpr const char* schema = "layerwatt.board-record/1";
constexpr std::size_t largest_record = 64 << 20;
constexpr std::size_t longest_path = 4096, longest_name = 255;

// What JSON cannot hold as text goes in as base64.
void put_content(json& file, const std::string& content) {
  try {
    (void)json(content).dump();
    file["text"] = content;
  } catch (const json::exception&) {
    file["base64"] = to_base64(content);
  }
}

json in_seconds(const ReadTimes& times) {
  return {{"reads", times.reads},
          {"shortest_s", seconds(times.shortest)},
          {"median_s", seconds(times.median)},
          {"longest_s", seconds(times.longest)}};
}

// Absolute, without detours, and nothing a file system would refuse.
bool is_plain_path(const std::string& text) {
  const std::filesystem::path path{text};
  if (text.size() > longest_path || !path.is_absolute() || path.lexically_normal().string() != text)
    return false;
  if (text.find('\0') != std::string::npos || !path.has_filename()) return false;
  return std::all_of(path.begin(), path.end(), [](const std::filesystem::path& name) {
    return name != ".." && name.string().size() <= longest_name;
  });
}

std::string checked_path(const std::string& text) {
  if (!is_plain_path(text)) throw std::invalid_argument{"\"" + text.substr(0, 80) + "\" is no plain path"};
  return text;
}

ReadTimes read_times(const json& times) {
  const auto of = [&](const char* key) {
    return from_seconds(std::clamp(times.at(key).get<double>(), 0.0, 3600.0));
  };
  return {times.at("reads").get<std::size_t>(), of("shortest_s"), of("median_s"), of("longest_s")};
}

std::string bytes_of(const json& encoded) {
  auto bytes = from_base64(encoded.get_ref<const std::string&>());
  if (!bytes) throw std::invalid_argument{"base64 is damaged"};
  return std::move(*bytes);
}

RecordedFile read_file(const json& entry) {
  RecordedFile file;
  file.path = checked_path(entry.at("path").get<std::string>());
  file.mode = entry.at("mode").get<unsigned>() & 07777U;
  file.failure = entry.value("errno", 0);
  if (file.failure < 0 || file.failure > 4095) throw std::invalid_argument{"errno is none"};
  if (entry.contains("text")) file.content = entry.at("text").get<std::string>();
  if (entry.contains("base64")) file.content = bytes_of(entry.at("base64"));
  if (entry.contains("read_times")) file.times = read_times(entry.at("read_times"));
  return file;
}

BoardRecord read_record(const json& root) {
  if (root.at("schema").get<std::string>() != schema)
    throw std::invalid_argument{"its schema is not " + std::string{schema}};
  BoardRecord record;
  record.provenance = root.at("provenance").get<std::map<std::string, std::string>>();
  for (const json& file : root.at("files")) record.files.push_back(read_file(file));
  for (const auto& [from, to] : root.at("links").items()) {
    const auto target = to.get<std::string>();
    if (target.empty() || target.size() > longest_path || target.find('\0') != std::string::npos)
      throw std::invalid_argument{"the link " + from.substr(0, 80) + " has no target"};
    record.links[checked_path(from)] = target;
  }
  if (root.contains("run")) record.run = bytes_of(root.at("run"));
  return record;
}

}  // namespace

std::string write_board_record(const BoardRecord& record) {
  json files = json::array();
  for (const RecordedFile& file : record.files) {
    json entry{{"path", file.path}, {"mode", file.mode}};
    if (file.failure != 0)
      entry["errno"] = file.failure;
    else
      put_content(entry, file.content);
    if (file.times) entry["read_times"] = in_seconds(*file.times);
    files.push_back(std::move(entry));
  }
  json root{{"schema", schema}, {"provenance", record.provenance}, {"files", files}, {"links", record.links}};
  if (!record.run.empty()) root["run"] = to_base64(record.run);
  return root.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<BoardRecord> parse_board_record(std::string_view text, const std::string& where) {
  if (text.size() > largest_record)
    return Error{Errc::malformed, where, "a record of a board has at most 64 MiB"};
  try {
    return read_record(json::parse(text));
  } catch (const std::exception& error) {
    return Error{Errc::malformed, where, std::string{"is no record of a board: "} + error.what()};
  }
}

Result<BoardRecord> read_board_record(const std::filesystem::path& path) {
  std::error_code failure;
  const auto size = std::filesystem::file_size(path, failure);
  if (failure) return system_error(failure.value(), path.string(), "opening");
  std::string text(std::min<std::uintmax_t>(size, largest_record + 1), '\0');
  std::ifstream file{path, std::ios::binary};
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file) return Error{Errc::io, path.string(), "cannot be read"};
  return parse_board_record(text, path.string());
}

}  // namespace layerwatt
