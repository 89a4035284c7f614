#include <algorithm>
#include <limits>

#include "nn/builders.hpp"
#include "nn/pool_grid.hpp"

namespace shoal {
namespace {

/// auxiliary: of each output, the offset in its window that it comes from.
class MaxPoolOperation final : public OperationOf<MaxPoolOperation> {
 public:
  MaxPoolOperation(const PoolWindow& window, const ValueShape& in) : grid_("max_pool", window, in) {}

  std::string_view name() const override { return "max_pool"; }
  ValueShape shape(std::span<const ValueShape> in) const override {
    return image_shape(in[0].columns, grid_.height(), grid_.width());
  }
  ValueShape auxiliary(std::span<const ValueShape> in) const override { return shape(in); }
  bool tilewise() const override { return true; }

  template <class T>
  void forward_block(const RowBlock<T>& rows, std::int64_t panel) const {
    std::fill_n(rows.auxiliary.tile(panel), rows.auxiliary.count * panel_width, T{-1});
    for (std::int64_t s = 0; s < rows.output.samples(); ++s) {
      const T* x = rows.input[0].tile(panel) + s * grid_.inputs() * panel_width;
      T* y = rows.output.tile(panel) + s * grid_.outputs() * panel_width;
      T* from = rows.auxiliary.tile(panel) + s * grid_.outputs() * panel_width;
      grid_.for_rows([&](std::int64_t out, std::int64_t begin, std::int64_t end, std::int64_t offset) {
        T* largest = y + out * panel_width;
        T* where = from + out * panel_width;
        for (std::int64_t at = begin; at < end; ++at, ++offset) {
          const T* value = x + at * panel_width;
          for (std::int64_t c = 0; c < panel_width; ++c) {
            // NaN, the one value that differs from itself, stays. NOLINTNEXTLINE(misc-redundant-expression)
            const bool takes = where[c] < T{0} || value[c] > largest[c] || value[c] != value[c];
            largest[c] = takes ? value[c] : largest[c];
            where[c] = takes ? static_cast<T>(offset) : where[c];
          }
        }
      });
    }
  }

  template <class T>
  void backward_block(const RowBlock<T>& rows, std::size_t, std::int64_t panel, T* out) const {
    std::fill_n(out, rows.input[0].count * panel_width, T{0});
    for (std::int64_t s = 0; s < rows.output.samples(); ++s) {
      T* dx = out + s * grid_.inputs() * panel_width;
      const T* dy = rows.output_gradient.tile(panel) + s * grid_.outputs() * panel_width;
      const T* from = rows.auxiliary.tile(panel) + s * grid_.outputs() * panel_width;
      grid_.for_rows([&](std::int64_t o, std::int64_t begin, std::int64_t end, std::int64_t offset) {
        for (std::int64_t at = begin; at < end; ++at, ++offset) {
          for (std::int64_t c = 0; c < panel_width; ++c)
            dx[at * panel_width + c] +=
                from[o * panel_width + c] == static_cast<T>(offset) ? dy[o * panel_width + c] : T{0};
        }
      });
    }
  }

 private:
  PoolGrid grid_;
};

}  // namespace

Value max_pool(Value x, const PoolWindow& window) {
  return x.graph().apply(std::make_shared<MaxPoolOperation>(window, x.shape()), {x});
}

PoolWindow pool_window_of(const LayerContext& context) {
  constexpr std::int64_t most = 1024;  // offsets in a window are exact as floats
  context.check_keys({"size", "stride", "padding"});
  PoolWindow window;
  window.size = context.whole_number("size", 2, 1, most);
  window.stride = context.whole_number("stride", window.size, 1, most);
  window.padding = context.whole_number("padding", 0, 0, most);
  return window;
}

Value build_max_pool(LayerContext& context, Value x) { return max_pool(x, pool_window_of(context)); }

}  // namespace shoal
