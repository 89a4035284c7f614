#include "show/text_chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

namespace shoal {
namespace {

constexpr int label_columns = 9;
constexpr double widest_linear_span = 20.0;
constexpr int cells_per_mark = 3;  // marks side by side would hide the line
constexpr int dots_across = 2;     // of a braille character
constexpr int dots_down = 4;

struct Dot {
  int x;
  int y;  // from the top
};

/// Which of `dots` places a share of a span falls on.
int place(double at, double span, int dots) {
  if (!(span > 0.0)) return dots / 2;
  return std::clamp(static_cast<int>(std::lround(at / span * (dots - 1))), 0, dots - 1);
}

struct StepRange {
  std::int64_t first = std::numeric_limits<std::int64_t>::max();
  std::int64_t last = std::numeric_limits<std::int64_t>::min();

  void add(const std::vector<RunView::Point>& points) {
    for (const RunView::Point& p : points) {
      first = std::min(first, p.step);
      last = std::max(last, p.step);
    }
  }
};

struct Mean {
  int x;
  double value;
};

/// Points that fall on one x become their mean: a curve of a million steps shows its course, not its noise.
std::vector<Mean> means_by_column(const std::vector<RunView::Point>& points, const StepRange& steps, int across) {
  std::vector<double> sums(static_cast<std::size_t>(across));
  std::vector<std::int64_t> counts(static_cast<std::size_t>(across));
  for (const RunView::Point& p : points) {
    if (!std::isfinite(p.value)) continue;
    const auto x = static_cast<std::size_t>(
        place(static_cast<double>(p.step - steps.first), static_cast<double>(steps.last - steps.first), across));
    sums[x] += p.value;
    ++counts[x];
  }
  std::vector<Mean> means;
  for (std::size_t x = 0; x < sums.size(); ++x) {
    if (counts[x] > 0) means.push_back({static_cast<int>(x), sums[x] / static_cast<double>(counts[x])});
  }
  return means;
}

/// From values to heights.
class ValueScale {
 public:
  explicit ValueScale(const std::vector<std::vector<Mean>>& curves) {
    bool any = false;
    for (const std::vector<Mean>& curve : curves) {
      for (const Mean& mean : curve) {
        least_ = any ? std::min(least_, mean.value) : mean.value;
        most_ = any ? std::max(most_, mean.value) : mean.value;
        any = true;
      }
    }
    logarithmic_ = least_ > 0.0 && most_ > widest_linear_span * least_;
  }

  /// In dots from the top.
  int y(double value, int down) const {
    return down - 1 - place(height(value) - height(least_), height(most_) - height(least_), down);
  }
  /// The value at a share of the height, 0 at the bottom.
  double value(double share) const {
    return logarithmic_ ? least_ * std::pow(most_ / least_, share) : least_ + (most_ - least_) * share;
  }

 private:
  double height(double value) const { return logarithmic_ ? std::log(value) : value; }

  double least_ = 0.0;
  double most_ = 0.0;
  bool logarithmic_ = false;
};

/// Dots in character cells.
class Canvas {
 public:
  Canvas(int width, int height)
      : width_(static_cast<std::size_t>(width)),
        dots_(width_ * static_cast<std::size_t>(height)),
        marks_(dots_.size()) {}

  void dot(Dot at) {
    static constexpr std::array<std::array<unsigned char, dots_across>, dots_down> bits = {
        {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}};  // Unicode's order of braille dots
    unsigned char& cell = dots_[index(at)];
    cell = static_cast<unsigned char>(
        cell | bits[static_cast<std::size_t>(at.y % dots_down)][static_cast<std::size_t>(at.x % dots_across)]);
  }
  void line(Dot from, Dot to) {
    const int steps = std::max({std::abs(to.x - from.x), std::abs(to.y - from.y), 1});
    for (int i = 0; i <= steps; ++i) {
      const double share = static_cast<double>(i) / steps;
      dot({from.x + static_cast<int>(std::lround(share * (to.x - from.x))),
           from.y + static_cast<int>(std::lround(share * (to.y - from.y)))});
    }
  }
  void mark(Dot at) { marks_[index(at)] = true; }

  std::string row(int number, const FrameStyle& style) const {
    std::string text;
    for (std::size_t column = 0; column < width_; ++column) {
      const std::size_t cell = static_cast<std::size_t>(number) * width_ + column;
      const char* colour = marks_[cell] ? "\x1b[33m" : "\x1b[36m";
      const bool drawn = marks_[cell] || dots_[cell] != 0;
      if (drawn && style.coloured) text += colour;
      text += marks_[cell] ? (style.braille ? "\u25cf" : "o") : glyph(dots_[cell], style.braille);
      if (drawn && style.coloured) text += "\x1b[0m";
    }
    return text;
  }

 private:
  std::size_t index(Dot at) const {
    const int row = at.y / dots_down;
    const int column = at.x / dots_across;
    return static_cast<std::size_t>(row) * width_ + static_cast<std::size_t>(column);
  }
  static std::string glyph(unsigned char dots, bool braille) {
    if (dots == 0) return " ";
    if (braille) {  // U+2800 + dots, in UTF-8
      return {static_cast<char>(0xe2), static_cast<char>(0xa0 | dots >> 6), static_cast<char>(0x80 | (dots & 0x3f))};
    }
    const bool upper = (dots & 0x1b) != 0;
    const bool lower = (dots & 0xe4) != 0;
    return upper && lower ? ":" : (upper ? "'" : ".");
  }

  std::size_t width_;
  std::vector<unsigned char> dots_;
  std::vector<bool> marks_;
};

std::string step_axis(const StepRange& steps, int width) {
  const std::string first = std::to_string(steps.first);
  const std::string last = std::to_string(steps.last);
  const int room = width - static_cast<int>(first.size() + last.size());
  if (steps.first == steps.last || room < 1) return fit(first, width);
  return first + std::string(static_cast<std::size_t>(room), ' ') + last;
}

}  // namespace

std::vector<std::string> draw_chart(const TextChart& chart, int width, int height, const FrameStyle& style) {
  const int cells = width - label_columns - 1;
  if (cells < 1 || height < 1 || (chart.line.empty() && chart.marks.empty())) return {};
  StepRange steps;
  steps.add(chart.line);
  steps.add(chart.marks);
  const int across = cells * dots_across;
  const int down = height * dots_down;
  const std::vector<Mean> line = means_by_column(chart.line, steps, across);
  const int places = std::max(2, cells / cells_per_mark);
  std::vector<Mean> marks = means_by_column(chart.marks, steps, places);
  for (Mean& mark : marks) mark.x = mark.x * (across - 1) / (places - 1);
  const ValueScale scale({line, marks});

  Canvas canvas(cells, height);
  std::optional<Dot> before;
  for (const Mean& mean : line) {
    const Dot dot{mean.x, scale.y(mean.value, down)};
    canvas.line(before.value_or(dot), dot);
    before = dot;
  }
  for (const Mean& mean : marks) canvas.mark({mean.x, scale.y(mean.value, down)});

  std::vector<std::string> lines;
  for (int row = 0; row < height; ++row) {
    const bool labelled = row == 0 || row == height - 1 || row == height / 2;
    const double share = height > 1 ? static_cast<double>(height - 1 - row) / (height - 1) : 0.0;
    const std::string label = labelled ? fmt::format("{:.4g}", scale.value(share)) : "";
    const std::string edge = fmt::format("{:>{}}", label, label_columns - 1) + (labelled ? " +" : " |");
    lines.push_back(edge + canvas.row(row, style));
  }
  lines.push_back(std::string(label_columns + 1, ' ') + step_axis(steps, cells));
  return lines;
}

std::string fit(const std::string& text, int columns) {
  int taken = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80;
    if (begins && taken++ == columns) return text.substr(0, i);
  }
  return text;
}

}  // namespace shoal
