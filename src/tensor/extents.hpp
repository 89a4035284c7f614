#pragma once

#include <cstdint>
#include <type_traits>

#include "shoal/tensor/panels.hpp"

namespace shoal {

/// Calls f with the columns of a tile to go through, see Extent, and the elements from a row to the next, as constants.
/// Inlined, so that what f does is compiled for the caller's instruction set.
template <class F>
[[gnu::always_inline]] inline void with_columns(std::int64_t width, std::int64_t pitch, F f) {
  constexpr std::integral_constant<std::int64_t, panel_width> all;
  constexpr std::integral_constant<std::int64_t, Extent::half> half;
  if (width > Extent::half) return f(all, all);
  if (pitch > narrow_pitch) return f(half, all);
  f(half, half);
}

}  // namespace shoal
