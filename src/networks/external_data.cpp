// SPDX-License-Identifier: Apache-2.0
// See external_data.h. Keys and meaning: https://onnx.ai/onnx/repo-docs/ExternalData.html
#include "networks/external_data.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <optional>

#include "core/machine.h"
#include "networks/tensor_size.h"

namespace layerwatt {

namespace {

namespace fs = std::filesystem;

class ExternalDataCheck {
 public:
  explicit ExternalDataCheck(const std::string& path) : path_{path} {
    std::error_code ignored;
    const fs::path parent = fs::path{path}.parent_path();
    folder_ = fs::canonical(parent.empty() ? fs::path{"."} : parent, ignored);
  }

  Result<void> graph(const onnx::GraphProto& graph) {
    for (const onnx::TensorProto& initializer : graph.initializer())
      if (auto checked = tensor(initializer); !checked) return checked;
    for (const onnx::SparseTensorProto& sparse : graph.sparse_initializer())
      if (auto checked = sparse_tensor(sparse); !checked) return checked;
    for (const onnx::NodeProto& node : graph.node())
      for (const onnx::AttributeProto& attribute : node.attribute())
        if (auto checked = this->attribute(attribute); !checked) return checked;
    return {};
  }

  std::vector<std::string> missing() && { return std::move(missing_); }

 private:
  [[nodiscard]] Error malformed(const onnx::TensorProto& tensor, const std::string& detail) const {
    return Error{Errc::malformed, path_,
                 fmt::format("external data of tensor {}: {}", in_quotes(tensor.name()), detail)};
  }

  Result<void> attribute(const onnx::AttributeProto& attribute) {
    if (attribute.has_t())
      if (auto checked = tensor(attribute.t()); !checked) return checked;
    if (attribute.has_sparse_tensor())
      if (auto checked = sparse_tensor(attribute.sparse_tensor()); !checked) return checked;
    for (const onnx::TensorProto& one : attribute.tensors())
      if (auto checked = tensor(one); !checked) return checked;
    if (attribute.has_g())
      if (auto checked = graph(attribute.g()); !checked) return checked;
    for (const onnx::GraphProto& one : attribute.graphs())
      if (auto checked = graph(one); !checked) return checked;
    return {};
  }

  Result<void> sparse_tensor(const onnx::SparseTensorProto& sparse) {
    if (auto checked = tensor(sparse.values()); !checked) return checked;
    return tensor(sparse.indices());
  }

  Result<void> tensor(const onnx::TensorProto& tensor) {
    if (tensor.data_location() != onnx::TensorProto::EXTERNAL) return {};
    std::string location;
    std::int64_t offset = 0;
    std::optional<std::int64_t> length;
    for (const onnx::StringStringEntryProto& entry : tensor.external_data()) {
      if (entry.key() == "location") location = entry.value();
      if (entry.key() != "offset" && entry.key() != "length") continue;
      const auto number = parse_integer(entry.value(), path_);
      if (!number || *number < 0)
        return malformed(
            tensor, fmt::format("{} is not a number of bytes: {}", entry.key(), in_quotes(entry.value())));
      if (entry.key() == "offset")
        offset = *number;
      else
        length = *number;
    }
    const auto size = size_of(tensor, location);
    if (!size) return size.error();
    if (!*size) return {};
    const Shape shape{tensor.dims().begin(), tensor.dims().end()};
    const auto expected = bytes_of(shape, tensor.data_type());
    if (expected && length && *expected != *length)
      return malformed(tensor, fmt::format("has {} bytes, but the shape needs {}", *length, *expected));
    const auto end = checked_sum(offset, length ? *length : expected.value_or(0));
    if (!end || *end > **size)
      return malformed(
          tensor, fmt::format("ends behind the end of {}, which has {} bytes", in_quotes(location), **size));
    return {};
  }

  // The size of the file, or nothing when it is missing; each location is looked at once.
  Result<std::optional<std::int64_t>> size_of(const onnx::TensorProto& tensor, const std::string& location) {
    if (const auto known = sizes_.find(location); known != sizes_.end()) return known->second;
    const fs::path relative{location};
    if (location.empty() || location.find('\0') != std::string::npos || !is_utf8(location))
      return malformed(tensor, "names no file");
    if (relative.is_absolute())
      return malformed(tensor, fmt::format("{} is absolute; only files in the model's folder are read",
                                           in_quotes(location)));
    for (const fs::path& part : relative)
      if (part == "..")
        return malformed(tensor, fmt::format("{} climbs out of the model's folder", in_quotes(location)));
    std::error_code failure;
    const fs::path resolved = fs::canonical(folder_ / relative, failure);
    if (failure) {
      missing_.push_back(
          fmt::format("weights lie in {}, which is missing: the network can be described but not run",
                      in_quotes(location)));
      return sizes_[location] = std::nullopt;
    }
    const auto [end_of_folder, ignored] =
        std::mismatch(folder_.begin(), folder_.end(), resolved.begin(), resolved.end());
    if (end_of_folder != folder_.end())
      return malformed(tensor,
                       fmt::format("{} is a symbolic link out of the model's folder; copy the file instead",
                                   in_quotes(location)));
    if (!fs::is_regular_file(resolved, failure))
      return malformed(tensor, fmt::format("{} is not a regular file", in_quotes(location)));
    const auto size = fs::file_size(resolved, failure);
    if (failure) return system_error(failure.value(), resolved.string(), "looking at external data");
    return sizes_[location] = static_cast<std::int64_t>(size);
  }

  std::string path_;
  fs::path folder_;
  std::map<std::string, std::optional<std::int64_t>> sizes_;
  std::vector<std::string> missing_;
};

}  // namespace

Result<std::vector<std::string>> check_external_data(const onnx::ModelProto& model, const std::string& path) {
  ExternalDataCheck check{path};
  if (auto checked = check.graph(model.graph()); !checked) return checked.error();
  return std::move(check).missing();
}

}  // namespace layerwatt
