// SPDX-License-Identifier: Apache-2.0
// The layers that a prototxt lists and Caffe would build for testing, with names and blobs as written; what
// they read is not looked up here.
#pragma once
#include <string>
#include <vector>

#include "core/result.h"
#include "networks/caffe_text.h"

namespace layerwatt {

struct ListedLayer {
  std::string name, type;
  std::vector<std::string> bottoms, tops;
  const CaffeMessage* source = nullptr;
};

// Layers for training alone are not among them. unsupported: Caffe's oldest format.
Result<std::vector<ListedLayer>> list_caffe_layers(const CaffeMessage& net, const std::string& path);

}  // namespace layerwatt
