#include <algorithm>

#include "nn/builders.hpp"
#include "nn/pool_grid.hpp"

namespace shoal {
namespace {

class AveragePoolOperation final : public OperationOf<AveragePoolOperation> {
 public:
  AveragePoolOperation(const PoolWindow& window, const ValueShape& in)
      : grid_("average_pool", window, in), divisor_(static_cast<double>(window.size * window.size)) {}

  std::string_view name() const override { return "average_pool"; }
  ValueShape shape(std::span<const ValueShape> in) const override {
    return image_shape(in[0].columns, grid_.height(), grid_.width());
  }
  bool tilewise() const override { return true; }

  template <class T>
  void forward_block(const RowBlock<T>& rows, std::int64_t panel) const {
    const std::int64_t size = rows.output.count * panel_width;
    T* const out = rows.output.tile(panel);
    std::fill_n(out, size, T{0});
    for (std::int64_t s = 0; s < rows.output.samples(); ++s) {
      const T* x = rows.input[0].tile(panel) + s * grid_.inputs() * panel_width;
      T* y = out + s * grid_.outputs() * panel_width;
      grid_.for_rows([&](std::int64_t o, std::int64_t begin, std::int64_t end, std::int64_t) {
        for (std::int64_t at = begin; at < end; ++at)
          for (std::int64_t c = 0; c < panel_width; ++c) y[o * panel_width + c] += x[at * panel_width + c];
      });
    }
    for (std::int64_t i = 0; i < size; ++i) out[i] /= static_cast<T>(divisor_);
  }

  template <class T>
  void backward_block(const RowBlock<T>& rows, std::size_t, std::int64_t panel, T* out) const {
    const std::int64_t size = rows.input[0].count * panel_width;
    std::fill_n(out, size, T{0});
    for (std::int64_t s = 0; s < rows.output.samples(); ++s) {
      T* dx = out + s * grid_.inputs() * panel_width;
      const T* dy = rows.output_gradient.tile(panel) + s * grid_.outputs() * panel_width;
      grid_.for_rows([&](std::int64_t o, std::int64_t begin, std::int64_t end, std::int64_t) {
        for (std::int64_t at = begin; at < end; ++at)
          for (std::int64_t c = 0; c < panel_width; ++c) dx[at * panel_width + c] += dy[o * panel_width + c];
      });
    }
    for (std::int64_t i = 0; i < size; ++i) out[i] /= static_cast<T>(divisor_);
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
