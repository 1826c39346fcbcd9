// SPDX-License-Identifier: Apache-2.0
// Where in a caffemodel the numbers of which layer lie, and the numbers themselves when they are asked for.
// The structure of the net that the file repeats is not read: the prototxt says it. Field numbers:
// caffe.proto of BVLC Caffe 1.0, NetParameter, LayerParameter, V1LayerParameter, BlobProto.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/result.h"
#include "core/vocabulary.h"
#include "networks/model_file.h"

namespace layerwatt {

struct CaffeWeight {
  Shape shape;              // as the file says; four dimensions in older files, with leading ones
  std::int64_t count = 0;   // of numbers that are there
  std::uint64_t begin = 0;  // of the BlobProto in the file
  std::uint64_t end = 0;
};

class CaffeWeights {
 public:
  // malformed: damaged or truncated, or a blob whose numbers contradict its shape. unsupported: half
  // precision, and Caffe's first format.
  static Result<CaffeWeights> open(const std::filesystem::path& path);

  // The blobs of a layer; null when the file knows no such layer, or it has none.
  [[nodiscard]] const std::vector<CaffeWeight>* of(const std::string& layer) const;
  // Little-endian float32.
  Result<std::string> data(const CaffeWeight& weight);
  [[nodiscard]] const std::string& path() const { return file_.path(); }
  [[nodiscard]] std::size_t layers() const { return layers_.size(); }

 private:
  explicit CaffeWeights(ModelFile file) : file_{std::move(file)} {}
  Result<void> scan();
  Result<void> scan_layer(std::uint64_t begin, std::uint64_t end, bool is_older);
  Result<CaffeWeight> scan_blob(std::uint64_t begin, std::uint64_t end);

  ModelFile file_;
  std::unordered_map<std::string, std::vector<CaffeWeight>> layers_;
  std::size_t messages_ = 0;
};

}  // namespace layerwatt
