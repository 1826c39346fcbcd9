// SPDX-License-Identifier: Apache-2.0
// Weights that lie in other files. A model may only name files inside its own folder; whatever else it asks
// an engine to read is refused before any engine sees it. The files themselves are not opened here.
#pragma once
#include <onnx/onnx_pb.h>

#include <string>
#include <vector>

#include "core/result.h"

namespace layerwatt {

// Looks at every tensor of the model, also inside attributes and subgraphs. malformed: a location that is
// absolute, climbs out with "..", or leads out through a symbolic link; a claim beyond the end of the file.
// Returns a sentence for each file that is missing: such a model can be described but not run.
Result<std::vector<std::string>> check_external_data(const onnx::ModelProto& model, const std::string& path);

}  // namespace layerwatt
