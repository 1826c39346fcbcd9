// SPDX-License-Identifier: Apache-2.0
// See shapes_network.h.
#include "shapes_network.h"

#include <algorithm>
#include <cstring>

#include "networks/weights.h"

namespace layerwatt::training {

namespace {

constexpr std::size_t classes = 10;
constexpr float pixel_scale = 1.0F / 256;  // a power of two: folding it into the weights is exact
constexpr float momentum = 0.9F, decay = 5e-4F;

Values random_weights(RandomWeights& random, std::size_t outputs, std::size_t inputs, bool before_relu) {
  const auto count = static_cast<std::int64_t>(outputs * inputs);
  const std::string bytes =
      random.normal(count, he_deviation(static_cast<std::int64_t>(inputs), before_relu));
  Values values(outputs * inputs);
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

// Sums in eight lanes, which processors have, in an order that no compiler may change.
float product(const float* a, const float* b, std::size_t count) {
  float lanes[8] = {};
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8)
    for (std::size_t lane = 0; lane < 8; ++lane) lanes[lane] += a[i + lane] * b[i + lane];
  for (; i < count; ++i) lanes[i % 8] += a[i] * b[i];
  float sum = 0;
  for (const float lane : lanes) sum += lane;
  return sum;
}

void add_scaled(float* to, const float* from, float factor, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) to[i] += factor * from[i];
}

}  // namespace

ConvolvedHalved::ConvolvedHalved(std::size_t in, std::size_t out, std::size_t extent)
    : parameters{Values(in * out * 9), Values(out)},
      in_{in},
      out_{out},
      extent_{extent},
      x_{in, extent},
      convolved_{out, extent},
      halved_{out, extent / 2},
      taken_(out * extent * extent / 4) {}

const Planes& ConvolvedHalved::forward(const Planes& x) {
  x_ = x;
  for (std::size_t o = 0; o < out_; ++o) {
    for (std::size_t y = 1; y <= extent_; ++y) {
      float* to = convolved_.row(o, y) + 1;
      std::fill_n(to, extent_, parameters.biases[o]);
      for (std::size_t i = 0; i < in_; ++i)
        for (std::size_t tap = 0; tap < 9; ++tap)
          add_scaled(to, x_.row(i, y - 1 + tap / 3) + tap % 3, parameters.weights[(o * in_ + i) * 9 + tap],
                     extent_);
    }
    for (std::size_t y = 0; y < extent_ / 2; ++y)
      for (std::size_t x2 = 0; x2 < extent_ / 2; ++x2) {
        float largest = 0;  // ReLU: below it nothing counts
        std::uint8_t taken = 4;
        for (std::uint8_t part = 0; part < 4; ++part) {
          const float value = convolved_.row(o, 2 * y + 1 + part / 2)[2 * x2 + 1 + part % 2];
          if (value > largest) {
            largest = value;
            taken = part;
          }
        }
        halved_.row(o, y + 1)[x2 + 1] = largest;
        taken_[(o * (extent_ / 2) + y) * (extent_ / 2) + x2] = taken;
      }
  }
  return halved_;
}

Planes ConvolvedHalved::backward(const Planes& of_output, Parameters& gradient, bool of_input) {
  Planes of_x{in_, extent_};
  Values line(extent_);
  for (std::size_t o = 0; o < out_; ++o)
    for (std::size_t y = 0; y < extent_; ++y) {
      std::fill(line.begin(), line.end(), 0.0F);
      for (std::size_t x = 0; x < extent_ / 2; ++x) {
        const std::uint8_t taken = taken_[(o * (extent_ / 2) + y / 2) * (extent_ / 2) + x];
        if (taken < 4 && taken / 2 == static_cast<int>(y % 2))
          line[2 * x + taken % 2] = of_output.row(o, y / 2 + 1)[x + 1];
      }
      for (const float value : line) gradient.biases[o] += value;
      for (std::size_t i = 0; i < in_; ++i)
        for (std::size_t tap = 0; tap < 9; ++tap) {
          const std::size_t at = (o * in_ + i) * 9 + tap;
          gradient.weights[at] += product(line.data(), x_.row(i, y + tap / 3) + tap % 3, extent_);
          if (of_input)
            add_scaled(of_x.row(i, y + tap / 3) + tap % 3, line.data(), parameters.weights[at], extent_);
        }
    }
  return of_x;
}

ShapesNetwork::ShapesNetwork(std::uint64_t seed)
    : stages_{ConvolvedHalved{3, 8, 32}, ConvolvedHalved{8, 16, 16}, ConvolvedHalved{16, 32, 8}},
      linear_{{}, Values(classes)},
      flat_(32 * 4 * 4) {
  RandomWeights random{seed};
  for (ConvolvedHalved& stage : stages_) {
    const std::size_t outputs = stage.parameters.biases.size();
    stage.parameters.weights =
        random_weights(random, outputs, stage.parameters.weights.size() / outputs, true);
  }
  linear_.weights = random_weights(random, classes, flat_.size(), false);
  for (const Parameters* each : all()) {
    gradients_.push_back({Values(each->weights.size()), Values(each->biases.size())});
    momenta_.push_back(gradients_.back());
  }
}

std::vector<Parameters*> ShapesNetwork::all() {
  return {&stages_[0].parameters, &stages_[1].parameters, &stages_[2].parameters, &linear_};
}

std::array<float, 10> ShapesNetwork::forward(const std::vector<std::uint8_t>& pixels) {
  Planes x{3, 32};
  for (std::size_t at = 0; at < pixels.size(); ++at)
    x.row(at % 3, at / 96 + 1)[at / 3 % 32 + 1] = static_cast<float>(pixels[at]) * pixel_scale;
  const Planes* last = &x;
  for (ConvolvedHalved& stage : stages_) last = &stage.forward(*last);
  for (std::size_t at = 0; at < flat_.size(); ++at)
    flat_[at] = last->row(at / 16, at / 4 % 4 + 1)[at % 4 + 1];
  std::array<float, classes> scores{};
  for (std::size_t c = 0; c < classes; ++c)
    scores[c] = linear_.biases[c] + product(&linear_.weights[c * flat_.size()], flat_.data(), flat_.size());
  return scores;
}

void ShapesNetwork::backward(const std::array<float, 10>& of_scores) {
  Values of_flat(flat_.size());
  for (std::size_t c = 0; c < classes; ++c) {
    gradients_[3].biases[c] += of_scores[c];
    add_scaled(&gradients_[3].weights[c * flat_.size()], flat_.data(), of_scores[c], flat_.size());
    add_scaled(of_flat.data(), &linear_.weights[c * flat_.size()], of_scores[c], flat_.size());
  }
  Planes of_output{32, 4};
  for (std::size_t at = 0; at < flat_.size(); ++at)
    of_output.row(at / 16, at / 4 % 4 + 1)[at % 4 + 1] = of_flat[at];
  for (std::size_t stage = 3; stage-- > 0;)
    of_output = stages_[stage].backward(of_output, gradients_[stage], stage > 0);
}

void ShapesNetwork::step(float rate, std::size_t pictures) {
  const std::vector<Parameters*> each = all();
  const float share = 1.0F / static_cast<float>(pictures);
  const auto update = [&](Values& values, Values& gradient, Values& velocity) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      velocity[i] = momentum * velocity[i] - rate * (gradient[i] * share + decay * values[i]);
      values[i] += velocity[i];
      gradient[i] = 0;
    }
  };
  for (std::size_t p = 0; p < each.size(); ++p) {
    update(each[p]->weights, gradients_[p].weights, momenta_[p].weights);
    update(each[p]->biases, gradients_[p].biases, momenta_[p].biases);
  }
}

Values ShapesNetwork::blob() const {
  Values blob;
  const auto append = [&](const Values& values, float factor) {
    for (const float value : values) blob.push_back(value * factor);
  };
  for (std::size_t stage = 0; stage < stages_.size(); ++stage) {
    append(stages_[stage].parameters.weights, stage == 0 ? pixel_scale : 1.0F);
    append(stages_[stage].parameters.biases, 1.0F);
  }
  append(linear_.weights, 1.0F);
  append(linear_.biases, 1.0F);
  return blob;
}

}  // namespace layerwatt::training
