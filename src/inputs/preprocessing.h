// SPDX-License-Identifier: Apache-2.0
// How a picture becomes the numbers that a network was trained on: cut and scaled to its size, then
// (pixel x scale - mean) / std for each channel, in its order of channels. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "inputs/image.h"

namespace layerwatt {

// What was asked for: a preset, and what is to differ from it. Empty: as the preset has it.
struct PreprocessingRequest {
  std::string preset = "none";
  std::string resize{};               // as ResizeRule::parse() has it
  std::vector<double> mean{}, std{};  // one for all channels, or one each, in the network's order
  std::optional<double> scale{};
  std::string order{};  // "rgb", "bgr"
};

struct ResizeRule {
  enum class Kind {
    none,     // pictures must have the size
    stretch,  // both sides, each by its own factor
    crop      // the shorter side, then the middle is cut out
  };
  Kind kind = Kind::none;
  // stretch and crop: the (shorter) side becomes this long, and the network's size is cut out of the middle;
  // empty: as long as the network wants it.
  std::optional<std::int64_t> side{};
  // "none", "stretch", "stretch:256", "crop", "crop:256".
  static Result<ResizeRule> parse(const std::string& text);
};

struct Preprocessing {
  ResizeRule resize;
  double scale = 1;
  std::vector<double> mean{0}, std{1};
  bool blue_first = false;
  // In words, for reports: "crop:256, rgb, (pixel x 0.00392157 - 0.485 0.456 0.406) / 0.229 0.224 0.225".
  [[nodiscard]] std::string description() const;
};

// malformed: no such preset, rule or order; numbers that make no sense.
Result<Preprocessing> preprocessing_of(const PreprocessingRequest& request);

// The picture in the size asked for, as the rule says. malformed: it does not have that size and the rule is
// none, or the rule cuts more out than there is; `where` is how errors call the picture.
Result<Image> fitted(Image image, const ResizeRule& rule, std::int64_t width, std::int64_t height,
                     const std::string& where);

}  // namespace layerwatt
