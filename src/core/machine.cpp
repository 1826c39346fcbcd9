// SPDX-License-Identifier: Apache-2.0
// Files, held descriptors and libraries behind core/machine.h. Nothing here knows what a path means.
#include "core/machine.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

namespace layerwatt {

namespace {

constexpr std::size_t largest_file = 1 << 20;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank{" \t\r\n\0", 5};
  const auto last = text.find_last_not_of(blank);
  return last == std::string_view::npos ? std::string_view{} : text.substr(0, last + 1);
}

}  // namespace

Result<long long> parse_integer(std::string_view text, const std::string& where) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos)
    return Error{Errc::malformed, where, "expected an integer, found nothing"};
  text.remove_prefix(first);
  if (text.front() == '+') text.remove_prefix(1);
  long long value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool bounded = end == text.data() + text.size() || *end == ' ' || *end == '\t' || *end == '\n';
  if (failure == std::errc{} && bounded) return value;
  const std::string seen{text.substr(0, 40)};
  if (failure == std::errc::result_out_of_range)
    return Error{Errc::malformed, where, "integer out of range: \"" + seen + "\""};
  return Error{Errc::malformed, where, "expected an integer, found \"" + seen + "\""};
}

Result<HeldFile> HeldFile::open(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (descriptor < 0) return system_error(errno, path.string(), "opening");
  return HeldFile{descriptor, path.string()};
}

HeldFile::HeldFile(HeldFile&& other) noexcept
    : descriptor_{std::exchange(other.descriptor_, -1)}, path_{std::move(other.path_)} {}

HeldFile& HeldFile::operator=(HeldFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  return *this;
}

HeldFile::~HeldFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<std::string_view> HeldFile::read(std::span<char> buffer) const {
  const ssize_t n = ::pread(descriptor_, buffer.data(), buffer.size(), 0);
  if (n < 0) return system_error(errno, path_, "reading");
  return trimmed({buffer.data(), static_cast<std::size_t>(n)});
}

Result<long long> HeldFile::read_integer() const {
  std::array<char, 64> buffer{};
  const auto text = read(buffer);
  if (!text) return text.error();
  return parse_integer(*text, path_);
}

Result<Library> Library::open(const std::string& name) {
  void* handle = ::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* why = ::dlerror();
    return Error{Errc::not_found, name, why != nullptr ? why : "cannot be opened"};
  }
  return Library{std::shared_ptr<void>{handle, [](void* h) { ::dlclose(h); }}, name};
}

Result<void*> Library::symbol(const char* name) const {
  void* found = ::dlsym(handle_.get(), name);
  if (found == nullptr) return Error{Errc::not_found, name_, std::string{"has no symbol "} + name};
  return found;
}

std::filesystem::path Machine::locate(const std::filesystem::path& path) const {
  return root_ / path.relative_path();
}

bool Machine::exists(const std::filesystem::path& path) const {
  std::error_code ignored;
  return std::filesystem::exists(locate(path), ignored);
}

Result<std::string> Machine::read(const std::filesystem::path& path) const {
  const auto file = hold(path);
  if (!file) return file.error();
  std::string buffer(4096, '\0');
  for (;;) {
    const auto text = file->read(buffer);
    if (!text) return text.error();
    // sysfs gives a whole attribute in one read; only /proc and recorded files can be longer.
    if (text->size() + 8 < buffer.size() || buffer.size() >= largest_file) return std::string{*text};
    buffer.resize(buffer.size() * 4);
  }
}

Result<long long> Machine::read_integer(const std::filesystem::path& path) const {
  return hold(path).and_then([](const HeldFile& file) { return file.read_integer(); });
}

std::vector<std::filesystem::path> Machine::list(const std::filesystem::path& directory) const {
  std::vector<std::filesystem::path> names;
  std::error_code failure;
  std::filesystem::directory_iterator entries{locate(directory), failure};
  if (failure) return names;
  for (const auto end = std::filesystem::directory_iterator{}; entries != end && !failure;
       entries.increment(failure))
    names.push_back(directory / entries->path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

Result<HeldFile> Machine::hold(const std::filesystem::path& path) const {
  if (tree_ != nullptr && !tree_->failures.empty()) {
    std::error_code unknown;
    const auto real = std::filesystem::canonical(locate(path), unknown);
    const auto failure = tree_->failures.find("/" + real.lexically_relative(root_).string());
    if (!unknown && failure != tree_->failures.end())
      return system_error(failure->second, path.string(), "reading, when it was recorded,");
  }
  return HeldFile::open(locate(path));
}

Result<Library> Machine::open_library(const std::string& name) const {
  if (is_recorded())
    return Error{Errc::unsupported, name, "libraries of a recorded machine cannot be opened"};
  return Library::open(name);
}

}  // namespace layerwatt
