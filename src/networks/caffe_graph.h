// SPDX-License-Identifier: Apache-2.0
// The ONNX graph that a Caffe net becomes, while its layers are written into it one by one, and what each
// layer's converter is handed. Shapes are followed, because Caffe's pools and inner products need them.
// Opset 13.
#pragma once
#include <onnx/onnx_pb.h>

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/result.h"
#include "networks/caffe_fields.h"
#include "networks/caffe_parameters.h"
#include "networks/not_inferred.h"

namespace layerwatt {

// An activation: its name in the ONNX graph, and its shape with the batch that the prototxt writes down.
struct CaffeTensor {
  std::string name;
  Shape shape;
};

class CaffeGraph {
 public:
  CaffeGraph(const CaffeNet& net, CaffeParameters parameters);

  onnx::NodeProto& node(const char* type, const std::string& name, const std::vector<std::string>& inputs,
                        const std::string& output);
  std::string constant(const std::string& name, const Shape& shape, const std::vector<float>& values);
  std::string integers(const std::string& name, const std::vector<std::int64_t>& values);
  // Without numbers the tensor keeps its size alone: enough to describe the net, not to run it.
  std::string parameter(const std::string& name, const Shape& shape, std::optional<std::string> bytes);
  // A name that nothing in the graph has yet: `wanted`, or with a number.
  std::string unused(const std::string& wanted);
  void declare(onnx::ValueInfoProto& value, const CaffeTensor& tensor, bool open_batch);

  CaffeParameters parameters;
  NotInferred substitutions;  // where other operators than the prototxt's stand in
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] onnx::ModelProto take() && { return std::move(model_); }
  [[nodiscard]] onnx::ModelProto& model() { return model_; }

 private:
  onnx::ModelProto model_;
  std::unordered_set<std::string> names_;
  std::unordered_map<std::string, std::size_t> numbers_;
  std::string path_;
};

// One layer on its way into the graph.
struct CaffeStep {
  const CaffeLayer& layer;
  const CaffeLayer* scale = nullptr;     // a Scale that belongs to this BatchNorm
  const std::vector<CaffeTensor>& read;  // one for each bottom
  std::vector<std::string> names;        // what the tops are to be called
  CaffeFields fields;                    // of the parameters of its type
  CaffeGraph& graph;

  [[nodiscard]] const CaffeTensor& input() const { return read.front(); }
  // One node between the first bottom, with further inputs behind it, and the first top.
  onnx::NodeProto& node(const char* type, const std::vector<std::string>& more = {}) const;
  // Blob `index`, in the graph as "<layer>.<name>".
  [[nodiscard]] Result<std::string> parameter(std::size_t index, const char* name, const Shape& shape,
                                              RandomValues like) const;
  [[nodiscard]] Error unsupported(const std::string& why) const;
  [[nodiscard]] Error malformed(const std::string& why) const;
  [[nodiscard]] std::vector<CaffeTensor> made(Shape shape) const {
    return {{names.front(), std::move(shape)}};
  }
};

// An axis as Caffe writes it: negative from the end.
Result<std::size_t> axis_of(const CaffeStep& step, std::int64_t axis, std::size_t rank);

}  // namespace layerwatt
