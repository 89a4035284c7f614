#include "shoal/tensor/convolution.hpp"

#include <algorithm>
#include <type_traits>

#include "shoal/tensor/targets.hpp"
#include "tensor/both_types.hpp"

// NOLINTBEGIN(bugprone-macro-parentheses): T is a type
#define GATHERED_PRODUCT(T)                                                                         \
  (const Places& places, const T* a, std::span<const Stretch> stretches, const T* b, const T* bias, \
   std::int64_t width, const NextRows<T>& next, T* c, std::int64_t pitch)
#define ADD_LINE_GRADIENT(T) \
  (std::span<const PositionLine<T>> lines, const LineStrides& strides, std::int64_t units, std::int64_t width, T* g)
#define CHANNELWISE_PRODUCT(T) \
  (const Places& places, const T* a, std::span<const Stretch> taps, const T* b, const T* bias, T* c)
#define COPY_COLUMNS(T) \
  (std::int64_t rows, std::int64_t columns, const T* from, std::int64_t from_stride, T* to, std::int64_t to_stride)
#define ADD_CHANNELWISE_GRADIENT(T) (std::int64_t rows, const T* const* a, std::int64_t offset, const T* d, T* g)
// NOLINTEND(bugprone-macro-parentheses)

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/convolution.cpp"
#include <hwy/foreach_target.h>
// After foreach_target:
#include <hwy/cache_control.h>

#include "tensor/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace shoal {
namespace HWY_NAMESPACE {

/// Brings `columns` numbers from `row` on into the cache.
template <class T>
HWY_INLINE void fetch(const T* row, std::int64_t columns) {
  for (std::int64_t c = 0; c < columns; c += 64 / sizeof(T)) hwy::Prefetch(row + c);
}

/// `wide` columns of a panel, as few as are wanted: 8, 16, 24 or 32.
template <class T, int wide>
struct ConvolutionKernel {
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;
  static constexpr int lanes = static_cast<int>(hn::MaxLanes(D()));
  static constexpr int vectors = std::max(1, wide / lanes);  // of one row
  // As in gemm.cpp. A row takes a register of its own that points to it: hence at most 8.
  static constexpr int registers = HWY_TARGET == HWY_AVX2 ? 12 : 24;
  static constexpr int tile_rows = std::clamp(registers / vectors, 1, 8);
  // Of the weight's gradient, whose rows lie beside each other.
  static constexpr int gradient_rows = std::clamp(registers / vectors, 1, 24);
  // Fetching takes the time of small tiles: the first one does, and in case of more that so many rows behind it.
  static constexpr std::int64_t fetched_rows = 24;
  static constexpr std::int64_t block_depth = (tile_rows < 8 ? 16'384 : 65'536) / (wide * sizeof(T));

  template <int M>
  static HWY_INLINE void load_row(V (&row)[vectors], const T* from) {
#pragma GCC unroll 32
    for (int v = 0; v < vectors; ++v) row[v] = hn::LoadU(D(), from + v * lanes);
  }

  /// @param start  where the chains begin, for all rows alike; null: at c, where they go on
  /// @param next   so many rows of it are fetched before each stretch: more at a time would be waited for
  template <int M>
  static HWY_NOINLINE void product_tile(const T* a, const std::int64_t* from, std::span<const Stretch> stretches,
                                        const T* b, const T* start, NextRows<T> next, std::int64_t next_rows, T* c,
                                        const std::int64_t* to, std::int64_t pitch) {
    V acc[M][vectors];
#pragma GCC unroll 8
    for (int r = 0; r < M; ++r) load_row<M>(acc[r], start == nullptr ? c + to[r] * pitch : start);
    for (const Stretch& stretch : stretches) {
      for (std::int64_t r = 0; r < next_rows; ++r, next.rows += next.pitch) fetch(next.rows, next.columns);
      const T* p[M];
#pragma GCC unroll 8
      for (int r = 0; r < M; ++r) p[r] = a + from[r] + stretch.offset;
      const T* of_b = b + stretch.row * panel_width;
      for (std::int64_t k = 0; k < stretch.depth; ++k, of_b += panel_width) {
        V row[vectors];
        load_row<M>(row, of_b);
#pragma GCC unroll 8
        for (int r = 0; r < M; ++r) {
          const V x = hn::Set(D(), p[r][k]);
#pragma GCC unroll 32
          for (int v = 0; v < vectors; ++v) acc[r][v] = fused(x, row[v], acc[r][v]);
        }
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < M; ++r) {
#pragma GCC unroll 32
      for (int v = 0; v < vectors; ++v) hn::StoreU(acc[r][v], D(), c + to[r] * pitch + v * lanes);
    }
  }

  template <int M = tile_rows>
  static void product_block(std::size_t rows, const T* a, const std::int64_t* from, std::span<const Stretch> stretches,
                            const T* b, const T* start, NextRows<T> next, T* c, const std::int64_t* to,
                            std::int64_t pitch) {
    const std::int64_t of_tile = M * next.each;
    const std::int64_t parts = std::max<std::int64_t>(1, std::ssize(stretches));
    const std::int64_t of_stretch = (of_tile + parts - 1) / parts;
    for (; rows >= M; rows -= M, from += M, to += M, next.rows += of_tile * next.pitch)
      product_tile<M>(a, from, stretches, b, start, next, of_stretch, c, to, pitch);
    if constexpr (M > 1) product_block<M - 1>(rows, a, from, stretches, b, start, next, c, to, pitch);
  }

  /// Cut over k, so that a block of B stays in cache for all rows.
  static void product(const Places& places, const T* a, std::span<const Stretch> stretches, const T* b, const T* bias,
                      const NextRows<T>& next, T* c, std::int64_t pitch) {
    constexpr std::size_t most = 64;
    Stretch block[most];
    std::size_t count = 0;
    std::int64_t depth = 0;
    const T* start = bias;
    const auto flush = [&]() HWY_ATTR {
      product_block(places.from.size(), a, places.from.data(), std::span<const Stretch>(block, count), b, start,
                    start == nullptr ? NextRows<T>() : next, c, places.to.data(), pitch);
      start = nullptr;
      count = 0;
      depth = 0;
    };
    for (Stretch rest : stretches) {
      while (rest.depth > 0) {
        const std::int64_t some = std::min(rest.depth, block_depth - depth);
        block[count++] = {rest.offset, some, rest.row};
        depth += some;
        rest.offset += some;
        rest.depth -= some;
        rest.row += some;
        if (depth == block_depth || count == most) flush();
      }
    }
    if (count > 0 || start != nullptr) flush();
  }

  template <int M>
  static HWY_NOINLINE void gradient_tile(std::span<const PositionLine<T>> lines, const LineStrides& strides,
                                         std::int64_t at, bool fetches, T* g) {
    V acc[M][vectors];
#pragma GCC unroll 24
    for (int r = 0; r < M; ++r) {
#pragma GCC unroll 32
      for (int v = 0; v < vectors; ++v) acc[r][v] = hn::Zero(D());
    }
    for (const PositionLine<T>& line : lines) {
      const T* x = line.x + at;
      const T* d = line.d;
      const T* next_x = line.next_x;
      const T* next_d = line.next_d;
      for (std::int64_t i = 0; i < line.count; ++i, d += strides.d, x += strides.x) {
        if (fetches && next_d != nullptr) {
          fetch(next_d, wide);
          next_d += strides.d;
          for (std::int64_t r = 0; r < line.next_each; ++r, next_x += strides.next_x) fetch(next_x, wide);
        }
        V row[vectors];
        load_row<M>(row, d);
#pragma GCC unroll 24
        for (int r = 0; r < M; ++r) {
          const V value = hn::Set(D(), x[r]);
#pragma GCC unroll 32
          for (int v = 0; v < vectors; ++v) acc[r][v] = fused(value, row[v], acc[r][v]);
        }
      }
    }
#pragma GCC unroll 24
    for (int r = 0; r < M; ++r) {
#pragma GCC unroll 32
      for (int v = 0; v < vectors; ++v) {
        T* const to = g + r * panel_width + v * lanes;
        hn::StoreU(hn::Add(hn::LoadU(D(), to), acc[r][v]), D(), to);
      }
    }
  }

  template <int M = gradient_rows>
  static void gradient(std::span<const PositionLine<T>> lines, const LineStrides& strides, std::int64_t at,
                       std::int64_t units, T* g) {
    for (; units >= M; units -= M, at += M, g += M * panel_width)
      gradient_tile<M>(lines, strides, at, at == 0 || at == fetched_rows, g);
    if constexpr (M > 1) gradient<M - 1>(lines, strides, at, units, g);
  }
};

template <class T, class F>
HWY_INLINE void with_width(std::int64_t width, const F& f) {
  if (width <= 8) return f(ConvolutionKernel<T, 8>());
  if (width <= 16) return f(ConvolutionKernel<T, 16>());
  if (width <= 24 && ConvolutionKernel<T, 8>::lanes <= 8) return f(ConvolutionKernel<T, 24>());
  f(ConvolutionKernel<T, 32>());
}

template <class T>
void gathered_product_target(const Places& places, const T* a, std::span<const Stretch> stretches, const T* b,
                             const T* bias, std::int64_t width, const NextRows<T>& next, T* c, std::int64_t pitch) {
  static constexpr T zeros[panel_width] = {};
  with_width<T>(width, [&](auto kernel) {
    decltype(kernel)::product(places, a, stretches, b, bias == nullptr ? zeros : bias, next, c, pitch);
  });
}

template <class T>
void add_line_gradient_target(std::span<const PositionLine<T>> lines, const LineStrides& strides, std::int64_t units,
                              std::int64_t width, T* g) {
  with_width<T>(width, [&](auto kernel) { decltype(kernel)::gradient(lines, strides, 0, units, g); });
}

template <class T>
void channelwise_product_target(const Places& places, const T* a, std::span<const Stretch> taps, const T* b,
                                const T* bias, T* c) {
  for (std::size_t r = 0; r < places.from.size(); ++r) {
    T sum[panel_width] = {};
    if (bias != nullptr) std::copy_n(bias, panel_width, sum);
    for (const Stretch& tap : taps) {
      const T* x = a + places.from[r] + tap.offset;
      const T* weight = b + tap.row * panel_width;
      for (std::int64_t i = 0; i < panel_width; ++i) sum[i] = std::fma(x[i], weight[i], sum[i]);
    }
    std::copy_n(sum, panel_width, c + places.to[r] * panel_width);
  }
}

template <class T>
void add_channelwise_gradient_target(std::int64_t rows, const T* const* a, std::int64_t offset, const T* d, T* g) {
  T sum[panel_width] = {};
  for (std::int64_t r = 0; r < rows; ++r) {
    const T* x = a[r] + offset;
    for (std::int64_t i = 0; i < panel_width; ++i) sum[i] = std::fma(x[i], d[r * panel_width + i], sum[i]);
  }
  for (std::int64_t i = 0; i < panel_width; ++i) g[i] += sum[i];
}

template <class T>
void copy_columns_target(std::int64_t rows, std::int64_t columns, const T* from, std::int64_t from_stride, T* to,
                         std::int64_t to_stride) {
  using D = hn::ScalableTag<T>;
  constexpr std::int64_t lanes = hn::MaxLanes(D());
  const auto copy = [&](auto n) HWY_ATTR {  // most often a constant
    for (std::int64_t r = 0; r < rows; ++r, from += from_stride, to += to_stride) {
      std::int64_t c = 0;
      for (; c + lanes <= n; c += lanes) hn::StoreU(hn::LoadU(D(), from + c), D(), to + c);
      for (; c < n; ++c) to[c] = from[c];
    }
  };
  switch (columns) {
    case panel_width: return copy(std::integral_constant<std::int64_t, panel_width>());
    case 16: return copy(std::integral_constant<std::int64_t, 16>());
    case 3: return copy(std::integral_constant<std::int64_t, 3>());
    case 1: return copy(std::integral_constant<std::int64_t, 1>());
    default: return copy(columns);
  }
}

SHOAL_KERNEL(gathered_product, GATHERED_PRODUCT, (places, a, stretches, b, bias, width, next, c, pitch))
SHOAL_KERNEL(add_line_gradient, ADD_LINE_GRADIENT, (lines, strides, units, width, g))
SHOAL_KERNEL(channelwise_product, CHANNELWISE_PRODUCT, (places, a, taps, b, bias, c))
SHOAL_KERNEL(add_channelwise_gradient, ADD_CHANNELWISE_GRADIENT, (rows, a, offset, d, g))
SHOAL_KERNEL(copy_columns, COPY_COLUMNS, (rows, columns, from, from_stride, to, to_stride))

}  // namespace HWY_NAMESPACE
}  // namespace shoal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shoal {

SHOAL_DISPATCH(gathered_product, GATHERED_PRODUCT, (places, a, stretches, b, bias, width, next, c, pitch))
SHOAL_DISPATCH(add_line_gradient, ADD_LINE_GRADIENT, (lines, strides, units, width, g))
SHOAL_DISPATCH(channelwise_product, CHANNELWISE_PRODUCT, (places, a, taps, b, bias, c))
SHOAL_DISPATCH(add_channelwise_gradient, ADD_CHANNELWISE_GRADIENT, (rows, a, offset, d, g))
SHOAL_DISPATCH(copy_columns, COPY_COLUMNS, (rows, columns, from, from_stride, to, to_stride))

}  // namespace shoal
#endif
