// SPDX-License-Identifier: Apache-2.0
// Where the data of a tensor lies: onnx.proto, TensorProto. raw_data is little-endian, as are our machines.
#include "engines/onnx_model.h"

#include <cstring>
#include <fstream>

#include "networks/attributes.h"

namespace layerwatt {

Result<OnnxModel> OnnxModel::open(const std::filesystem::path& path) {
  OnnxModel opened;
  opened.model_ = std::make_unique<onnx::ModelProto>();
  std::ifstream file{path, std::ios::binary};
  if (!file || !opened.model_->ParseFromIstream(&file))
    return Error{Errc::malformed, path.string(), "is not an ONNX model"};
  const onnx::GraphProto& graph = opened.model_->graph();
  for (const auto& import : opened.model_->opset_import())
    if (import.domain().empty() || import.domain() == "ai.onnx") opened.opset_ = import.version();
  for (const onnx::TensorProto& tensor : graph.initializer())
    opened.constants_.emplace(tensor.name(), &tensor);
  for (const onnx::NodeProto& node : graph.node()) {
    for (const std::string& output : node.output()) opened.makers_.emplace(output, &node);
    const onnx::AttributeProto* value = find_attribute(node, "value");
    if (node.op_type() == "Constant" && value != nullptr && value->has_t() && node.output_size() == 1)
      opened.constants_.emplace(node.output(0), &value->t());
  }
  for (const auto& [name, tensor] : opened.constants_)
    if (tensor->data_location() == onnx::TensorProto::EXTERNAL)
      return Error{Errc::unsupported, path.string(),
                   "has its weights in another file, which this engine does not read; onnxruntime does"};
  return opened;
}

const onnx::NodeProto* OnnxModel::maker_of(const std::string& tensor) const {
  const auto found = makers_.find(tensor);
  return found == makers_.end() ? nullptr : found->second;
}

Shape OnnxModel::shape_of(const std::string& constant) const {
  const onnx::TensorProto& tensor = *constants_.at(constant);
  return {tensor.dims().begin(), tensor.dims().end()};
}

Result<std::vector<float>> OnnxModel::floats(const std::string& constant) const {
  const onnx::TensorProto& tensor = *constants_.at(constant);
  if (tensor.data_type() != onnx::TensorProto::FLOAT)
    return Error{Errc::unsupported, constant, "is not float32; onnxruntime runs other types"};
  if (!tensor.has_raw_data())
    return std::vector<float>(tensor.float_data().begin(), tensor.float_data().end());
  std::vector<float> values(tensor.raw_data().size() / sizeof(float));
  std::memcpy(values.data(), tensor.raw_data().data(), values.size() * sizeof(float));
  return values;
}

}  // namespace layerwatt
