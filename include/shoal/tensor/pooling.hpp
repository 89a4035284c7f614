#pragma once

#include <cstdint>
#include <span>

#include "shoal/tensor/panels.hpp"

namespace shoal {

/// A row of the window of one output: positions [begin, end) of the image.
struct WindowRun {
  std::int64_t output = 0;
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t offset = 0;  ///< of position `begin` in the window, row by row
};

// Of one panel of one image's channels, (positions, pitch); columns [0, width) are worked on, see Extent. `runs` of an
// output follow each other.

/// y[o] = the largest of the window's values, the first of equals, a NaN before all; from[o] = its offset.
template <class T>
void max_pool_panel(std::span<const WindowRun> runs, std::int64_t width, const T* x, T* y, T* from,
                    std::int64_t pitch = panel_width);
/// dx += dy where a value was the largest.
template <class T>
void add_max_pool_gradient(std::span<const WindowRun> runs, std::int64_t width, const T* dy, const T* from, T* dx,
                           std::int64_t pitch = panel_width);

/// y[o] = sum of the window's values in order, divided by `divisor`.
template <class T>
void average_pool_panel(std::span<const WindowRun> runs, std::int64_t width, T divisor, const T* x, T* y,
                        std::int64_t pitch = panel_width);
/// dx += dy / divisor for each value of each window.
template <class T>
void add_average_pool_gradient(std::span<const WindowRun> runs, std::int64_t width, T divisor, const T* dy, T* dx,
                               std::int64_t pitch = panel_width);

}  // namespace shoal
