// SPDX-License-Identifier: Apache-2.0
// From the layers that OpenCV executed back to those of the network. It tells names and times: a layer
// without time was computed by another, and which one that was is read off the network. Pure; knows no
// OpenCV.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "networks/network.h"

namespace layerwatt {

// As OpenCV lists them, in the order in which it executes them.
struct OpencvLayer {
  std::string name;  // Caffe's; of ONNX, the node's with something in front
  std::string type;
  bool executed = false;  // it took time
};

struct OpencvRows {
  std::vector<Layer> layers;          // one for each executed layer, in order
  std::vector<std::size_t> executed;  // where each is in the list
  std::vector<std::string> removed;   // of the network, computed by none
};

OpencvRows map_opencv(const Network& network, const std::vector<OpencvLayer>& listed);

// The name in the network.
std::string network_name(const std::string& opencv_name);

}  // namespace layerwatt
