// SPDX-License-Identifier: Apache-2.0
// From what was asked for to an InputSet that engines copy from: pictures found, decoded and preprocessed,
// all before anything is measured. Of more pictures than memory is meant for, timed passes take some, spread
// evenly; the accuracy pass takes each, one batch after the other.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "inputs/input_set.h"
#include "inputs/picture_form.h"
#include "inputs/picture_list.h"
#include "inputs/preprocessing.h"

namespace layerwatt {

struct InputRequest {
  std::string input =
      "random";  // or black, white, gradient, a picture, a folder; empty with labels: where these are
  std::filesystem::path labels;  // picture_list.h; empty: none
  PreprocessingRequest preprocessing;
  std::string layout;       // picture_form.h
  std::int64_t copies = 1;  // of each picture, side by side in memory, as different ones would be
};

inline constexpr std::size_t most_input_bytes = std::size_t{1}
                                                << 29;  // of pictures kept for the timed passes
inline constexpr std::int64_t most_copies = 100'000;

class PreparedInputs {
 public:
  // Without pictures where the input is random: engines make these values themselves.
  static Result<PreparedInputs> prepare(const InputRequest& request, const Network& network);

  [[nodiscard]] const InputSet* set() const { return set_.get(); }  // null: random
  // "input", "input.pictures", "input.preprocessing", "input.hash", ...: for the run file.
  [[nodiscard]] const std::map<std::string, std::string>& circumstances() const { return circumstances_; }

  [[nodiscard]] bool has_labels() const { return !pictures_.empty() && pictures_.front().label.has_value(); }
  [[nodiscard]] std::size_t pictures() const { return pictures_.size(); }
  // Puts a batch of pictures into the set's staging(), from `first` on, the last one repeated where they end.
  // Returns their labels; fewer than the batch at the end. Precondition: has_labels(), first < pictures().
  Result<std::vector<std::uint32_t>> stage(std::size_t first);

 private:
  Result<void> load_pictures(const InputRequest& request);
  Result<void> keep(const std::vector<Image>& made, std::int64_t copies);
  Result<void> read_into(const Picture& picture, std::span<std::byte> out) const;
  void hash_set();

  PictureForm form_;
  Preprocessing preprocessing_;
  std::vector<Picture> pictures_;  // empty: made here, or random
  std::unique_ptr<InputSet> set_;
  std::map<std::string, std::string> circumstances_;
};

}  // namespace layerwatt
