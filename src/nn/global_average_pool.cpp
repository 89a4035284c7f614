#include <array>

#include "nn/builders.hpp"
#include "shoal/core/error.hpp"
#include "shoal/nn/pooling.hpp"

namespace shoal {
namespace {

class GlobalAveragePoolOperation final : public OperationOf<GlobalAveragePoolOperation> {
 public:
  std::string_view name() const override { return "global_average_pool"; }
  ValueShape shape(std::span<const ValueShape> in) const override {
    if (!in[0].per_sample)
      throw Error(ExitStatus::usage, "global_average_pool takes a value per sample, not " + to_string(in[0]));
    return {true, 1, in[0].columns};
  }
  bool tilewise() const override { return true; }
  NarrowRows narrow_rows() const override { return NarrowRows::any; }
  bool backward_reads(std::size_t) const override { return false; }
  bool backward_reads_output() const override { return false; }

  template <class T>
  void forward_block(const RowBlock<T>& rows, std::int64_t panel) const {
    const std::int64_t positions = rows.input[0].sample_rows;
    const std::int64_t pitch = rows.input[0].panels.pitch;
    const auto columns = static_cast<std::size_t>(pitch);
    const T* x = rows.input[0].tile(panel);
    T* y = rows.output.tile(panel);
    for (std::int64_t s = 0; s < rows.output.count; ++s, y += panel_width) {
      std::array<double, panel_width> sum{};
      for (std::int64_t r = 0; r < positions; ++r, x += pitch)
        for (std::size_t c = 0; c < columns; ++c) sum[c] += static_cast<double>(x[c]);
      for (std::size_t c = 0; c < sum.size(); ++c) y[c] = static_cast<T>(sum[c] / static_cast<double>(positions));
    }
  }

  template <class T>
  void backward_block(const RowBlock<T>& rows, std::size_t, std::int64_t panel, T* out) const {
    const std::int64_t positions = rows.input[0].sample_rows;
    const std::int64_t pitch = rows.input[0].panels.pitch;
    const T* dy = rows.output_gradient.tile(panel);
    for (std::int64_t s = 0; s < rows.output.count; ++s, dy += panel_width) {
      for (std::int64_t r = 0; r < positions; ++r, out += pitch)
        for (std::int64_t c = 0; c < pitch; ++c) out[c] = dy[c] / static_cast<T>(positions);
    }
  }
};

}  // namespace

Value global_average_pool(Value x) { return x.graph().apply(std::make_shared<GlobalAveragePoolOperation>(), {x}); }

Value build_global_average_pool(LayerContext& context, Value x) {
  context.check_keys({});
  return global_average_pool(x);
}

}  // namespace shoal
