// SPDX-License-Identifier: Apache-2.0
// Coordinates have one digit behind the point: enough for the eye, and the same on every machine.
#include "reanalysis/figure.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace layerwatt::reanalysis {

namespace {

constexpr double width = 760, height = 320, left = 56, right = 12, top = 34, bottom = 64;

class Paper {
 public:
  explicit Paper(const Figure& figure) : figure_{figure} {}
  [[nodiscard]] double x(double value) const {
    return left + (value - figure_.x_low) / (figure_.x_high - figure_.x_low) * (width - left - right);
  }
  [[nodiscard]] double y(double value) const {
    return height - bottom -
           (value - figure_.y_low) / (figure_.y_high - figure_.y_low) * (height - top - bottom);
  }

  void head();
  void axes();
  void draw(const Line& line);
  void legend();
  std::string text;

 private:
  void label(double at_x, double at_y, const std::string& words, const char* anchor) {
    text += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", at_x, at_y, anchor,
                        words);
  }
  void rule(double x1, double y1, double x2, double y2, const char* colour) {
    text += fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\"/>\n", x1,
                        y1, x2, y2, colour);
  }
  const Figure& figure_;
};

void Paper::head() {
  text += fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
      "font-family=\"sans-serif\" font-size=\"12\">\n<title>{2}</title>\n"
      "<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n",
      width, height, figure_.title);
  text += fmt::format("<text x=\"{:.1f}\" y=\"18\" font-size=\"14\">{}</text>\n", left, figure_.title);
}

void Paper::axes() {
  for (const Figure::Band& band : figure_.bands) {
    text += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"#eeeeee\"/>\n",
        x(figure_.x_low), y(band.high), x(figure_.x_high) - x(figure_.x_low), y(band.low) - y(band.high));
    label(x(figure_.x_low) + 6, y(band.high) + 14, band.name, "start");
  }
  const int rows = static_cast<int>(std::floor((figure_.y_high - figure_.y_low) / figure_.y_step + 0.01));
  for (int i = 0; i <= rows; ++i) {
    const double value = figure_.y_low + i * figure_.y_step;
    rule(left, y(value), width - right, y(value), "#dddddd");
    label(left - 6, y(value) + 4, fmt::format("{:g}", value), "end");
  }
  const int columns = static_cast<int>(std::floor((figure_.x_high - figure_.x_low) / figure_.x_step + 0.01));
  for (int i = 0; i <= columns; ++i) {
    const double value = figure_.x_low + i * figure_.x_step;
    label(x(value), height - bottom + 16, fmt::format("{:g}", value), "middle");
  }
  rule(left, height - bottom, width - right, height - bottom, "black");
  rule(left, top, left, height - bottom, "black");
  label((left + width - right) / 2, height - bottom + 34, figure_.x_name, "middle");
  text +=
      fmt::format("<text transform=\"translate(16 {:.1f}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
                  (top + height - bottom) / 2, figure_.y_name);
}

void Paper::draw(const Line& line) {
  if (line.points) {
    for (std::size_t i = 0; i < line.x.size(); ++i)
      text += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"{}\"/>\n", x(line.x[i]),
                          y(line.y[i]), line.colour);
    return;
  }
  text += fmt::format("<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\" points=\"", line.colour);
  for (std::size_t i = 0; i < line.x.size(); ++i)
    text += fmt::format("{}{:.1f},{:.1f}", i == 0 ? "" : " ", x(line.x[i]), y(line.y[i]));
  text += "\"/>\n";
}

void Paper::legend() {
  double at = left;
  for (const Line& line : figure_.lines) {
    if (line.name.empty()) continue;
    rule(at, height - 12, at + 18, height - 12, line.colour.c_str());
    label(at + 24, height - 8, line.name, "start");
    at += 40 + 6.6 * static_cast<double>(line.name.size());
  }
}

}  // namespace

Line steps(std::string name, std::string colour, const std::vector<double>& lengths,
           const std::vector<double>& values) {
  Line line{std::move(name), std::move(colour), {}, {}, false};
  double at = 0;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    line.x.push_back(at);
    line.y.push_back(values[i]);
    at += lengths[i];
    line.x.push_back(at);
    line.y.push_back(values[i]);
  }
  return line;
}

std::string svg(const Figure& figure) {
  Paper paper{figure};
  paper.head();
  paper.axes();
  for (const Line& line : figure.lines) paper.draw(line);
  paper.legend();
  return paper.text + "</svg>\n";
}

}  // namespace layerwatt::reanalysis
