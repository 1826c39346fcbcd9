// SPDX-License-Identifier: Apache-2.0
// Caffe files in: a prototxt described, or together with its caffemodel written as ONNX.
#include <fmt/format.h>

#include "networks/caffe_net.h"
#include "networks/caffe_parameters.h"
#include "networks/caffe_to_onnx.h"
#include "networks/describe_model.h"
#include "networks/model_file.h"
#include "networks/model_marks.h"
#include "networks/network.h"
#include "networks/onnx_builder.h"

namespace layerwatt {

namespace {

// A hundred times the largest published one.
constexpr std::uint64_t largest_prototxt = 32 << 20;

Result<CaffeNet> read_prototxt(const std::filesystem::path& path) {
  auto file = ModelFile::open(path, "a prototxt");
  if (!file) return file.error();
  if (file->size() > largest_prototxt)
    return Error{
        Errc::malformed, path.string(),
        fmt::format("has {} bytes, too many for a prototxt; a caffemodel is given as the second file",
                    file->size())};
  const auto text = file->read(0, static_cast<std::size_t>(file->size()));
  if (!text) return text.error();
  auto net = read_caffe_net(*text, path.string());
  if (net && net->name.empty()) net->name = path.stem().string();
  return net;
}

Result<CaffeParameters> parameters_of(const CaffeFiles& files) {
  if (files.caffemodel.empty()) return CaffeParameters::random(files.seed);
  auto weights = CaffeWeights::open(files.caffemodel);
  if (!weights) return weights.error();
  return CaffeParameters::of(std::move(*weights));
}

}  // namespace

Result<Network> read_caffe(const std::filesystem::path& prototxt, const ReadOptions& options) {
  const auto net = read_prototxt(prototxt);
  if (!net) return net.error();
  auto model = caffe_to_onnx(*net, CaffeParameters::none());
  if (!model) return model.error();
  return describe_model(std::make_unique<onnx::ModelProto>(std::move(*model)), prototxt, options);
}

Result<Network> read_network(const std::filesystem::path& path, const ReadOptions& options) {
  if (path.extension() == ".caffemodel")
    return Error{Errc::unsupported, path.string(),
                 "is the weights of a Caffe net; its prototxt says what the layers are"};
  return path.extension() == ".prototxt" ? read_caffe(path, options) : read_onnx(path, options);
}

Result<void> check_caffe(const CaffeFiles& files) {
  const auto net = read_prototxt(files.prototxt);
  if (!net) return net.error();
  auto weights = CaffeWeights::open(files.caffemodel);
  if (!weights) return weights.error();
  const auto model = caffe_to_onnx(*net, CaffeParameters::shapes_of(std::move(*weights)));
  return model ? Result<void>{} : model.error();
}

Result<std::vector<std::string>> convert_caffe(const CaffeFiles& files, const std::filesystem::path& out) {
  const auto net = read_prototxt(files.prototxt);
  if (!net) return net.error();
  auto parameters = parameters_of(files);
  if (!parameters) return parameters.error();
  auto model = caffe_to_onnx(*net, std::move(*parameters));
  if (!model) return model.error();
  if (files.caffemodel.empty()) mark(*model, weights_key, random_weights_mark(files.seed));
  if (auto written = write_model(*model, out); !written) return written.error();
  return substitutions_of(*model);
}

}  // namespace layerwatt
