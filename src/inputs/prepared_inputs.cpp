// SPDX-License-Identifier: Apache-2.0
// See prepared_inputs.h.
#include "inputs/prepared_inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <optional>

namespace layerwatt {

namespace {

// Pictures that need no file, of the network's own size; empty for other names.
std::optional<Image> made_picture(const std::string& name, const PictureForm& form) {
  if (name != "black" && name != "white" && name != "gradient") return std::nullopt;
  Image image{form.width, form.height, form.channels, {}};
  image.pixels.assign(static_cast<std::size_t>(form.width * form.height * form.channels),
                      name == "white" ? std::uint8_t{255} : std::uint8_t{0});
  if (name != "gradient") return image;
  // From black at the left to white at the right.
  const std::int64_t last = std::max<std::int64_t>(form.width - 1, 1);
  for (std::size_t at = 0; at < image.pixels.size(); ++at) {
    const auto column = static_cast<std::int64_t>(at) / form.channels % form.width;
    image.pixels[at] = static_cast<std::uint8_t>(255 * column / last);
  }
  return image;
}

Result<void> check_request(const InputRequest& request, bool is_random) {
  if (!is_random) return {};
  if (!request.labels.empty())
    return Error{Errc::malformed, "--labels", "are of pictures, and --input random has none"};
  const PreprocessingRequest& asked = request.preprocessing;
  if (asked.preset != "none" || !asked.resize.empty() || !asked.mean.empty() || !asked.std.empty() ||
      asked.scale || !asked.order.empty() || !request.layout.empty() || request.copies != 1)
    return Error{Errc::malformed, "--input random",
                 "is fed as it is: preprocessing, layout and copies are for pictures"};
  return {};
}

// Labels that the network has no answer for, where its description says how many it has.
Result<void> check_labels(const std::vector<Picture>& pictures, const Network& network) {
  if (network.outputs.empty()) return {};
  const Shape& shape = network.outputs.front().shape;
  std::int64_t answers = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) {
    if (shape[i] < 1) return {};
    answers *= shape[i];
  }
  for (const Picture& picture : pictures)
    if (picture.label && static_cast<std::int64_t>(*picture.label) >= answers)
      return Error{Errc::malformed, picture.path.string(),
                   fmt::format("is labelled as class {}, and the network has {}: 0 to {}", *picture.label,
                               answers, answers - 1)};
  return {};
}

}  // namespace

Result<PreparedInputs> PreparedInputs::prepare(const InputRequest& request, const Network& network) {
  PreparedInputs made;
  const bool is_random = request.input == "random";
  if (auto checked = check_request(request, is_random); !checked) return checked.error();
  made.circumstances_["input"] = request.input.empty() ? request.labels.string() : request.input;
  if (is_random) return made;
  const auto form = picture_form(network, request.layout);
  if (!form) return form.error();
  made.form_ = *form;
  const auto preprocessing = preprocessing_of(request.preprocessing);
  if (!preprocessing) return preprocessing.error();
  made.preprocessing_ = *preprocessing;
  made.circumstances_["input.preprocessing"] =
      request.preprocessing.preset + ": " + made.preprocessing_.description();
  const auto own = made_picture(request.input, *form);
  if (own && !request.labels.empty())
    return Error{Errc::malformed, "--labels",
                 "are of pictures in files, and --input " + request.input + " is made here"};
  if (own) {
    if (auto kept = made.keep({*own}, request.copies); !kept) return kept.error();
    return made;
  }
  auto pictures = list_pictures(request.input, request.labels);
  if (!pictures) return pictures.error();
  made.pictures_ = std::move(*pictures);
  if (auto checked = check_labels(made.pictures_, network); !checked) return checked.error();
  if (auto loaded = made.load_pictures(request); !loaded) return loaded.error();
  if (!request.labels.empty()) made.circumstances_["input.labels"] = request.labels.string();
  return made;
}

Result<void> PreparedInputs::keep(const std::vector<Image>& made, std::int64_t copies) {
  const auto count = static_cast<std::size_t>(copies), size = form_.picture_bytes();
  const auto batch = static_cast<std::size_t>(form_.batch);
  if ((count + 2 * batch) > most_input_bytes / size)
    return Error{Errc::unsupported, "--input-copies",
                 fmt::format("{} copies for batches of {} take more than the {} MiB that inputs may", copies,
                             batch, most_input_bytes >> 20)};
  set_ = std::make_unique<InputSet>(count, batch, size);
  for (std::size_t i = 0; i < count; ++i)
    if (auto written = write_picture(made.front(), preprocessing_, form_, set_->picture(i)); !written)
      return written;
  circumstances_["input.pictures"] = "1";
  if (copies > 1) circumstances_["input.copies"] = std::to_string(copies);
  hash_set();
  return {};
}

Result<void> PreparedInputs::read_into(const Picture& picture, std::span<std::byte> out) const {
  auto image = read_image(picture.path);
  if (!image) return image.error();
  image = fitted(std::move(*image), preprocessing_.resize, form_.width, form_.height, picture.path.string());
  if (!image) return image.error();
  return write_picture(with_channels(std::move(*image), form_.channels), preprocessing_, form_, out);
}

Result<void> PreparedInputs::load_pictures(const InputRequest& request) {
  const auto batch = static_cast<std::size_t>(form_.batch), size = form_.picture_bytes();
  const std::size_t room = most_input_bytes / size;
  const auto copies = static_cast<std::size_t>(request.copies);
  if (room < 2 * batch + copies)
    return Error{Errc::unsupported, "--input",
                 fmt::format("batches of {} with {} copies take more than the {} MiB that inputs may", batch,
                             copies, most_input_bytes >> 20)};
  const std::size_t kept = std::min(pictures_.size(), (room - 2 * batch) / copies);
  set_ = std::make_unique<InputSet>(kept * copies, batch, size);
  for (std::size_t i = 0; i < kept; ++i) {
    const Picture& picture = pictures_[i * pictures_.size() / kept];
    if (auto read = read_into(picture, set_->picture(i)); !read) return read;
    for (std::size_t copy = 1; copy < copies; ++copy)
      std::copy_n(set_->picture(i).begin(), size, set_->picture(copy * kept + i).begin());
  }
  circumstances_["input.pictures"] = std::to_string(kept);
  if (kept < pictures_.size()) circumstances_["input.pictures_in_all"] = std::to_string(pictures_.size());
  if (copies > 1) circumstances_["input.copies"] = std::to_string(copies);
  hash_set();
  return {};
}

// FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv), over what the network is given: tells sets apart, and
// is no proof against forgery.
void PreparedInputs::hash_set() {
  set_->repeat_first();
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const std::byte byte : set_->pictures())
    hash = (hash ^ static_cast<std::uint64_t>(byte)) * 0x100000001b3U;
  circumstances_["input.hash"] = fmt::format("fnv1a:{:016x}", hash);
}

Result<std::vector<std::uint32_t>> PreparedInputs::stage(std::size_t first) {
  assert(has_labels() && first < pictures_.size());
  std::vector<std::uint32_t> labels;
  const std::size_t size = form_.picture_bytes();
  for (std::size_t i = 0; i < set_->batch(); ++i) {
    const Picture& picture = pictures_[std::min(first + i, pictures_.size() - 1)];
    if (auto read = read_into(picture, set_->staging().subspan(i * size, size)); !read) return read.error();
    if (first + i < pictures_.size()) labels.push_back(picture.label.value_or(0));
  }
  return labels;
}

}  // namespace layerwatt
