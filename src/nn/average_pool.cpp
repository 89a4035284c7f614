#include <algorithm>

#include "nn/builders.hpp"
#include "nn/pool_grid.hpp"
#include "shoal/graph/described.hpp"

namespace shoal {
namespace {

class AveragePoolOperation final : public OperationOf<AveragePoolOperation>, public Described {
 public:
  AveragePoolOperation(const PoolWindow& window, const ValueShape& in)
      : grid_("average_pool", window, in), divisor_(static_cast<double>(window.size * window.size)) {}

  std::string_view name() const override { return "average_pool"; }
  Settings settings() const override { return grid_.settings(); }
  ValueShape shape(std::span<const ValueShape> in) const override {
    return image_shape(in[0].columns, grid_.height(), grid_.width());
  }
  bool tilewise() const override { return true; }
  NarrowRows narrow_rows() const override { return NarrowRows::all_alike; }

  bool keeps_padding() const override { return true; }
  bool backward_reads(std::size_t) const override { return false; }
  bool backward_reads_output() const override { return false; }

  template <class T>
  void forward_block(const RowBlock<T>& rows, std::int64_t panel) const {
    const std::int64_t pitch = rows.output.panels.pitch;
    for (std::int64_t s = 0; s < rows.output.samples(); ++s)
      average_pool_panel(grid_.runs(), rows.output.panels.width(panel), static_cast<T>(divisor_),
                         rows.input[0].tile(panel) + s * grid_.inputs() * pitch,
                         rows.output.tile(panel) + s * grid_.outputs() * pitch, pitch);
  }

  template <class T>
  void backward_block(const RowBlock<T>& rows, std::size_t, std::int64_t panel, T* out) const {
    const std::int64_t pitch = rows.output.panels.pitch;
    std::fill_n(out, rows.input[0].count * pitch, T{0});
    for (std::int64_t s = 0; s < rows.output.samples(); ++s)
      add_average_pool_gradient<T>(grid_.runs(), rows.output.panels.width(panel), static_cast<T>(divisor_),
                                   rows.output_gradient.tile(panel) + s * grid_.outputs() * pitch,
                                   out + s * grid_.inputs() * pitch, pitch);
  }

 private:
  PoolGrid grid_;
  double divisor_;
};

}  // namespace

Value average_pool(Value x, const PoolWindow& window) {
  return x.graph().apply(std::make_shared<AveragePoolOperation>(window, x.shape()), {x});
}

Value build_average_pool(LayerContext& context, Value x) { return average_pool(x, pool_window_of(context)); }

}  // namespace shoal
