// SPDX-License-Identifier: Apache-2.0
// The builds of Microsoft send telemetry: a thread, a database in ~/.cache/Microsoft, name look-ups. All of
// it stays away when ORT_DISABLE_TELEMETRY=1 is in the environment before the library is loaded.
#include "engines/onnxruntime_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <optional>

namespace layerwatt {

namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

// "1.25.1" -> {1, 25}
std::optional<std::pair<unsigned, unsigned>> major_minor(const std::string& version) {
  unsigned major = 0, minor = 0;
  const char* const end = version.data() + version.size();
  const auto first = std::from_chars(version.data(), end, major);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '.') return std::nullopt;
  if (std::from_chars(first.ptr + 1, end, minor).ec != std::errc{}) return std::nullopt;
  return std::pair{major, minor};
}

Result<OnnxruntimeLibrary> open_one(const Machine& machine, const std::string& name,
                                    const std::string& found_by) {
  auto library = machine.open_library(name);
  if (!library) return library.error();
  const auto get_base = library->function<const OrtApiBase*()>("OrtGetApiBase");
  if (!get_base) return Error{Errc::malformed, name, "is no ONNX Runtime: it has no OrtGetApiBase"};
  Dl_info info{};
  const bool located = ::dladdr(reinterpret_cast<void*>(*get_base), &info) != 0 && info.dli_fname != nullptr;
  const std::string path = located ? info.dli_fname : name;
  const OrtApiBase* base = (*get_base)();
  const std::string version = base->GetVersionString();
  // Asking a library for an API it does not have makes it print; so its version is looked at first.
  const void* table = is_supported_onnxruntime(version) ? base->GetApi(onnxruntime_api_version) : nullptr;
  if (table == nullptr)
    return Error{Errc::unsupported, path,
                 fmt::format("is ONNX Runtime {}; layer by layer marks need 1.{} or newer", version,
                             onnxruntime_api_version)};
  return OnnxruntimeLibrary{std::move(*library), OnnxruntimeApi::from(table), version, path, found_by, {}};
}

struct Candidate {
  std::string name, found_by;
};

std::vector<Candidate> candidates(const Machine& machine) {
  std::vector<Candidate> all{{"libonnxruntime.so.1", "system"}, {"libonnxruntime.so", "system"}};
  std::vector<std::filesystem::path> homes;
  for (const char* variable : {"VIRTUAL_ENV", "CONDA_PREFIX"})
    if (const std::string home = environment(variable); !home.empty()) homes.emplace_back(home);
  if (const std::string home = environment("HOME"); !home.empty()) homes.emplace_back(home + "/.local");
  for (const auto& file : pip_onnxruntime(machine, homes)) all.push_back({file.string(), "pip"});
  if (const std::string own = LAYERWATT_OWN_ONNXRUNTIME; !own.empty()) all.push_back({own, "project"});
  return all;
}

}  // namespace

bool is_supported_onnxruntime(const std::string& version) {
  const auto numbers = major_minor(version);
  return numbers &&
         (numbers->first > 1 || (numbers->first == 1 && numbers->second >= onnxruntime_api_version));
}

std::vector<std::filesystem::path> pip_onnxruntime(const Machine& machine,
                                                   const std::vector<std::filesystem::path>& homes) {
  std::vector<std::filesystem::path> prefixes = homes;
  prefixes.insert(prefixes.end(), {"/usr/local", "/usr"});
  std::vector<std::filesystem::path> files;
  for (const auto& prefix : prefixes)
    for (const auto& python : machine.list(prefix / "lib")) {
      if (!python.filename().string().starts_with("python3")) continue;
      for (const char* packages : {"site-packages", "dist-packages"})
        for (const auto& file : machine.list(python / packages / "onnxruntime" / "capi"))
          if (file.filename().string().starts_with("libonnxruntime.so")) files.push_back(file);
    }
  return files;
}

Result<OnnxruntimeLibrary> open_onnxruntime(const Machine& machine, const std::filesystem::path& option) {
  ::setenv("ORT_DISABLE_TELEMETRY", "1", 1);
  if (!option.empty()) return open_one(machine, option.string(), "option");
  if (const std::string named = environment("LAYERWATT_ONNXRUNTIME"); !named.empty())
    return open_one(machine, named, "environment");
  std::vector<std::string> passed_over;
  for (const auto& [name, found_by] : candidates(machine)) {
    auto opened = open_one(machine, name, found_by);
    if (opened) {
      opened->passed_over = passed_over;
      return opened;
    }
    if (opened.error().code != Errc::not_found)
      passed_over.push_back(opened.error().where + " " + opened.error().detail);
  }
  std::string detail = fmt::format(
      "no ONNX Runtime 1.{} or newer on this machine: set LAYERWATT_ONNXRUNTIME to its libonnxruntime.so, or "
      "`pip install onnxruntime`",
      onnxruntime_api_version);
  for (const auto& sentence : passed_over) detail += "; passed over: " + sentence;
  return Error{Errc::not_found, "libonnxruntime.so.1", detail};
}

}  // namespace layerwatt
