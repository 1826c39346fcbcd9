// SPDX-License-Identifier: Apache-2.0
// Seeds: the fixtures of streams and oscilloscopes, each behind the byte that names its reader.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "fuzz_target.h"
#include "sensors/stream.h"

namespace layerwatt {

namespace {

std::string contents(const std::filesystem::path& file) {
  std::stringstream text;
  text << std::ifstream{file}.rdbuf();
  return text.str();
}

// "Main power - Ace.csv" is Otii's.
char reader_of(const std::string& name) {
  const auto drivers = stream_drivers();
  for (std::size_t i = 0; i < drivers.size(); ++i)
    if (name.starts_with(drivers[i]->name) || (drivers[i]->name == "otii" && name.starts_with("Main")))
      return static_cast<char>(i + 8 * 15);  // in pieces of 16 bytes
  return static_cast<char>(drivers.size());
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  std::vector<std::string> seeds;
  for (const char* folder : {"/streams", "/scopes"})
    for (const auto& entry : std::filesystem::directory_iterator{std::string{LAYERWATT_FIXTURES} + folder})
      if (entry.path().filename() != "PROVENANCE")
        seeds.push_back(reader_of(entry.path().filename()) + contents(entry.path()));
  std::sort(seeds.begin(), seeds.end());
  const char csv = reader_of("csv");
  seeds.push_back(
      csv +
      std::string{"# refresh_s = 0.001\n# origin = simulated\ntime_s,a_w,b_mv,b_ma,c_j\n0,1,5000,200,1\n"});
  seeds.push_back(csv + std::string{"raw_ns,a_w\n123456789012345678,1\n"});
  return seeds;
}

}  // namespace layerwatt
