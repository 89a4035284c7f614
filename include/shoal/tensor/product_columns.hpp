#pragma once

#include <cstdint>

namespace shoal {

/// As product_panel(), where the first `width` columns are wanted: what stands behind them may be anything. A net's
/// last layer is often narrow.
template <class T>
void product_columns(std::int64_t rows, std::int64_t depth, std::int64_t width, const T* a, std::int64_t a_stride,
                     const T* b, const T* bias, T* c);

}  // namespace shoal
