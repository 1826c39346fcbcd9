// SPDX-License-Identifier: Apache-2.0
// Caffemodels for tests, encoded by hand from the field numbers of caffe.proto, so that what is read was not
// written by the same code. What it makes is constructed, never recorded.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace layerwatt {

class TinyCaffemodel {
 public:
  struct Blob {
    std::vector<std::int64_t> shape;
    std::vector<float> values;
  };

  // NetParameter.layer = 100 { name = 1, blobs = 7 }, or the older NetParameter.layers = 2 { name = 4, blobs
  // = 6 }, whose blobs have num, channels, height and width instead of a shape.
  TinyCaffemodel& layer(const std::string& name, const std::vector<Blob>& blobs, bool older = false) {
    std::string content = delimited(older ? 4 : 1, name);
    for (const Blob& blob : blobs) content += delimited(older ? 6 : 7, encoded(blob, older));
    bytes_ += delimited(older ? 2 : 100, content);
    return *this;
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

  static std::string varint(std::uint64_t value) {
    std::string out;
    for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
    out.push_back(static_cast<char>(value));
    return out;
  }
  static std::string delimited(std::uint32_t field, std::string_view content) {
    return varint((std::uint64_t{field} << 3) | 2) + varint(content.size()) + std::string{content};
  }
  static std::string number(std::uint32_t field, std::uint64_t value) {
    return varint(std::uint64_t{field} << 3) + varint(value);
  }
  static std::string floats(const std::vector<float>& values) {
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
  }

 private:
  static std::string encoded(const Blob& blob, bool older) {
    std::string content, dims;
    std::vector<std::int64_t> four = blob.shape;
    four.insert(four.begin(), four.size() < 4 ? 4 - four.size() : 0, 1);
    for (const std::int64_t dimension : blob.shape) dims += varint(static_cast<std::uint64_t>(dimension));
    for (std::uint32_t i = 0; older && i < 4; ++i)
      content += number(i + 1, static_cast<std::uint64_t>(four[i]));
    if (!older) content += delimited(7, delimited(1, dims));
    return content + delimited(5, floats(blob.values));
  }

  std::string bytes_;
};

}  // namespace layerwatt
