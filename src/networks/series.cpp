// SPDX-License-Identifier: Apache-2.0
// Families of single layers; see ConvolutionSeries in network.h. Padding that keeps sizes: SAME_UPPER of
// https://onnx.ai/onnx/operators/onnx__Conv.html, written as pads.
#include <fmt/format.h>

#include <algorithm>

#include "networks/model_marks.h"
#include "networks/network.h"
#include "networks/onnx_builder.h"

namespace layerwatt {

namespace {

onnx::ModelProto single_convolution(const ConvolutionSeries& series, const SeriesMember& member,
                                    std::uint64_t seed) {
  const std::int64_t out = (series.extent + member.stride - 1) / member.stride;
  const std::int64_t pads =
      std::max<std::int64_t>(0, (out - 1) * member.stride + member.kernel - series.extent);
  OnnxBuilder build{member.file.substr(0, member.file.rfind('.')), seed};
  ConvolutionSettings settings{member.kernel, member.stride, pads / 2, 1, true};
  settings.pad_end = pads - pads / 2;
  const Activation x = build.input("input", series.input_channels, series.extent);
  const Activation y = build.convolution("conv", x, member.channels, settings);
  return std::move(build).finish(y, out);
}

}  // namespace

std::vector<SeriesMember> members_of(const ConvolutionSeries& series) {
  std::vector<SeriesMember> members;
  const auto add = [&](const char* factor, std::int64_t kernel, std::int64_t stride, std::int64_t channels) {
    const std::string file = fmt::format("conv_k{}_s{}_c{}.onnx", kernel, stride, channels);
    const bool is_new = std::none_of(members.begin(), members.end(),
                                     [&](const SeriesMember& one) { return one.file == file; });
    if (is_new) members.push_back({file, factor, kernel, stride, channels});
  };
  const std::int64_t kernel = series.kernels.front(), stride = series.strides.front();
  const std::int64_t channels = series.channels.front();
  add("base", kernel, stride, channels);
  for (const std::int64_t one : series.kernels) add("kernel", one, stride, channels);
  for (const std::int64_t one : series.strides) add("stride", kernel, one, channels);
  for (const std::int64_t one : series.channels) add("channels", kernel, stride, one);
  return members;
}

Result<void> write_series(const ConvolutionSeries& series, std::uint64_t seed,
                          const std::filesystem::path& folder) {
  for (const SeriesMember& member : members_of(series)) {
    onnx::ModelProto model = single_convolution(series, member, seed);
    mark(model, part_key, "conv");
    if (auto written = write_model(model, folder / member.file); !written) return written;
  }
  return {};
}

}  // namespace layerwatt
