// SPDX-License-Identifier: Apache-2.0
// Times are a roofline of the Nano's board file, 100 GMAC/s and 10 GB/s, and the start of a kernel; then all
// are scaled to the latency that is asked for. Which layers are long is thereby plausible, and no more.
#include "reanalysis/networks.h"

#include <algorithm>
#include <utility>

namespace layerwatt::reanalysis {

namespace {

constexpr double macs_per_second = 1e11, bytes_per_second = 1e10;
constexpr Moment launch{20e3};
constexpr double bytes_an_element = 4;
// Holly 2020, III.B: 30 000 inferences give the fastest layer, Shuffle, at least 100 readings. At one reading
// in 1.6 ms it lasts 5.3 us or more.
constexpr Moment shuffle{6e3};

Moment unscaled(double macs, double bytes) {
  return Moment{1e9 * std::max(macs / macs_per_second, bytes / bytes_per_second)} + launch;
}

class Builder {
 public:
  Builder(double size, double channels) : size_{size}, channels_{channels} {}

  void convolution(const std::string& name, double outputs, double kernel, double stride, Kind kind) {
    const double groups = kind == Kind::depthwise ? channels_ : 1;
    const double made = size_ / stride, weights = outputs * (channels_ / groups) * kernel * kernel;
    add(name, kind, made * made * weights, size_ * size_ * channels_ + made * made * outputs + weights);
    size_ = made;
    channels_ = outputs;
  }
  void pool(const std::string& name, double made) {
    add(name, Kind::other, 0, channels_ * (size_ * size_ + made * made));
    size_ = made;
  }
  void add(const std::string& name, Kind kind, double macs, double elements) {
    const double bytes = bytes_an_element * elements;
    layers_.push_back({name, kind, macs, bytes, unscaled(macs, bytes)});
  }
  // The layers from `first` on become one.
  void merge(std::size_t first, const std::string& name) {
    NetworkLayer whole{name, Kind::convolution, 0, 0, Moment{}};
    for (std::size_t i = first; i < layers_.size(); ++i) {
      whole.macs += layers_[i].macs;
      whole.bytes += layers_[i].bytes;
      whole.duration += layers_[i].duration;
    }
    layers_.resize(first);
    layers_.push_back(whole);
  }
  std::vector<NetworkLayer> scaled_to(Moment total) {
    Moment sum{}, fixed{};
    for (NetworkLayer& layer : layers_) (layer.name == "shuffle" ? fixed : sum) += layer.duration;
    for (NetworkLayer& layer : layers_)
      if (layer.name != "shuffle") layer.duration *= (total - fixed) / sum;
    return std::move(layers_);
  }
  [[nodiscard]] double size() const { return size_; }
  [[nodiscard]] double channels() const { return channels_; }
  [[nodiscard]] std::size_t count() const { return layers_.size(); }
  void set_channels(double channels) { channels_ = channels; }
  void set_last_duration(Moment duration) { layers_.back().duration = duration; }

 private:
  double size_, channels_;
  std::vector<NetworkLayer> layers_;
};

void bottleneck(Builder& net, const std::string& name, double expansion, double outputs, double stride) {
  const double inputs = net.channels();
  if (expansion > 1) net.convolution(name + "/expand", inputs * expansion, 1, 1, Kind::pointwise);
  net.convolution(name + "/depthwise", inputs * expansion, 3, stride, Kind::depthwise);
  net.convolution(name + "/project", outputs, 1, 1, Kind::pointwise);
  if (stride == 1 && inputs == outputs)
    net.add(name + "/add", Kind::other, 0, 3 * outputs * net.size() * net.size());
}

void fire(Builder& net, const std::string& name, double squeeze, double expand) {
  const std::size_t first = net.count();
  net.convolution("squeeze", squeeze, 1, 1, Kind::pointwise);
  net.convolution("expand1x1", expand, 1, 1, Kind::pointwise);
  net.set_channels(squeeze);
  net.convolution("expand3x3", expand, 3, 1, Kind::convolution);
  net.set_channels(2 * expand);
  net.merge(first, name);
}

}  // namespace

std::vector<NetworkLayer> mobilenet_v2(Moment total) {
  Builder net{224, 3};
  net.convolution("conv1", 32, 3, 2, Kind::convolution);
  constexpr int table[7][4] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                               {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
  int block = 0;
  for (const auto& [expansion, outputs, repeats, stride] : table)
    for (int i = 0; i < repeats; ++i)
      bottleneck(net, "block" + std::to_string(++block), expansion, outputs, i == 0 ? stride : 1);
  net.convolution("conv2", 1280, 1, 1, Kind::pointwise);
  net.pool("pool", 1);
  net.add("shuffle", Kind::other, 0, 0);
  net.set_last_duration(shuffle);
  net.add("classifier", Kind::other, 1000 * net.channels(), 1000 * net.channels());
  return net.scaled_to(total);
}

std::vector<NetworkLayer> squeezenet(Moment total) {
  Builder net{224, 3};
  net.convolution("conv1", 96, 7, 2, Kind::convolution);
  net.pool("pool1", 55);
  fire(net, "fire2", 16, 64);
  fire(net, "fire3", 16, 64);
  fire(net, "fire4", 32, 128);
  net.pool("pool4", 27);
  fire(net, "fire5", 32, 128);
  fire(net, "fire6", 48, 192);
  fire(net, "fire7", 48, 192);
  fire(net, "fire8", 64, 256);
  net.pool("pool8", 13);
  fire(net, "fire9", 64, 256);
  net.convolution("conv10", 1000, 1, 1, Kind::pointwise);
  net.pool("pool10", 1);
  return net.scaled_to(total);
}

}  // namespace layerwatt::reanalysis
