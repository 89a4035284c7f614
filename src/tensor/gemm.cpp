#include "shoal/tensor/gemm.hpp"

#include <algorithm>

#include "shoal/tensor/product_columns.hpp"
#include "shoal/tensor/targets.hpp"
#include "tensor/gradient_chains.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/gemm.cpp"
#include <hwy/foreach_target.h>
// After foreach_target:
#include <hwy/cache_control.h>

#include "tensor/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace shoal {
namespace HWY_NAMESPACE {

/// `wide` columns of a panel, as few as are wanted.
template <class T, int wide = static_cast<int>(panel_width)>
struct Kernel {
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;
  static constexpr int lanes = static_cast<int>(hn::MaxLanes(D()));
  static constexpr int vectors = std::max(1, wide / lanes);  // of one row of a panel
  // Rows of a register tile: accumulators, one row of B and a broadcast must fit the registers (32 of AVX-512 and NEON,
  // 16 of AVX2).
  static constexpr int registers = HWY_TARGET == HWY_AVX2 ? 12 : 24;
  static constexpr int tile_rows = std::clamp(registers / vectors, 1, 8);
  // Rows of B that all tiles use before the next ones: they fit the first-level cache, of which another hyper-thread of
  // the core may have its half.
  static constexpr std::int64_t product_depth = 16'384 / (panel_width * sizeof(T));
  static constexpr std::int64_t tile_size = panel_width * panel_width;

  /// `M` rows of one panel: adds a[r * row_stride + k * k_stride] * b[k] for each k below depth, in order.
  template <int M, std::int64_t row_stride, std::int64_t k_stride>
  static HWY_INLINE void accumulate(std::int64_t depth, const T* HWY_RESTRICT a, const T* HWY_RESTRICT b,
                                    V (&acc)[M][vectors]) {
    const D d;
#pragma GCC unroll 4
    for (const T* const end = b + depth * panel_width; b != end; a += k_stride, b += panel_width) {
      V row[vectors];
#pragma GCC unroll 32
      for (int v = 0; v < vectors; ++v) row[v] = hn::LoadU(d, b + v * lanes);
#pragma GCC unroll 8
      for (int r = 0; r < M; ++r) {
        const V x = hn::Set(d, a[r * row_stride]);
#pragma GCC unroll 32
        for (int v = 0; v < vectors; ++v) acc[r][v] = fused(x, row[v], acc[r][v]);
      }
    }
  }

  template <int M>
  static HWY_INLINE void load(V (&acc)[M][vectors], const T* from, std::int64_t stride) {
#pragma GCC unroll 8
    for (int r = 0; r < M; ++r) {
#pragma GCC unroll 32
      for (int v = 0; v < vectors; ++v) acc[r][v] = hn::LoadU(D(), from + r * stride + v * lanes);
    }
  }
  template <int M>
  static HWY_INLINE void store(const V (&acc)[M][vectors], T* to) {
#pragma GCC unroll 8
    for (int r = 0; r < M; ++r) {
#pragma GCC unroll 32
      for (int v = 0; v < vectors; ++v) hn::StoreU(acc[r][v], D(), to + r * panel_width + v * lanes);
    }
  }
  template <int M>
  static HWY_INLINE void clear(V (&acc)[M][vectors]) {
#pragma GCC unroll 8
    for (int r = 0; r < M; ++r) {
#pragma GCC unroll 32
      for (int v = 0; v < vectors; ++v) acc[r][v] = hn::Zero(D());
    }
  }

  /// @param start   where the chains begin: the bias, or c itself when they go on; null for zeros
  /// @param stride  0 when all rows begin alike
  template <int M>
  static HWY_NOINLINE void product_rows(std::int64_t depth, const T* a, std::int64_t a_stride, const T* b,
                                        const T* start, std::int64_t stride, T* c) {
    V acc[M][vectors];
    if (start == nullptr) {
      clear<M>(acc);
    } else {
      load<M>(acc, start, stride);
    }
    for (; depth > 0; depth -= panel_width, a += a_stride, b += tile_size) {
      accumulate<M, panel_width, 1>(std::min(depth, panel_width), a, b, acc);
    }
    store<M>(acc, c);
  }

  template <int M = tile_rows>
  static void product_block(std::int64_t rows, std::int64_t depth, const T* a, std::int64_t a_stride, const T* b,
                            const T* start, std::int64_t stride, T* c) {
    for (; rows >= M; rows -= M, a += M * panel_width, c += M * panel_width, start += M * stride)
      product_rows<M>(depth, a, a_stride, b, start, stride, c);
    if constexpr (M > 1) product_block<M - 1>(rows, depth, a, a_stride, b, start, stride, c);
  }

  /// Cut over k, so that a block of B stays in cache for all rows.
  static void product(std::int64_t rows, std::int64_t depth, const T* a, std::int64_t a_stride, const T* b,
                      const T* bias, T* c) {
    product_block(rows, std::min(depth, product_depth), a, a_stride, b, bias, 0, c);
    for (std::int64_t k = product_depth; k < depth; k += product_depth)
      product_block(rows, std::min(depth - k, product_depth), a + k / panel_width * a_stride, a_stride,
                    b + k * panel_width, c, panel_width, c);
  }

  /// A chain of the gradient of `M` units, met by the `merges` partials below `top`, the nearest first.
  template <int M>
  static HWY_INLINE void chain_tile(std::int64_t rows, const T* x, const T* d, const T* top, int merges, T* to) {
    V acc[M][vectors];
    clear<M>(acc);
    accumulate<M, 1, panel_width>(rows, x, d, acc);
    for (; merges > 0; --merges) {
      top -= tile_size;
#pragma GCC unroll 8
      for (int r = 0; r < M; ++r) {
#pragma GCC unroll 32
        for (int v = 0; v < vectors; ++v)
          acc[r][v] = hn::Add(hn::LoadU(D(), top + r * panel_width + v * lanes), acc[r][v]);
      }
    }
    store<M>(acc, to);
  }

  /// The same for any number of units; meanwhile the first rows of the next chain come into the cache.
  template <int M = tile_rows>
  static HWY_NOINLINE void chain_block(std::int64_t units, std::int64_t rows, const T* x, const T* d, const T* top,
                                       int merges, T* to) {
    constexpr std::int64_t line = 64 / sizeof(T);
    constexpr std::int64_t lines = tile_size / line * M / panel_width;
    const T* next_x = x + rows * panel_width;
    const T* next_d = d + rows * panel_width;
    for (; units >= M; units -= M, x += M, top += M * panel_width, to += M * panel_width) {
      for (std::int64_t i = 0; i < lines; ++i, next_x += line, next_d += line) {
        hwy::Prefetch(next_x);
        hwy::Prefetch(next_d);
      }
      chain_tile<M>(rows, x, d, top, merges, to);
    }
    if constexpr (M > 1) {
      if (units > 0) chain_block<M - 1>(units, rows, x, d, top, merges, to);
    }
  }

  /// Chain by chain, so that the rows of both operands, as many as default leaves have, stay in the first-level cache
  /// for all units.
  static void gradient(std::int64_t rows, std::int64_t leaf_rows, const T* x, std::int64_t units, const T* d, T* g) {
    alignas(64) T partials[most_waiting_chains * tile_size];
    T* top = partials;
    for_each_gradient_chain(rows, leaf_rows, [&](std::int64_t begin, std::int64_t end, int merges, bool last) HWY_ATTR {
      T* const met = top - merges * tile_size;
      chain_block(units, end - begin, x + begin * panel_width, d + begin * panel_width, top, merges, last ? g : met);
      top = met + tile_size;
    });
  }
};

template <class T>
HWY_INLINE void product_columns_target(std::int64_t rows, std::int64_t depth, std::int64_t width, const T* a,
                                       std::int64_t a_stride, const T* b, const T* bias, T* c) {
  if (width <= 8) return Kernel<T, 8>::product(rows, depth, a, a_stride, b, bias, c);
  if (width <= 16) return Kernel<T, 16>::product(rows, depth, a, a_stride, b, bias, c);
  Kernel<T>::product(rows, depth, a, a_stride, b, bias, c);
}
void product_columns_float(std::int64_t rows, std::int64_t depth, std::int64_t width, const float* a,
                           std::int64_t a_stride, const float* b, const float* bias, float* c) {
  product_columns_target(rows, depth, width, a, a_stride, b, bias, c);
}
void product_columns_double(std::int64_t rows, std::int64_t depth, std::int64_t width, const double* a,
                            std::int64_t a_stride, const double* b, const double* bias, double* c) {
  product_columns_target(rows, depth, width, a, a_stride, b, bias, c);
}
void product_float(std::int64_t rows, std::int64_t depth, const float* a, std::int64_t a_stride, const float* b,
                   const float* bias, float* c) {
  Kernel<float>::product(rows, depth, a, a_stride, b, bias, c);
}
void product_double(std::int64_t rows, std::int64_t depth, const double* a, std::int64_t a_stride, const double* b,
                    const double* bias, double* c) {
  Kernel<double>::product(rows, depth, a, a_stride, b, bias, c);
}
void gradient_float(std::int64_t rows, std::int64_t leaf_rows, const float* x, std::int64_t units, const float* d,
                    float* g) {
  Kernel<float>::gradient(rows, leaf_rows, x, units, d, g);
}
void gradient_double(std::int64_t rows, std::int64_t leaf_rows, const double* x, std::int64_t units, const double* d,
                     double* g) {
  Kernel<double>::gradient(rows, leaf_rows, x, units, d, g);
}

/// In squares of 4 x 4 where vectors of four floats exist.
void transpose_float(std::int64_t rows, std::int64_t columns, const float* in, std::int64_t in_stride, float* out,
                     std::int64_t out_stride) {
  std::int64_t whole_rows = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::FixedTag<float, 4> d;
  const hn::Repartition<double, decltype(d)> pairs;
  const std::int64_t whole_columns = columns / 4 * 4;
  for (; whole_rows + 4 <= rows; whole_rows += 4) {
    for (std::int64_t c = 0; c < whole_columns; c += 4) {
      const float* from = in + whole_rows * in_stride + c;
      const auto row0 = hn::LoadU(d, from), row1 = hn::LoadU(d, from + in_stride);
      const auto row2 = hn::LoadU(d, from + 2 * in_stride), row3 = hn::LoadU(d, from + 3 * in_stride);
      const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, row0, row1));
      const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, row2, row3));
      const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, row0, row1));
      const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, row2, row3));
      float* to = out + c * out_stride + whole_rows;
      hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23)), d, to);
      hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23)), d, to + out_stride);
      hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23)), d, to + 2 * out_stride);
      hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23)), d, to + 3 * out_stride);
    }
    for (std::int64_t r = whole_rows; r < whole_rows + 4; ++r) {
      for (std::int64_t c = whole_columns; c < columns; ++c) out[c * out_stride + r] = in[r * in_stride + c];
    }
  }
#endif
  for (std::int64_t r = whole_rows; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) out[c * out_stride + r] = in[r * in_stride + c];
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace shoal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shoal {

HWY_EXPORT(product_columns_float);
HWY_EXPORT(product_columns_double);
HWY_EXPORT(product_float);
HWY_EXPORT(product_double);
HWY_EXPORT(gradient_float);
HWY_EXPORT(gradient_double);
HWY_EXPORT(transpose_float);

template <>
void product_columns<float>(std::int64_t rows, std::int64_t depth, std::int64_t width, const float* a,
                            std::int64_t a_stride, const float* b, const float* bias, float* c) {
  HWY_DYNAMIC_DISPATCH(product_columns_float)(rows, depth, width, a, a_stride, b, bias, c);
}
template <>
void product_columns<double>(std::int64_t rows, std::int64_t depth, std::int64_t width, const double* a,
                             std::int64_t a_stride, const double* b, const double* bias, double* c) {
  HWY_DYNAMIC_DISPATCH(product_columns_double)(rows, depth, width, a, a_stride, b, bias, c);
}
template <>
void product_panel<float>(std::int64_t rows, std::int64_t depth, const float* a, std::int64_t a_stride, const float* b,
                          const float* bias, float* c) {
  HWY_DYNAMIC_DISPATCH(product_float)(rows, depth, a, a_stride, b, bias, c);
}
template <>
void product_panel<double>(std::int64_t rows, std::int64_t depth, const double* a, std::int64_t a_stride,
                           const double* b, const double* bias, double* c) {
  HWY_DYNAMIC_DISPATCH(product_double)(rows, depth, a, a_stride, b, bias, c);
}
template <>
void gradient_panel<float>(std::int64_t rows, std::int64_t leaf_rows, const float* x, std::int64_t units,
                           const float* d, float* g) {
  HWY_DYNAMIC_DISPATCH(gradient_float)(rows, leaf_rows, x, units, d, g);
}
template <>
void gradient_panel<double>(std::int64_t rows, std::int64_t leaf_rows, const double* x, std::int64_t units,
                            const double* d, double* g) {
  HWY_DYNAMIC_DISPATCH(gradient_double)(rows, leaf_rows, x, units, d, g);
}
template <>
void transpose_tile<float>(std::int64_t rows, std::int64_t columns, const float* in, std::int64_t in_stride, float* out,
                           std::int64_t out_stride) {
  HWY_DYNAMIC_DISPATCH(transpose_float)(rows, columns, in, in_stride, out, out_stride);
}
template <>
void transpose_tile<double>(std::int64_t rows, std::int64_t columns, const double* in, std::int64_t in_stride,
                            double* out, std::int64_t out_stride) {
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) out[c * out_stride + r] = in[r * in_stride + c];
  }
}

}  // namespace shoal
#endif
