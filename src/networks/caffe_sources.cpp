// SPDX-License-Identifier: Apache-2.0
// See caffe_sources.h. Fields: InputParameter, DummyDataParameter, MemoryDataParameter, DataParameter,
// ImageDataParameter and TransformationParameter of caffe.proto.
#include "networks/caffe_sources.h"

#include <fmt/format.h>

#include <set>

#include "networks/caffe_fields.h"
#include "networks/tensor_size.h"

namespace layerwatt {

namespace {

using Shapes = Result<std::vector<Shape>>;

Error shape_not_said(const ListedLayer& layer, const std::string& path) {
  return {Errc::unsupported, path,
          described(layer) +
              " does not say the shape of what it reads: write an Input layer in its place, as in a "
              "deploy.prototxt"};
}

// One for all tops, or one for each.
Shapes listed_shapes(const ListedLayer& layer, const CaffeMessage& parameters, const std::string& path) {
  CaffeFields fields{parameters, "the parameters of " + described(layer), path};
  std::vector<Shape> shapes;
  for (const CaffeMessage* message : fields.messages("shape")) {
    auto shape = caffe_shape(*message, path);
    if (!shape) return shape.error();
    shapes.push_back(std::move(*shape));
  }
  if (auto read = fields.so_far(); !read) return read.error();
  if (shapes.size() == 1) shapes.resize(layer.tops.size(), Shape{shapes.front()});
  if (shapes.size() != layer.tops.size()) return shape_not_said(layer, path);
  return shapes;
}

Shapes shape_in_memory(const CaffeMessage& parameters, const std::string& path) {
  CaffeFields fields{parameters, "memory_data_param", path};
  Shape shape;
  for (const char* name : {"batch_size", "channels", "height", "width"})
    shape.push_back(fields.size(name).value_or(0));
  if (auto read = fields.finish(); !read) return read.error();
  return std::vector<Shape>{shape};
}

// A data base or list of pictures says how many, how they are cut, and sometimes in how many colours.
Shapes shape_of_pictures(const ListedLayer& layer, const CaffeMessage& data, const CaffeMessage& transform,
                         const std::string& path) {
  CaffeFields source{data, "the parameters of " + described(layer), path},
      cut{transform, "transform_param", path};
  const std::int64_t batch = source.size("batch_size").value_or(1);
  const std::int64_t extent = cut.size("crop_size").value_or(0);
  const std::size_t means = cut.numbers("mean_value").size();
  const bool grey = cut.flag("force_gray").value_or(false), colour = cut.flag("force_color").value_or(false);
  for (const CaffeFields* fields : {&source, &cut})
    if (auto read = fields->so_far(); !read) return read.error();
  const std::int64_t channels = means > 1 ? static_cast<std::int64_t>(means) : colour ? 3 : grey ? 1 : 0;
  if (extent == 0 || channels == 0) return shape_not_said(layer, path);
  return std::vector<Shape>{{batch, channels, extent, extent}};
}

}  // namespace

bool is_caffe_source(const std::string& type) {
  static const std::set<std::string> types{"Input",    "Data",       "ImageData", "MemoryData",
                                           "HDF5Data", "WindowData", "DummyData"};
  return types.count(type) > 0;
}

Result<Shape> caffe_shape(const CaffeMessage& message, const std::string& path) {
  CaffeFields fields{message, "shape", path};
  Shape shape = fields.sizes("dim");
  if (auto read = fields.finish(); !read) return read.error();
  return shape;
}

std::string described(const ListedLayer& layer) {
  return fmt::format("layer {} ({}, line {})", in_quotes(layer.name), in_quotes(layer.type),
                     layer.source->line);
}

Result<std::vector<Shape>> shapes_from(const ListedLayer& source, const std::string& path) {
  CaffeFields fields{*source.source, described(source), path};
  const char* name = source.type == "Input"        ? "input_param"
                     : source.type == "DummyData"  ? "dummy_data_param"
                     : source.type == "MemoryData" ? "memory_data_param"
                     : source.type == "ImageData"  ? "image_data_param"
                                                   : "data_param";
  const CaffeMessage* parameters = fields.message(name);
  const CaffeMessage* transform = fields.message("transform_param");
  if (auto read = fields.so_far(); !read) return read.error();
  if (parameters == nullptr) return shape_not_said(source, path);
  if (source.type == "Input" || source.type == "DummyData") return listed_shapes(source, *parameters, path);
  if (source.type == "MemoryData") return shape_in_memory(*parameters, path);
  if (transform == nullptr) return shape_not_said(source, path);
  return shape_of_pictures(source, *parameters, *transform, path);
}

}  // namespace layerwatt
