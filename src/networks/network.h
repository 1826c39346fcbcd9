// SPDX-License-Identifier: Apache-2.0
// What a network is: its layers in topological order, with shapes and costs. Read from ONNX or Caffe in the
// runner process, never in the measuring one, so that a hostile file cannot hurt a measurement.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/vocabulary.h"

namespace layerwatt {

struct TensorDescription {
  std::string name;
  std::string element_type;  // "float32", "int8", ...
  Shape shape;               // -1 = unknown or dynamic and not set by `batch`
};

struct Network {
  std::string name;                                // graph name, or the file's stem
  std::vector<TensorDescription> inputs, outputs;  // without initializers
  std::vector<Layer> layers;                       // Layer::sources is the layer itself
  // For the engine's fusion map, one list a layer, in the order of the node; an absent input is "".
  std::vector<std::vector<std::string>> produced;  // output tensor names
  std::vector<std::vector<std::string>> consumed;  // input tensor names, initializers too
  // Bytes of each of `produced`; fewer, or empty, where not known.
  std::vector<std::vector<std::optional<std::int64_t>>> produced_bytes;
  std::vector<std::string> element_types;  // of each layer's first output: "float32", "int8"
  std::int64_t opset = 0;
  bool random_weights = false;  // written here with seeded random weights
  std::string part;             // the layers it was taken from another network for; empty: a whole one
  // Sentences: where operators stand for others, those of the network that the file was made from.
  std::vector<std::string> substitutions;
  std::vector<std::string> not_inferred;  // sentences: what the description could not work out
};

struct ReadOptions {
  std::int64_t batch = 1;  // put into the first dimension of inputs when it is dynamic
};

// Reads and describes an ONNX file. External data is only looked for inside the model's folder. malformed:
// not ONNX, truncated, cyclic, absurd dimensions; the message says which and where.
Result<Network> read_onnx(const std::filesystem::path& path, const ReadOptions& options = {});

// The same for a Caffe net: a prototxt alone says all that a description needs, and becomes ONNX in memory.
Result<Network> read_caffe(const std::filesystem::path& prototxt, const ReadOptions& options = {});
// Either, by the file's name: what ends in .prototxt is Caffe's.
Result<Network> read_network(const std::filesystem::path& path, const ReadOptions& options = {});

struct CaffeFiles {
  std::filesystem::path prototxt;
  std::filesystem::path caffemodel;  // empty: weights are random, from `seed`
  std::uint64_t seed = 1;
};
// Writes a Caffe net as ONNX (opset 13, batch open), whole or not at all. Returns where other operators stand
// for Caffe's, as sentences. unsupported: a layer that ONNX has no operator for; not_found: weights that the
// caffemodel lacks; malformed: files that are damaged or of different networks.
Result<std::vector<std::string>> convert_caffe(const CaffeFiles& files, const std::filesystem::path& out);

// Refuses files as convert_caffe() does, and makes nothing.
Result<void> check_caffe(const CaffeFiles& files);

// Layers of an ONNX file, by their names in its description and in its order.
struct NetworkPart {
  std::filesystem::path network;
  std::string from, to;  // both included
};
// Writes a part as an ONNX file that runs by itself, with the weights and shapes it has in the network; what
// the rest of the network makes becomes an input. The batch stays open where it was. Returns where constants
// or other operators stand for others, as sentences. not_found: no such layer; unsupported: an input of
// unknown shape, weights in other files.
Result<std::vector<std::string>> extract_part(const NetworkPart& part, const std::filesystem::path& out);

// Networks of one convolution each, one setting changed at a time around a base, as in Holly 2020, section on
// convolutional layers: 3x224x224 in and, with padding that keeps sizes, out; kernel and stride 1.
struct ConvolutionSeries {
  std::vector<std::int64_t> kernels{1, 2, 3, 4, 5}, strides{1, 2, 3, 4, 5};
  std::vector<std::int64_t> channels{3, 6, 12, 24, 48};  // of the output
  std::int64_t extent = 224, input_channels = 3;
};
struct SeriesMember {
  std::string file;    // "conv_k3_s1_c3.onnx"
  std::string factor;  // what differs from the base: "kernel", "stride", "channels"; "base"
  std::int64_t kernel = 1, stride = 1, channels = 3;
};
// The members, each once; the base is the first of each list.
std::vector<SeriesMember> members_of(const ConvolutionSeries& series);
// Writes each into the folder, which must exist. Weights are random, from the seed.
Result<void> write_series(const ConvolutionSeries& series, std::uint64_t seed,
                          const std::filesystem::path& folder);

// One network of the zoo: written with He-initialised weights from a seed.
struct ZooEntry {
  std::string name;               // "squeezenet1.1"
  std::string summary;            // one line
  std::int64_t parameters, macs;  // published figures
  std::string source;             // where they are published
  // Share of right first answers on the data set it is known for, of trained weights, which these are not.
  double top1_percent;
  std::string top1_source;
};

const std::vector<ZooEntry>& zoo();
// Writes a zoo network as ONNX, whole or not at all (temporary file and rename).
Result<void> write_zoo_network(const std::string& name, std::uint64_t seed,
                               const std::filesystem::path& path);

}  // namespace layerwatt
