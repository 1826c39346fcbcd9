// SPDX-License-Identifier: Apache-2.0
// Where a Caffe net's pictures come from, and in which shape: Input layers, and the data layers of nets that
// are trained. The pictures themselves are not looked for.
#pragma once
#include <string>
#include <vector>

#include "core/result.h"
#include "core/vocabulary.h"
#include "networks/caffe_layer_list.h"

namespace layerwatt {

bool is_caffe_source(const std::string& type);

// One shape for each top but the labels of a data layer, which come last. unsupported: the layer does not
// say.
Result<std::vector<Shape>> shapes_from(const ListedLayer& source, const std::string& path);

// `shape { dim: 1 dim: 3 ... }`
Result<Shape> caffe_shape(const CaffeMessage& message, const std::string& path);

// For errors: layer "data" ("Data", line 3).
std::string described(const ListedLayer& layer);

}  // namespace layerwatt
