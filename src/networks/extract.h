// SPDX-License-Identifier: Apache-2.0
// A part of a network in memory; extract_part in network.h writes it down.
#pragma once
#include <onnx/onnx_pb.h>

#include "core/result.h"
#include "networks/network.h"

namespace layerwatt {

// Errors as of extract_part.
Result<onnx::ModelProto> part_of(const NetworkPart& part);

}  // namespace layerwatt
