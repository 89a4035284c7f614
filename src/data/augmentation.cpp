#include "shoal/data/augmentation.hpp"

#include <algorithm>

namespace shoal {
namespace {

/// Elements of a row's numbers: each setting has its own, so that no change of one moves another.
enum Element : std::uint64_t { down, right, mirrored, cut_row, cut_column };

}  // namespace

ImageView Augmentation::view(std::int64_t row) const {
  const auto item = static_cast<std::uint64_t>(row);
  const auto below = [&](std::int64_t bound, Element element) {
    return static_cast<std::int64_t>(source_.below(static_cast<std::uint64_t>(bound), item, element));
  };
  ImageView view;
  if (settings_.crop > 0) {
    view.down = below(2 * settings_.crop + 1, down) - settings_.crop;
    view.right = below(2 * settings_.crop + 1, right) - settings_.crop;
  }
  view.flip = settings_.flip && below(2, mirrored) == 1;
  if (const std::int64_t edge = settings_.cutout; edge > 0) {
    const std::int64_t top = below(height_, cut_row) - edge / 2;
    const std::int64_t left = below(width_, cut_column) - edge / 2;
    view.cut_top = std::max<std::int64_t>(0, top);
    view.cut_bottom = std::min(height_, top + edge);
    view.cut_left = std::max<std::int64_t>(0, left);
    view.cut_right = std::min(width_, left + edge);
  }
  return view;
}

}  // namespace shoal
