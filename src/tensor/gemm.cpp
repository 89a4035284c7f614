#include "shoal/tensor/gemm.hpp"

#include <algorithm>

#include "shoal/core/leaf_tree.hpp"
#include "tensor/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/gemm.cpp"
#include <hwy/foreach_target.h>
// After foreach_target:
#include "tensor/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace shoal {
namespace HWY_NAMESPACE {

template <class T>
struct Kernel {
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;
  static constexpr int lanes = static_cast<int>(hn::MaxLanes(D()));
  static constexpr int vectors = static_cast<int>(panel_width) / lanes;  // of one row of a panel
  // Rows of a register tile: accumulators, one row of B and a broadcast must fit the registers (32 of AVX-512 and NEON,
  // 16 of AVX2).
  static constexpr int registers = HWY_TARGET == HWY_AVX2 ? 12 : 24;
  static constexpr int tile_rows = std::clamp(registers / vectors, 1, 8);

  /// `M` rows of one panel. element(r, k) is the address of A's element.
  template <int M, class Element>
  static HWY_INLINE void accumulate(std::int64_t depth, Element element, const T* HWY_RESTRICT b,
                                    V (&acc)[M][vectors]) {
    const D d;
    for (std::int64_t k = 0; k < depth; ++k) {
      V row[vectors];
#pragma GCC unroll 32
      for (int v = 0; v < vectors; ++v) row[v] = hn::LoadU(d, b + k * panel_width + v * lanes);
#pragma GCC unroll 8
      for (int r = 0; r < M; ++r) {
        const V x = hn::Set(d, *element(r, k));
#pragma GCC unroll 32
        for (int v = 0; v < vectors; ++v) acc[r][v] = fused(x, row[v], acc[r][v]);
      }
    }
  }

  template <int M>
  static HWY_NOINLINE void product_rows(std::int64_t depth, const T* a, std::int64_t a_stride, const T* b,
                                        const T* bias, T* c) {
    const D d;
    V acc[M][vectors];
#pragma GCC unroll 8
    for (int r = 0; r < M; ++r) {
#pragma GCC unroll 32
      for (int v = 0; v < vectors; ++v) acc[r][v] = bias == nullptr ? hn::Zero(d) : hn::LoadU(d, bias + v * lanes);
    }
    for (; depth > 0; depth -= panel_width, a += a_stride, b += panel_width * panel_width) {
      accumulate<M>(
          std::min(depth, panel_width), [a](int r, std::int64_t k) { return a + r * panel_width + k; }, b, acc);
    }
#pragma GCC unroll 8
    for (int r = 0; r < M; ++r) {
#pragma GCC unroll 32
      for (int v = 0; v < vectors; ++v) hn::StoreU(acc[r][v], d, c + r * panel_width + v * lanes);
    }
  }

  template <int M>
  static HWY_NOINLINE void gradient_rows(std::int64_t rows, const T* x, const T* dy, T* g) {
    const D d;
    T stack[40][M * panel_width];  // one partial per level of the tree
    int depth = 0;
    const std::int64_t chains = (rows + gradient_chain_rows - 1) / gradient_chain_rows;
    for (std::int64_t chain = 0; chain < chains; ++chain) {
      V acc[M][vectors];
#pragma GCC unroll 8
      for (int r = 0; r < M; ++r) {
#pragma GCC unroll 32
        for (int v = 0; v < vectors; ++v) acc[r][v] = hn::Zero(d);
      }
      const std::int64_t begin = chain * gradient_chain_rows;
      const T* x_chain = x + begin * panel_width;
      accumulate<M>(
          std::min(gradient_chain_rows, rows - begin),
          [x_chain](int r, std::int64_t k) { return x_chain + k * panel_width + r; }, dy + begin * panel_width, acc);
      int merges = merges_after(chain, chain + 1 == chains, depth + 1);
      for (; merges > 0; --merges) {
        --depth;
#pragma GCC unroll 8
        for (int r = 0; r < M; ++r) {
#pragma GCC unroll 32
          for (int v = 0; v < vectors; ++v)
            acc[r][v] = hn::Add(hn::LoadU(d, stack[depth] + r * panel_width + v * lanes), acc[r][v]);
        }
      }
      T* out = chain + 1 == chains ? g : stack[depth];
#pragma GCC unroll 8
      for (int r = 0; r < M; ++r) {
#pragma GCC unroll 32
        for (int v = 0; v < vectors; ++v) hn::StoreU(acc[r][v], d, out + r * panel_width + v * lanes);
      }
      ++depth;
    }
  }

  template <int M = tile_rows>
  static void product(std::int64_t rows, std::int64_t depth, const T* a, std::int64_t a_stride, const T* b,
                      const T* bias, T* c) {
    for (; rows >= M; rows -= M, a += M * panel_width, c += M * panel_width) {
      product_rows<M>(depth, a, a_stride, b, bias, c);
    }
    if constexpr (M > 1) product<M - 1>(rows, depth, a, a_stride, b, bias, c);
  }

  template <int M = tile_rows>
  static void gradient(std::int64_t rows, const T* x, std::int64_t units, const T* dy, T* g) {
    for (; units >= M; units -= M, x += M, g += M * panel_width) gradient_rows<M>(rows, x, dy, g);
    if constexpr (M > 1) gradient<M - 1>(rows, x, units, dy, g);
  }
};

void product_float(std::int64_t rows, std::int64_t depth, const float* a, std::int64_t a_stride, const float* b,
                   const float* bias, float* c) {
  Kernel<float>::product(rows, depth, a, a_stride, b, bias, c);
}
void product_double(std::int64_t rows, std::int64_t depth, const double* a, std::int64_t a_stride, const double* b,
                    const double* bias, double* c) {
  Kernel<double>::product(rows, depth, a, a_stride, b, bias, c);
}
void gradient_float(std::int64_t rows, const float* x, std::int64_t units, const float* d, float* g) {
  Kernel<float>::gradient(rows, x, units, d, g);
}
void gradient_double(std::int64_t rows, const double* x, std::int64_t units, const double* d, double* g) {
  Kernel<double>::gradient(rows, x, units, d, g);
}

}  // namespace HWY_NAMESPACE
}  // namespace shoal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shoal {

HWY_EXPORT(product_float);
HWY_EXPORT(product_double);
HWY_EXPORT(gradient_float);
HWY_EXPORT(gradient_double);

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
void gradient_panel<float>(std::int64_t rows, const float* x, std::int64_t units, const float* d, float* g) {
  HWY_DYNAMIC_DISPATCH(gradient_float)(rows, x, units, d, g);
}
template <>
void gradient_panel<double>(std::int64_t rows, const double* x, std::int64_t units, const double* d, double* g) {
  HWY_DYNAMIC_DISPATCH(gradient_double)(rows, x, units, d, g);
}

template <class T>
void transpose_panel(Panels<const T> w, std::int64_t panel, T* out) {
  const std::int64_t first = panel * panel_width;
  const std::int64_t width = std::min(panel_width, w.rows - first);
  for (std::int64_t p = 0; p < w.panels(); ++p) {
    const T* tile = w.tile(p, first);
    for (std::int64_t c = 0; c < w.width(p); ++c) {
      T* row = out + (p * panel_width + c) * panel_width;
      for (std::int64_t r = 0; r < width; ++r) row[r] = tile[r * panel_width + c];
      for (std::int64_t r = width; r < panel_width; ++r) row[r] = T{0};
    }
  }
}

template void transpose_panel<float>(Panels<const float>, std::int64_t, float*);
template void transpose_panel<double>(Panels<const double>, std::int64_t, double*);

}  // namespace shoal
#endif
