#include "shoal/tensor/pooling.hpp"

#include <algorithm>
#include <cstddef>

#include "shoal/tensor/targets.hpp"
#include "tensor/both_types.hpp"
#include "tensor/extents.hpp"

// NOLINTBEGIN(bugprone-macro-parentheses): T is a type
#define MAX_POOL_PANEL(T) (std::span<const WindowRun> runs, std::int64_t width, const T* x, T* y, T* from)
#define ADD_MAX_POOL_GRADIENT(T) \
  (std::span<const WindowRun> runs, std::int64_t width, const T* dy, const T* from, T* dx)
#define AVERAGE_POOL_PANEL(T) (std::span<const WindowRun> runs, std::int64_t width, T divisor, const T* x, T* y)
#define ADD_AVERAGE_POOL_GRADIENT(T) \
  (std::span<const WindowRun> runs, std::int64_t width, T divisor, const T* dy, T* dx)
// NOLINTEND(bugprone-macro-parentheses)

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/pooling.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace shoal {
namespace HWY_NAMESPACE {

/// Calls f(first run, behind the last) for the runs of each output.
template <class F>
HWY_INLINE void each_output(std::span<const WindowRun> runs, F f) {
  for (std::size_t first = 0; first < runs.size();) {
    std::size_t last = first + 1;
    while (last < runs.size() && runs[last].output == runs[first].output) ++last;
    f(runs.data() + first, runs.data() + last);
    first = last;
  }
}

template <class T>
void max_pool_panel_target(std::span<const WindowRun> runs, std::int64_t width, const T* x, T* HWY_RESTRICT y,
                           T* HWY_RESTRICT from) {
  with_columns(width, [=](auto columns) {
    each_output(runs, [=](const WindowRun* run, const WindowRun* end) {
      T largest[columns];
      T where[columns];
      std::copy_n(x + run->begin * panel_width, std::int64_t{columns}, largest);
      std::fill_n(where, std::int64_t{columns}, static_cast<T>(run->offset));
      const std::int64_t output = run->output;
      for (std::int64_t first = 1; run != end; ++run, first = 0) {
        for (std::int64_t i = run->begin + first; i < run->end; ++i) {
          const T offset = static_cast<T>(run->offset + i - run->begin);
          const T* value = x + i * panel_width;
          for (std::int64_t c = 0; c < columns; ++c) {
            // NaN, the one value that differs from itself, stays. NOLINTNEXTLINE(misc-redundant-expression)
            const bool takes = value[c] > largest[c] || value[c] != value[c];
            largest[c] = takes ? value[c] : largest[c];
            where[c] = takes ? offset : where[c];
          }
        }
      }
      std::copy_n(largest, std::int64_t{columns}, y + output * panel_width);
      std::copy_n(where, std::int64_t{columns}, from + output * panel_width);
    });
  });
}

template <class T>
void add_max_pool_gradient_target(std::span<const WindowRun> runs, std::int64_t width, const T* dy, const T* from,
                                  T* HWY_RESTRICT dx) {
  with_columns(width, [=](auto columns) {
    for (const WindowRun& run : runs) {
      const T* gradient = dy + run.output * panel_width;
      const T* where = from + run.output * panel_width;
      for (std::int64_t i = run.begin; i < run.end; ++i) {
        const T offset = static_cast<T>(run.offset + i - run.begin);
        T* out = dx + i * panel_width;
        for (std::int64_t c = 0; c < columns; ++c) out[c] += where[c] == offset ? gradient[c] : T{0};
      }
    }
  });
}

template <class T>
void average_pool_panel_target(std::span<const WindowRun> runs, std::int64_t width, T divisor, const T* x,
                               T* HWY_RESTRICT y) {
  with_columns(width, [=](auto columns) {
    each_output(runs, [=](const WindowRun* run, const WindowRun* end) {
      T sum[columns] = {};
      T* const out = y + run->output * panel_width;
      for (; run != end; ++run) {
        for (std::int64_t i = run->begin; i < run->end; ++i) {
          for (std::int64_t c = 0; c < columns; ++c) sum[c] += x[i * panel_width + c];
        }
      }
      for (std::int64_t c = 0; c < columns; ++c) out[c] = sum[c] / divisor;
    });
  });
}

template <class T>
void add_average_pool_gradient_target(std::span<const WindowRun> runs, std::int64_t width, T divisor, const T* dy,
                                      T* HWY_RESTRICT dx) {
  with_columns(width, [=](auto columns) {
    for (const WindowRun& run : runs) {
      const T* gradient = dy + run.output * panel_width;
      for (std::int64_t i = run.begin; i < run.end; ++i) {
        for (std::int64_t c = 0; c < columns; ++c) dx[i * panel_width + c] += gradient[c] / divisor;
      }
    }
  });
}

SHOAL_KERNEL(max_pool_panel, MAX_POOL_PANEL, (runs, width, x, y, from))
SHOAL_KERNEL(add_max_pool_gradient, ADD_MAX_POOL_GRADIENT, (runs, width, dy, from, dx))
SHOAL_KERNEL(average_pool_panel, AVERAGE_POOL_PANEL, (runs, width, divisor, x, y))
SHOAL_KERNEL(add_average_pool_gradient, ADD_AVERAGE_POOL_GRADIENT, (runs, width, divisor, dy, dx))

}  // namespace HWY_NAMESPACE
}  // namespace shoal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shoal {

SHOAL_DISPATCH(max_pool_panel, MAX_POOL_PANEL, (runs, width, x, y, from))
SHOAL_DISPATCH(add_max_pool_gradient, ADD_MAX_POOL_GRADIENT, (runs, width, dy, from, dx))
SHOAL_DISPATCH(average_pool_panel, AVERAGE_POOL_PANEL, (runs, width, divisor, x, y))
SHOAL_DISPATCH(add_average_pool_gradient, ADD_AVERAGE_POOL_GRADIENT, (runs, width, divisor, dy, dx))

}  // namespace shoal
#endif
