// SPDX-License-Identifier: Apache-2.0
// Reads one JSON object field by field and keeps the first thing that is wrong with it, so that a reader is a
// list of fields and one question at the end.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace layerwatt {

class JsonObject {
 public:
  // `where` is how errors call it: "layers[3]". Borrows the JSON.
  JsonObject(const nlohmann::json& json, std::string where);

  // A field that is missing or null leaves `value` as it is, unless it is required.
  void required() { required_ = true; }  // holds for the reads that follow
  void optional() { required_ = false; }
  void read(const char* name, std::string& value);
  void read(const char* name, bool& value);
  void read(const char* name, std::optional<bool>& value);
  void read(const char* name, std::int64_t& value, std::int64_t least, std::int64_t most);
  void read(const char* name, std::uint64_t& value);
  void read(const char* name, std::optional<std::int64_t>& value, std::int64_t least, std::int64_t most);
  void read(const char* name, std::vector<std::string>& value);
  void read(const char* name, std::vector<std::int64_t>& value, std::int64_t least, std::int64_t most);
  void read(const char* name, std::vector<double>& value);  // finite ones
  void read(const char* name, std::optional<double>& value);
  // The list under `name`, or nullptr.
  const nlohmann::json* list(const char* name);

  void fail(const std::string& name, const std::string& expected);
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }
  [[nodiscard]] std::string path(const std::string& name) const;

 private:
  const nlohmann::json* field(const char* name);
  const nlohmann::json* json_ = nullptr;
  std::string where_;
  bool required_ = false;
  std::optional<Error> failure_;
};

// What is in `json` when it is that, with every integer between `least` and `most`.
std::optional<std::int64_t> integer_in(const nlohmann::json& json, std::int64_t least, std::int64_t most);
std::optional<std::vector<std::int64_t>> integers_in(const nlohmann::json& json, std::int64_t least,
                                                     std::int64_t most);
std::optional<std::vector<std::string>> strings_in(const nlohmann::json& json);

}  // namespace layerwatt
