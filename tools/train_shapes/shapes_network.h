// SPDX-License-Identifier: Apache-2.0
// The zoo's network `shapes` with its gradients: three convolutions, each with ReLU and pooling, and a linear
// layer. Plain loops in one order, so that training gives the same weights everywhere. Not for speed.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace layerwatt::training {

using Values = std::vector<float>;

// Channels of square pictures, with a border of one pixel of zeros around each.
struct Planes {
  Planes(std::size_t planes, std::size_t side)
      : count{planes}, extent{side}, values(planes * (side + 2) * (side + 2)) {}
  float* row(std::size_t plane, std::size_t y) {  // y and x count from the border
    return &values[(plane * (extent + 2) + y) * (extent + 2)];
  }
  const float* row(std::size_t plane, std::size_t y) const {
    return &values[(plane * (extent + 2) + y) * (extent + 2)];
  }
  std::size_t count, extent;
  Values values;
};

struct Parameters {
  Values weights, biases;
};

// 3x3, padded, then ReLU, then the largest of 2x2.
class ConvolvedHalved {
 public:
  ConvolvedHalved(std::size_t in, std::size_t out, std::size_t extent);
  const Planes& forward(const Planes& x);
  // Adds to `gradient`; of the input only when asked for.
  Planes backward(const Planes& of_output, Parameters& gradient, bool of_input);
  Parameters parameters;

 private:
  std::size_t in_, out_, extent_;
  Planes x_, convolved_, halved_;
  std::vector<std::uint8_t> taken_;  // which of the four was the largest
};

class ShapesNetwork {
 public:
  explicit ShapesNetwork(std::uint64_t seed);
  // Scores of the classes; `pixels` are of an Image.
  std::array<float, 10> forward(const std::vector<std::uint8_t>& pixels);
  void backward(const std::array<float, 10>& of_scores);
  // One step of stochastic gradient descent with momentum over what backward() has added up.
  void step(float rate, std::size_t pictures);
  // In the order in which OnnxBuilder puts them down, to be given pixels from 0 to 255.
  [[nodiscard]] Values blob() const;

 private:
  std::vector<Parameters*> all();
  std::array<ConvolvedHalved, 3> stages_;
  Parameters linear_;
  Values flat_;
  std::vector<Parameters> gradients_, momenta_;
};

}  // namespace layerwatt::training
