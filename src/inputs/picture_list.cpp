// SPDX-License-Identifier: Apache-2.0
// See picture_list.h.
#include "inputs/picture_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <limits>
#include <set>

#include "core/text.h"
#include "inputs/image.h"

namespace layerwatt {

namespace {

using Path = std::filesystem::path;
using Pictures = std::vector<Picture>;

std::optional<std::uint32_t> class_number(std::string_view text) {
  const auto number = text::integer(text);
  if (!number || *number < 0 || *number > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

struct Entries {
  std::vector<Path> folders, pictures;
};

// In the order of their names; hidden ones are left out.
Result<Entries> entries_of(const Path& folder) {
  Entries found;
  std::error_code failure;
  std::filesystem::directory_iterator entries{folder, failure};
  if (failure) return system_error(failure.value(), folder.string(), "reading the folder");
  for (const auto end = std::filesystem::directory_iterator{}; entries != end; entries.increment(failure)) {
    if (failure) break;
    std::error_code unknown;
    const Path& path = entries->path();
    if (path.filename().string().front() == '.') continue;
    if (entries->is_directory(unknown))
      found.folders.push_back(path);
    else if (is_named_as_image(path))
      found.pictures.push_back(path);
    if (found.folders.size() + found.pictures.size() > most_pictures)
      return Error{Errc::unsupported, folder.string(),
                   fmt::format("has more than {} entries", most_pictures)};
  }
  if (failure) return system_error(failure.value(), folder.string(), "reading the folder");
  std::sort(found.folders.begin(), found.folders.end());
  std::sort(found.pictures.begin(), found.pictures.end());
  return found;
}

Error no_pictures(const Path& where) {
  return {Errc::not_found, where.string(),
          "has no pictures in it: .png, .jpg, .jpeg, .ppm, .pgm are looked for"};
}

Result<Pictures> of_folder(const Path& folder) {
  const auto entries = entries_of(folder);
  if (!entries) return entries.error();
  Pictures pictures;
  for (const Path& path : entries->pictures) pictures.push_back({path, std::nullopt});
  if (!pictures.empty()) return pictures;
  Error error = no_pictures(folder);
  if (!entries->folders.empty())
    error.detail += "; of its sub-folders, one a class, they are taken with --labels " + folder.string();
  return error;
}

// The classes of sub-folders: their names where all of these are numbers, else 0, 1, 2...
Result<std::vector<std::uint32_t>> classes_of(const std::vector<Path>& folders) {
  std::vector<std::uint32_t> numbers, in_order;
  for (const Path& folder : folders) {
    if (const auto number = class_number(folder.filename().string())) numbers.push_back(*number);
    in_order.push_back(static_cast<std::uint32_t>(in_order.size()));
  }
  if (numbers.size() != folders.size()) return in_order;
  if (std::set<std::uint32_t>{numbers.begin(), numbers.end()}.size() != numbers.size())
    return Error{Errc::malformed, folders.front().parent_path().string(),
                 "has two sub-folders for one class"};
  return numbers;
}

Result<Pictures> of_class_folders(const Path& folder) {
  const auto entries = entries_of(folder);
  if (!entries) return entries.error();
  if (entries->folders.empty())
    return Error{Errc::malformed, folder.string(),
                 "has no sub-folders; as labels it needs one for each class, or --labels names a file"};
  if (!entries->pictures.empty())
    return Error{Errc::malformed, entries->pictures.front().string(),
                 "lies beside the folders of the classes: which class is it of?"};
  const auto classes = classes_of(entries->folders);
  if (!classes) return classes.error();
  Pictures pictures;
  for (std::size_t i = 0; i < classes->size(); ++i) {
    const auto inside = entries_of(entries->folders[i]);
    if (!inside) return inside.error();
    for (const Path& path : inside->pictures) pictures.push_back({path, (*classes)[i]});
  }
  if (pictures.empty()) return no_pictures(folder);
  return pictures;
}

struct Line {
  std::size_t number = 0;
  std::string name;  // empty where lines are classes only
  std::uint32_t label = 0;
};

// "a b.png 3": what follows the last space is the class.
Result<std::vector<Line>> lines_of(const Path& file) {
  errno = 0;
  std::ifstream in{file};
  if (!in) return system_error(errno != 0 ? errno : EIO, file.string(), "opening");
  std::vector<Line> lines;
  std::string text;
  for (std::size_t number = 1; std::getline(in, text); ++number) {
    const std::string_view trimmed = text::trimmed(text);
    if (trimmed.empty() || trimmed.front() == '#') continue;
    const std::size_t space = trimmed.find_last_of(" \t");
    const bool has_name = space != std::string_view::npos;
    const auto label = class_number(has_name ? trimmed.substr(space + 1) : trimmed);
    const std::string where = fmt::format("{}:{}", file.string(), number);
    if (!label)
      return Error{Errc::malformed, where,
                   "expected a file name and the number of its class, from 0, or only the number"};
    if (!lines.empty() && lines.front().name.empty() == has_name)
      return Error{Errc::malformed, where, "either every line names a file, or none does"};
    lines.push_back({number, std::string{has_name ? text::trimmed(trimmed.substr(0, space)) : ""}, *label});
    if (lines.size() > most_pictures)
      return Error{Errc::unsupported, file.string(), fmt::format("has more than {} lines", most_pictures)};
  }
  if (in.bad()) return system_error(errno != 0 ? errno : EIO, file.string(), "reading");
  if (lines.empty()) return Error{Errc::malformed, file.string(), "has no labels in it"};
  return lines;
}

Result<Pictures> of_named_lines(const Path& file, const std::vector<Line>& lines, const Path& folder) {
  Pictures pictures;
  std::set<std::string> seen;
  for (const Line& line : lines) {
    const std::string where = fmt::format("{}:{}", file.string(), line.number);
    const Path path = folder / line.name;
    std::error_code unknown;
    if (!std::filesystem::exists(path, unknown))
      return Error{Errc::not_found, where,
                   fmt::format("names {}, and there is no {}", line.name, path.string())};
    if (!seen.insert(line.name).second)
      return Error{Errc::malformed, where, fmt::format("names {} a second time", line.name)};
    pictures.push_back({path, line.label});
  }
  // A folder that holds others, too, is not what these labels are of: pictures beside those named.
  const auto entries = entries_of(folder);
  if (!entries) return entries.error();
  for (const Path& path : entries->pictures)
    if (!seen.contains(path.filename().string()))
      return Error{Errc::malformed, path.string(), fmt::format("has no label in {}", file.string())};
  return pictures;
}

Result<Pictures> of_numbered_lines(const Path& file, const std::vector<Line>& lines, const Path& folder) {
  auto pictures = of_folder(folder);
  if (!pictures) return pictures;
  if (pictures->size() != lines.size())
    return Error{Errc::malformed, file.string(),
                 fmt::format("has {} labels, and {} has {} pictures", lines.size(), folder.string(),
                             pictures->size())};
  for (std::size_t i = 0; i < lines.size(); ++i) (*pictures)[i].label = lines[i].label;
  return pictures;
}

Result<Pictures> labelled(const Path& input, const Path& labels) {
  std::error_code failure;
  const auto status = std::filesystem::status(labels, failure);
  if (!std::filesystem::exists(status))
    return Error{Errc::not_found, labels.string(), "there are no labels: no such file or folder"};
  if (std::filesystem::is_directory(status)) {
    std::error_code unknown;
    if (!input.empty() && !std::filesystem::equivalent(input, labels, unknown))
      return Error{Errc::malformed, "--input " + input.string(),
                   "a folder of labels holds its pictures itself: leave --input out"};
    return of_class_folders(labels);
  }
  if (!std::filesystem::is_regular_file(status))
    return Error{Errc::malformed, labels.string(), "is neither a file nor a folder"};
  const auto lines = lines_of(labels);
  if (!lines) return lines.error();
  const Path folder = !input.empty() ? input : labels.has_parent_path() ? labels.parent_path() : Path{"."};
  return lines->front().name.empty() ? of_numbered_lines(labels, *lines, folder)
                                     : of_named_lines(labels, *lines, folder);
}

}  // namespace

Result<std::vector<Picture>> list_pictures(const std::filesystem::path& input,
                                           const std::filesystem::path& labels) {
  if (!labels.empty()) return labelled(input, labels);
  std::error_code failure;
  const auto status = std::filesystem::status(input, failure);
  if (!std::filesystem::exists(status))
    return Error{Errc::not_found, "--input " + input.string(),
                 "is neither random, black, white or gradient, nor a picture or folder that is there"};
  if (std::filesystem::is_directory(status)) return of_folder(input);
  return Pictures{{input, std::nullopt}};
}

}  // namespace layerwatt
