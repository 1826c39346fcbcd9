// SPDX-License-Identifier: Apache-2.0
// A line chart as SVG, just enough for the document's two figures.
#pragma once
#include <string>
#include <vector>

namespace layerwatt::reanalysis {

struct Line {
  std::string name, colour;
  std::vector<double> x, y;
  bool points = false;  // circles instead of a line
};

struct Figure {
  std::string title, x_name, y_name;
  double x_low = 0, x_high = 1, x_step = 0.2;
  double y_low = 0, y_high = 1, y_step = 0.2;
  std::vector<Line> lines;
  struct Band {
    std::string name;
    double low, high;
  };
  std::vector<Band> bands;  // of y, shaded
};

// One value for each piece, drawn as steps: each of x twice but for the ends.
Line steps(std::string name, std::string colour, const std::vector<double>& lengths,
           const std::vector<double>& values);

std::string svg(const Figure& figure);

}  // namespace layerwatt::reanalysis
