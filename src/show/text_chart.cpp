#include "show/text_chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>

namespace shoal {
namespace {

constexpr int label_columns = 9;
constexpr double widest_linear_span = 20.0;
constexpr int rows_per_tick = 2;
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

/// Multiples of 1, 2 or 5 times a power of ten between two values, as many as there may be at most.
std::vector<double> round_ticks(double least, double most, int count) {
  if (!(most > least) || !std::isfinite(most - least) || count < 1) return {};
  const double raw = (most - least) / count;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  for (const double digit : {1.0, 2.0, 5.0, 10.0, 20.0, 50.0}) {
    const double step = digit * power;
    const double first = std::ceil(least / step - 1e-9);
    const double last = std::floor(most / step + 1e-9);
    if (last - first + 1.0 > count) continue;
    std::vector<double> ticks(static_cast<std::size_t>(std::max(last - first + 1.0, 0.0)));
    for (std::size_t i = 0; i < ticks.size(); ++i) ticks[i] = (first + static_cast<double>(i)) * step + 0.0;  // no -0
    return ticks;
  }
  return {};
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

  bool is_logarithmic() const { return logarithmic_; }
  /// In dots from the top.
  int y(double value, int down) const {
    return down - 1 - place(height(value) - height(least_), height(most_) - height(least_), down);
  }
  /// Round values that the scale goes over, at most so many; where there is none, its two ends.
  std::vector<double> ticks(int most) const {
    std::vector<double> found = logarithmic_ ? powers(most) : round_ticks(least_, most_, most);
    if (found.empty()) found = least_ == most_ ? std::vector{least_} : std::vector{least_, most_};
    return found;
  }

 private:
  double height(double value) const { return logarithmic_ ? std::log(value) : value; }
  /// 1, 2 and 5 of each power of ten, or the powers alone, or some of those.
  std::vector<double> powers(int most) const {
    const int first = static_cast<int>(std::floor(std::log10(least_)));
    const int last = static_cast<int>(std::ceil(std::log10(most_)));
    std::vector<double> found;
    const auto collect = [&](std::initializer_list<int> digits, int stride) {
      found.clear();
      for (int power = first; power <= last; power += stride) {
        for (const int digit : digits) {
          const double value = std::strtod(fmt::format("{}e{}", digit, power).c_str(), nullptr);
          if (value >= least_ && value <= most_) found.push_back(value);
        }
      }
      return found.size() <= static_cast<std::size_t>(std::max(most, 1));
    };
    if (collect({1, 2, 5}, 1)) return found;
    for (int stride = 1; !collect({1}, stride); ++stride) {
    }
    return found;
  }

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

/// With as many digits as there is room for.
std::string label_of(double value) {
  std::string label;
  for (int digits = 6; digits > 0; --digits) {
    label = fmt::format("{:.{}g}", value, digits);
    if (label.size() < static_cast<std::size_t>(label_columns)) break;
  }
  return label;
}

/// Round steps below the places where they are.
std::string step_axis(const StepRange& steps, int width) {
  constexpr int room_of_label = 12;
  std::string axis(static_cast<std::size_t>(width), ' ');
  const auto first = static_cast<double>(steps.first);
  const auto last = static_cast<double>(steps.last);
  std::vector<double> ticks = round_ticks(first, last, std::max(2, width / room_of_label));
  std::erase_if(ticks, [](double tick) { return tick != std::floor(tick); });
  if (ticks.empty()) ticks = {first};
  std::size_t free = 0;  // behind the last label
  for (const double tick : ticks) {
    const std::string label = fmt::format("{:.0f}", tick);
    const auto at = static_cast<std::size_t>(place(tick - first, last - first, width * dots_across) / dots_across);
    const std::size_t half = label.size() / 2;
    const std::size_t begin = std::min(at > half ? at - half : 0, axis.size() - std::min(axis.size(), label.size()));
    if (begin < free || begin + label.size() > axis.size()) continue;
    axis.replace(begin, label.size(), label);
    free = begin + label.size() + 2;
  }
  return fit(axis.substr(0, axis.find_last_not_of(' ') + 1), width);
}

struct Curves {
  StepRange steps;
  std::vector<Mean> line;
  std::vector<Mean> marks;
};

/// What falls on each column of a chart.
Curves curves_of(const TextChart& chart, int cells) {
  Curves curves;
  curves.steps.add(chart.line);
  curves.steps.add(chart.marks);
  const int across = cells * dots_across;
  curves.line = means_by_column(chart.line, curves.steps, across);
  const int places = std::max(2, cells / cells_per_mark);
  curves.marks = means_by_column(chart.marks, curves.steps, places);
  for (Mean& mark : curves.marks) mark.x = mark.x * (across - 1) / (places - 1);
  return curves;
}

int cells_of(int width) { return width - label_columns - 1; }

}  // namespace

std::vector<std::string> draw_chart(const TextChart& chart, int width, int height, const FrameStyle& style) {
  const int cells = cells_of(width);
  if (cells < 1 || height < 1 || (chart.line.empty() && chart.marks.empty())) return {};
  const auto [steps, line, marks] = curves_of(chart, cells);
  const int down = height * dots_down;
  const ValueScale scale({line, marks});

  Canvas canvas(cells, height);
  std::optional<Dot> before;
  for (const Mean& mean : line) {
    const Dot dot{mean.x, scale.y(mean.value, down)};
    canvas.line(before.value_or(dot), dot);
    before = dot;
  }
  for (const Mean& mean : marks) canvas.mark({mean.x, scale.y(mean.value, down)});

  std::map<int, double> ticks;  // by row; of two in one the greater
  for (const double tick : scale.ticks(std::max(2, height / rows_per_tick)))
    ticks[scale.y(tick, down) / dots_down] = tick;
  std::vector<std::string> lines;
  for (int row = 0; row < height; ++row) {
    const bool labelled = ticks.contains(row);
    const std::string label = labelled ? label_of(ticks[row]) : "";
    const std::string edge = fmt::format("{:>{}}", label, label_columns - 1) + (labelled ? " +" : " |");
    lines.push_back(edge + canvas.row(row, style));
  }
  lines.push_back(fmt::format("{:<{}}", scale.is_logarithmic() ? "log scale" : "", label_columns + 1) +
                  step_axis(steps, cells));
  return lines;
}

std::string progress_bar(double share, int columns) {
  constexpr int most_cells = 40;
  const double done = std::clamp(share, 0.0, 1.0);
  const std::string percent = fmt::format(" {:.0f} %", std::floor(done * 100.0));  // 100 % is the end alone
  const int cells = std::min(most_cells, columns - static_cast<int>(percent.size()) - 2);
  if (cells < 1) return fit(percent.substr(1), columns);
  std::string bar(static_cast<std::size_t>(std::floor(done * cells)), '=');
  if (bar.size() < static_cast<std::size_t>(cells)) bar += '>';
  bar.resize(static_cast<std::size_t>(cells), ' ');
  return '[' + bar + ']' + percent;
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
