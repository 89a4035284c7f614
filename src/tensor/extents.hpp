#pragma once

#include <cstdint>
#include <type_traits>

#include "shoal/tensor/panels.hpp"

namespace shoal {

/// Calls f with the columns of a tile to go through, see Extent, as a constant. Inlined, so that what f does is
/// compiled for the caller's instruction set.
template <class F>
[[gnu::always_inline]] inline void with_columns(std::int64_t width, F f) {
  if (width > Extent::half) return f(std::integral_constant<std::int64_t, panel_width>());
  f(std::integral_constant<std::int64_t, Extent::half>());
}

}  // namespace shoal
