#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "shoal/core/error.hpp"
#include "shoal/core/settings.hpp"
#include "shoal/nn/pooling.hpp"
#include "shoal/tensor/pooling.hpp"

namespace shoal {

/// The windows of a pooling layer over one image.
class PoolGrid {
 public:
  /// @throws Error (usage)  see nn/pooling.hpp; `name`: of the layer
  PoolGrid(const std::string& name, const PoolWindow& window, const ValueShape& in)
      : window_(window), height_(in.height()), width_(in.width) {
    const std::int64_t reach = std::min(height_, width_) + 2 * window.padding;
    if (!in.per_sample || window.size < 1 || window.stride < 1 || window.padding < 0 ||
        window.padding > window.size / 2 || window.size > reach)
      throw Error(ExitStatus::usage,
                  fmt::format("{} of size {}, stride {} and padding {} does not fit {}; its padding is at most half of "
                              "its size, which is at most a side with its padding",
                              name, window.size, window.stride, window.padding, to_string(in)));
    constexpr std::int64_t most_runs = std::int64_t{1} << 24;
    if (outputs() > most_runs / window.size)
      throw Error(ExitStatus::usage,
                  fmt::format("{} of size {} and stride {} has {} windows on {}: too many; use a larger stride", name,
                              window.size, window.stride, outputs(), to_string(in)));
    runs_ = make_runs();
  }

  /// As layers have them.
  Settings settings() const {
    return {{"size", window_.size}, {"stride", window_.stride}, {"padding", window_.padding}};
  }

  std::int64_t height() const { return outputs(height_); }
  std::int64_t width() const { return outputs(width_); }
  std::int64_t inputs() const { return height_ * width_; }
  std::int64_t outputs() const { return height() * width(); }

  /// The rows of all windows, positions of the image alone, in row-major order.
  std::span<const WindowRun> runs() const { return runs_; }

 private:
  std::vector<WindowRun> make_runs() const {
    std::vector<WindowRun> runs;
    const std::int64_t columns = width();
    const std::int64_t lines = height();
    for (std::int64_t i = 0; i < lines; ++i) {
      const std::int64_t top = i * window_.stride - window_.padding;
      for (std::int64_t j = 0; j < columns; ++j) {
        const std::int64_t left = j * window_.stride - window_.padding;
        const std::int64_t begin = std::max<std::int64_t>(left, 0);
        const std::int64_t end = std::min(left + window_.size, width_);
        const std::int64_t bottom = std::min(top + window_.size, height_);
        for (std::int64_t y = std::max<std::int64_t>(top, 0); y < bottom; ++y)
          runs.push_back(
              {i * columns + j, y * width_ + begin, y * width_ + end, (y - top) * window_.size + begin - left});
      }
    }
    return runs;
  }
  std::int64_t outputs(std::int64_t side) const {
    return (side + 2 * window_.padding - window_.size) / window_.stride + 1;
  }

  PoolWindow window_;
  std::int64_t height_;
  std::int64_t width_;
  std::vector<WindowRun> runs_;
};

}  // namespace shoal
