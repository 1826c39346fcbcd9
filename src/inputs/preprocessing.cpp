// SPDX-License-Identifier: Apache-2.0
// Presets: `imagenet` is torchvision's ImageClassification (torchvision/transforms/_presets.py;
// ResNet18_Weights .IMAGENET1K_V1); `caffe` is what Caffe's own networks are tested with
// (caffe/models/bvlc_googlenet/ train_val.prototxt: mean_value 104, 117, 123, crop_size 224;
// examples/imagenet/create_imagenet.sh: 256 x 256).
#include "inputs/preprocessing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "core/text.h"
#include "inputs/resize.h"

namespace layerwatt {

namespace {

Result<Preprocessing> preset_named(const std::string& name) {
  using Kind = ResizeRule::Kind;
  if (name == "none") return Preprocessing{};
  if (name == "imagenet")
    return Preprocessing{{Kind::crop, 256}, 1.0 / 255, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}, false};
  if (name == "caffe") return Preprocessing{{Kind::stretch, 256}, 1, {104, 117, 123}, {1}, true};
  return Error{Errc::malformed, "--preprocess " + name, "there are none, imagenet and caffe"};
}

Result<void> check(const Preprocessing& made) {
  const auto is_finite = [](double value) { return std::isfinite(value); };
  if (!is_finite(made.scale)) return Error{Errc::malformed, "--scale", "is not a finite number"};
  if (!std::all_of(made.mean.begin(), made.mean.end(), is_finite))
    return Error{Errc::malformed, "--mean", "has a value that is not finite"};
  if (!std::all_of(made.std.begin(), made.std.end(),
                   [&](double value) { return is_finite(value) && value > 0; }))
    return Error{Errc::malformed, "--std", "must be above zero"};
  return {};
}

}  // namespace

Result<ResizeRule> ResizeRule::parse(const std::string& text) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string kind = text.substr(0, colon);
  ResizeRule rule;
  if (kind == "stretch" || kind == "crop") rule.kind = kind == "crop" ? Kind::crop : Kind::stretch;
  bool good = rule.kind != Kind::none || text == "none";
  if (good && colon < text.size()) {
    const auto side = text::integer(std::string_view{text}.substr(colon + 1));
    good = side && *side >= 1 && *side <= longest_side;
    if (good) rule.side = *side;
  }
  if (!good)
    return Error{Errc::malformed, "--resize " + text,
                 "expected none, stretch, crop, or one of the last two with a side, as crop:256"};
  return rule;
}

Result<Preprocessing> preprocessing_of(const PreprocessingRequest& request) {
  auto made = preset_named(request.preset);
  if (!made) return made;
  if (!request.resize.empty()) {
    const auto rule = ResizeRule::parse(request.resize);
    if (!rule) return rule.error();
    made->resize = *rule;
  }
  if (!request.mean.empty()) made->mean = request.mean;
  if (!request.std.empty()) made->std = request.std;
  if (request.scale) made->scale = *request.scale;
  if (!request.order.empty()) {
    if (request.order != "rgb" && request.order != "bgr")
      return Error{Errc::malformed, "--channels " + request.order, "expected rgb or bgr"};
    made->blue_first = request.order == "bgr";
  }
  if (auto checked = check(*made); !checked) return checked.error();
  return made;
}

std::string Preprocessing::description() const {
  constexpr const char* kinds[] = {"not resized", "stretch", "crop"};
  std::string text = kinds[static_cast<int>(resize.kind)];
  if (resize.side) text += fmt::format(":{}", *resize.side);
  return fmt::format("{}, {}, (pixel x {:.6g} - {:.6g}) / {:.6g}", text, blue_first ? "bgr" : "rgb", scale,
                     fmt::join(mean, " "), fmt::join(std, " "));
}

Result<Image> fitted(Image image, const ResizeRule& rule, std::int64_t width, std::int64_t height,
                     const std::string& where) {
  if (image.width == width && image.height == height && rule.kind == ResizeRule::Kind::none) return image;
  if (rule.kind == ResizeRule::Kind::none)
    return Error{
        Errc::malformed, where,
        fmt::format("is {} x {}, and the network takes {} x {}: choose --resize crop or stretch, or a "
                    "--preprocess that does it",
                    image.width, image.height, width, height)};
  if (rule.side && (*rule.side < width || *rule.side < height))
    return Error{Errc::malformed, "--resize",
                 fmt::format("a side of {} is shorter than the {} x {} that the network takes", *rule.side,
                             width, height)};
  std::int64_t wide = rule.side.value_or(width), high = rule.side.value_or(height);
  if (rule.kind == ResizeRule::Kind::crop) {
    // By the factor of the side that needs the larger one: both sides are long enough then.
    const bool by_width = wide * image.height >= high * image.width;
    if (by_width)
      high = std::max(high, wide * image.height / image.width);
    else
      wide = std::max(wide, high * image.width / image.height);
  }
  if (wide > longest_side || high > longest_side || wide * std::max(high, image.height) > 4 * most_pixels)
    return Error{Errc::malformed, where,
                 fmt::format("is {} x {}, and on the way to {} x {} would become too large", image.width,
                             image.height, width, height)};
  return middle_of(resized(std::move(image), wide, high), width, height);
}

}  // namespace layerwatt
