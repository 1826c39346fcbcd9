// SPDX-License-Identifier: Apache-2.0
// Which Scale can be one with the BatchNorm in front of it.
#pragma once
#include "networks/caffe_net.h"

namespace layerwatt {

// True of a Scale that multiplies whole channels by parameters of its own.
bool is_scale_of_channels(const CaffeNet& net, const CaffeLayer& layer);

}  // namespace layerwatt
