// SPDX-License-Identifier: Apache-2.0
// What a prototxt describes, as Caffe would build it for testing: inputs, layers in the order in which they
// run, and which version of a blob each reads, since layers may write over what they read ("in-place"). Both
// ways of writing layers are read: `layer` with type: "Convolution", and the older `layers` with type:
// CONVOLUTION. Layers that only train or judge (data, losses, accuracy) are left out. Names and defaults of
// fields: caffe.proto of BVLC Caffe 1.0; how phases and in-place layers work: its net.cpp and
// insert_splits.cpp.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/vocabulary.h"
#include "networks/caffe_text.h"

namespace layerwatt {

// One state of a blob: a layer that works in-place makes a new one of the same name.
struct CaffeBlob {
  std::string name;
  std::size_t readers = 0;  // layers that read it; an output of the net has none
};

struct CaffeInput {
  std::size_t blob = 0;
  Shape shape;
};

struct CaffeLayer {
  std::string name, type;                 // of today's names: "Convolution", "InnerProduct"
  std::vector<std::size_t> reads, makes;  // into CaffeNet::blobs
  const CaffeMessage* source = nullptr;
};

struct CaffeNet {
  std::string name, path;
  CaffeMessage text;
  std::vector<CaffeBlob> blobs;
  std::vector<CaffeInput> inputs;
  std::vector<CaffeLayer> layers;
  std::vector<std::string>
      left_out;  // "label (Data)": layers that are not there when a picture is classified
};

// malformed: not a prototxt, a blob that no earlier layer makes or that two make, no input, no layer.
// unsupported: an input whose shape the file does not say, Caffe's oldest format (`layers { layer {`).
Result<CaffeNet> read_caffe_net(std::string_view text, const std::string& path);

}  // namespace layerwatt
