#include "shoal/tensor/pooling.hpp"

#include <algorithm>
#include <cstddef>

#include "shoal/tensor/targets.hpp"
#include "tensor/both_types.hpp"
#include "tensor/extents.hpp"

// NOLINTBEGIN(bugprone-macro-parentheses): T is a type
#define MAX_POOL_PANEL(T) \
  (std::span<const WindowRun> runs, std::int64_t width, const T* x, T* y, T* from, std::int64_t pitch)
#define ADD_MAX_POOL_GRADIENT(T) \
  (std::span<const WindowRun> runs, std::int64_t width, const T* dy, const T* from, T* dx, std::int64_t pitch)
#define AVERAGE_POOL_PANEL(T) \
  (std::span<const WindowRun> runs, std::int64_t width, T divisor, const T* x, T* y, std::int64_t pitch)
#define ADD_AVERAGE_POOL_GRADIENT(T) \
  (std::span<const WindowRun> runs, std::int64_t width, T divisor, const T* dy, T* dx, std::int64_t pitch)
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
                           T* HWY_RESTRICT from, std::int64_t pitch) {
  with_columns(width, pitch, [=](auto columns, auto apart) {
    each_output(runs, [=](const WindowRun* run, const WindowRun* end) {
      T largest[columns];
      T where[columns];
      std::copy_n(x + run->begin * apart, std::int64_t{columns}, largest);
      std::fill_n(where, std::int64_t{columns}, static_cast<T>(run->offset));
      const std::int64_t output = run->output;
      for (std::int64_t first = 1; run != end; ++run, first = 0) {
        for (std::int64_t i = run->begin + first; i < run->end; ++i) {
          const T offset = static_cast<T>(run->offset + i - run->begin);
          const T* value = x + i * apart;
          for (std::int64_t c = 0; c < columns; ++c) {
            // NaN, the one value that differs from itself, stays. NOLINTNEXTLINE(misc-redundant-expression)
            const bool takes = value[c] > largest[c] || value[c] != value[c];
            largest[c] = takes ? value[c] : largest[c];
            where[c] = takes ? offset : where[c];
          }
        }
      }
      std::copy_n(largest, std::int64_t{columns}, y + output * apart);
      std::copy_n(where, std::int64_t{columns}, from + output * apart);
    });
  });
}

template <class T>
void add_max_pool_gradient_target(std::span<const WindowRun> runs, std::int64_t width, const T* dy, const T* from,
                                  T* HWY_RESTRICT dx, std::int64_t pitch) {
  with_columns(width, pitch, [=](auto columns, auto apart) {
    for (const WindowRun& run : runs) {
      const T* gradient = dy + run.output * apart;
      const T* where = from + run.output * apart;
      for (std::int64_t i = run.begin; i < run.end; ++i) {
        const T offset = static_cast<T>(run.offset + i - run.begin);
        T* out = dx + i * apart;
        for (std::int64_t c = 0; c < columns; ++c) out[c] += where[c] == offset ? gradient[c] : T{0};
      }
    }
  });
}

template <class T>
void average_pool_panel_target(std::span<const WindowRun> runs, std::int64_t width, T divisor, const T* x,
                               T* HWY_RESTRICT y, std::int64_t pitch) {
  with_columns(width, pitch, [=](auto columns, auto apart) {
    each_output(runs, [=](const WindowRun* run, const WindowRun* end) {
      T sum[columns] = {};
      T* const out = y + run->output * apart;
      for (; run != end; ++run) {
        for (std::int64_t i = run->begin; i < run->end; ++i) {
          for (std::int64_t c = 0; c < columns; ++c) sum[c] += x[i * apart + c];
        }
      }
      for (std::int64_t c = 0; c < columns; ++c) out[c] = sum[c] / divisor;
    });
  });
}

template <class T>
void add_average_pool_gradient_target(std::span<const WindowRun> runs, std::int64_t width, T divisor, const T* dy,
                                      T* HWY_RESTRICT dx, std::int64_t pitch) {
  with_columns(width, pitch, [=](auto columns, auto apart) {
    for (const WindowRun& run : runs) {
      const T* gradient = dy + run.output * apart;
      for (std::int64_t i = run.begin; i < run.end; ++i) {
        for (std::int64_t c = 0; c < columns; ++c) dx[i * apart + c] += gradient[c] / divisor;
      }
    }
  });
}

SHOAL_KERNEL(max_pool_panel, MAX_POOL_PANEL, (runs, width, x, y, from, pitch))
SHOAL_KERNEL(add_max_pool_gradient, ADD_MAX_POOL_GRADIENT, (runs, width, dy, from, dx, pitch))
SHOAL_KERNEL(average_pool_panel, AVERAGE_POOL_PANEL, (runs, width, divisor, x, y, pitch))
SHOAL_KERNEL(add_average_pool_gradient, ADD_AVERAGE_POOL_GRADIENT, (runs, width, divisor, dy, dx, pitch))

}  // namespace HWY_NAMESPACE
}  // namespace shoal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shoal {

SHOAL_DISPATCH(max_pool_panel, MAX_POOL_PANEL, (runs, width, x, y, from, pitch))
SHOAL_DISPATCH(add_max_pool_gradient, ADD_MAX_POOL_GRADIENT, (runs, width, dy, from, dx, pitch))
SHOAL_DISPATCH(average_pool_panel, AVERAGE_POOL_PANEL, (runs, width, divisor, x, y, pitch))
SHOAL_DISPATCH(add_average_pool_gradient, ADD_AVERAGE_POOL_GRADIENT, (runs, width, divisor, dy, dx, pitch))

}  // namespace shoal
#endif
