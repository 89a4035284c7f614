#include <algorithm>

#include "nn/builders.hpp"
#include "nn/pool_grid.hpp"
#include "shoal/graph/described.hpp"

namespace shoal {
namespace {

/// auxiliary: of each output, the offset in its window that it comes from.
class MaxPoolOperation final : public OperationOf<MaxPoolOperation>, public Described {
 public:
  MaxPoolOperation(const PoolWindow& window, const ValueShape& in) : grid_("max_pool", window, in) {}

  std::string_view name() const override { return "max_pool"; }
  Settings settings() const override { return grid_.settings(); }
  ValueShape shape(std::span<const ValueShape> in) const override {
    return image_shape(in[0].columns, grid_.height(), grid_.width());
  }
  ValueShape auxiliary(std::span<const ValueShape> in) const override { return shape(in); }
  bool tilewise() const override { return true; }
  NarrowRows narrow_rows() const override { return NarrowRows::all_alike; }

  bool keeps_padding() const override { return true; }
  bool backward_reads(std::size_t) const override { return false; }
  bool backward_reads_output() const override { return false; }

  template <class T>
  void forward_block(const RowBlock<T>& rows, std::int64_t panel) const {
    const std::int64_t pitch = rows.output.panels.pitch;
    for (std::int64_t s = 0; s < rows.output.samples(); ++s) {
      const std::int64_t out = s * grid_.outputs() * pitch;
      max_pool_panel(grid_.runs(), rows.output.panels.width(panel),
                     rows.input[0].tile(panel) + s * grid_.inputs() * pitch, rows.output.tile(panel) + out,
                     rows.auxiliary.tile(panel) + out, pitch);
    }
  }

  template <class T>
  void backward_block(const RowBlock<T>& rows, std::size_t, std::int64_t panel, T* out) const {
    const std::int64_t pitch = rows.output.panels.pitch;
    std::fill_n(out, rows.input[0].count * pitch, T{0});
    for (std::int64_t s = 0; s < rows.output.samples(); ++s) {
      const std::int64_t of_output = s * grid_.outputs() * pitch;
      add_max_pool_gradient<T>(grid_.runs(), rows.output.panels.width(panel),
                               rows.output_gradient.tile(panel) + of_output, rows.auxiliary.tile(panel) + of_output,
                               out + s * grid_.inputs() * pitch, pitch);
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
