#pragma once

#include <string>
#include <vector>

#include "shoal/show/watch.hpp"

namespace shoal {

/// Curves over steps: many points as a line, few ones as marks. Values that are not finite are left out.
struct TextChart {
  std::vector<RunView::Point> line;
  std::vector<RunView::Point> marks;
};

inline constexpr int least_chart_rows = 4;  ///< below, a chart says nothing

/// `height` lines for the curves and one for the steps, of at most `width` characters; none without a point or room.
/// Round values stand at the left, round steps below. The scale of the values is logarithmic when they span more than a
/// factor of 20: then the last line says so.
std::vector<std::string> draw_chart(const TextChart& chart, int width, int height, const FrameStyle& style);

/// `[=====>    ] 42 %`; of at most `columns` characters.
std::string progress_bar(double share, int columns);

/// The first `columns` characters of a UTF-8 text.
std::string fit(const std::string& text, int columns);

}  // namespace shoal
