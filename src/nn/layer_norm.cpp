#include <fmt/format.h>

#include <algorithm>

#include "nn/builders.hpp"
#include "nn/normal_values.hpp"
#include "shoal/core/error.hpp"
#include "shoal/graph/described.hpp"
#include "shoal/nn/operations.hpp"

namespace shoal {
namespace {

/// Inputs: x (samples, C) or (samples, C, H, W), gamma (C), beta (C). derived, of each row: 3 numbers of what makes it
/// normal, then 4 a panel of its gradient's sums. The normal values themselves are made anew where they are needed.
class LayerNormOperation final : public OperationOf<LayerNormOperation>, public Described {
 public:
  explicit LayerNormOperation(double epsilon) : epsilon_(epsilon) {}

  std::string_view name() const override { return "layer_norm"; }
  Settings settings() const override { return {{"epsilon", epsilon_}}; }
  ValueShape shape(std::span<const ValueShape> in) const override {
    const ValueShape vector{false, 1, in[0].columns};
    if (!in[0].per_sample || in[1] != vector || in[2] != vector)
      throw Error(ExitStatus::usage,
                  fmt::format("layer norm takes a value per sample of C columns, (1, C) and (1, C), not {}, {} and {}",
                              to_string(in[0]), to_string(in[1]), to_string(in[2])));
    return in[0];
  }
  std::int64_t derived_size(std::span<const ValueShape> in, std::int64_t capacity) const override {
    return capacity * in[0].rows * row_size(panels_of(in[0].columns));
  }
  bool whole_rows() const override { return true; }

  template <class T>
  void forward_block(const RowBlock<T>& rows, std::int64_t) const {
    const Rows<const T>& x = rows.input[0];
    const std::int64_t panels = x.panels.panels();
    const auto columns = static_cast<double>(x.columns());
    for (std::int64_t r = 0; r < x.count; ++r) {
      double sum = 0.0;
      for (std::int64_t p = 0; p < panels; ++p) {
        const T* in = x.tile(p) + r * panel_width;
        sum += fold(x.panels.width(p), [&](std::int64_t c) { return static_cast<double>(in[c]); });
      }
      const double mean = sum / columns;
      double squares = 0.0;
      for (std::int64_t p = 0; p < panels; ++p) {
        const T* in = x.tile(p) + r * panel_width;
        squares += fold(x.panels.width(p), [&](std::int64_t c) {
          const double deviation = static_cast<double>(in[c]) - mean;
          return deviation * deviation;
        });
      }
      const NormalValues<T> normal(mean, squares / columns, epsilon_);
      T* kept = row(rows, r);
      kept[0] = normal.mean.high;
      kept[1] = normal.mean.low;
      kept[2] = normal.inverse_deviation;
      for (std::int64_t p = 0; p < panels; ++p) {
        const T* in = x.tile(p) + r * panel_width;
        const T* gamma = rows.input[1].tile(p);
        const T* beta = rows.input[2].tile(p);
        T* out = rows.output.tile(p) + r * panel_width;
        for (std::int64_t c = 0; c < panel_width; ++c) out[c] = gamma[c] * normal.of(in[c]) + beta[c];
      }
    }
  }

  /// Sums over a panel of dy gamma and of dy gamma x_norm.
  template <class T>
  void take_gradient_block(const RowBlock<T>& rows, std::int64_t panel) const {
    const T* gamma = rows.input[1].tile(panel);
    const std::int64_t width = rows.output.panels.width(panel);
    for (std::int64_t r = 0; r < rows.output.count; ++r) {
      const NormalValues<T> normal = normal_of(rows, r);
      const T* x = rows.input[0].tile(panel) + r * panel_width;
      const T* dy = rows.output_gradient.tile(panel) + r * panel_width;
      const auto g = [&](std::int64_t c) { return static_cast<double>(dy[c]) * static_cast<double>(gamma[c]); };
      const HighLow<T> sum(fold(width, g));
      const HighLow<T> product(
          fold(width, [&](std::int64_t c) { return g(c) * static_cast<double>(normal.of(x[c])); }));
      T* kept = row(rows, r) + 3 + 4 * panel;
      kept[0] = sum.high;
      kept[1] = sum.low;
      kept[2] = product.high;
      kept[3] = product.low;
    }
  }

  template <class T>
  void backward_block(const RowBlock<T>& rows, std::size_t, std::int64_t panel, T* out) const {
    const T* gamma = rows.input[1].tile(panel);
    const std::int64_t panels = rows.output.panels.panels();
    const auto columns = static_cast<double>(rows.output.columns());
    for (std::int64_t r = 0; r < rows.output.count; ++r, out += panel_width) {
      const NormalValues<T> normal = normal_of(rows, r);
      const T* kept = row(rows, r) + 3;
      double sum = 0.0;
      double product = 0.0;
      for (std::int64_t p = 0; p < panels; ++p, kept += 4) {
        sum += static_cast<double>(kept[0]) + static_cast<double>(kept[1]);
        product += static_cast<double>(kept[2]) + static_cast<double>(kept[3]);
      }
      const T mean_g = static_cast<T>(sum / columns);
      const T mean_g_x = static_cast<T>(product / columns);
      const T* x = rows.input[0].tile(panel) + r * panel_width;
      const T* dy = rows.output_gradient.tile(panel) + r * panel_width;
      for (std::int64_t c = 0; c < panel_width; ++c)
        out[c] = normal.inverse_deviation * ((gamma[c] * dy[c] - mean_g) - normal.of(x[c]) * mean_g_x);
    }
  }

  template <class T>
  void gradient_block(const RowBlock<T>& rows, std::size_t i, std::int64_t panel, std::int64_t, std::int64_t,
                      T* out) const {
    const T* x = rows.input[0].tile(panel);
    const T* dy = rows.output_gradient.tile(panel);
    const std::int64_t width = rows.output.panels.width(panel);
    if (i == 2) return column_sum<T>(rows.output.count, rows.leaf_rows(), width, dy, out);
    std::vector<T> terms(static_cast<std::size_t>(rows.output.count * panel_width));
    for (std::int64_t r = 0; r < rows.output.count; ++r) {
      const NormalValues<T> normal = normal_of(rows, r);
      for (std::int64_t c = r * panel_width; c < (r + 1) * panel_width; ++c)
        terms[static_cast<std::size_t>(c)] = normal.of(x[c]) * dy[c];
    }
    column_sum<T>(rows.output.count, rows.leaf_rows(), width, terms.data(), out);
  }

 private:
  static std::int64_t row_size(std::int64_t panels) { return 3 + 4 * panels; }

  /// What is kept of row r of the block.
  template <class T>
  static T* row(const RowBlock<T>& rows, std::int64_t r) {
    return rows.derived.data() + (rows.output.first + r) * row_size(rows.output.panels.panels());
  }
  template <class T>
  static NormalValues<T> normal_of(const RowBlock<T>& rows, std::int64_t r) {
    const T* kept = row(rows, r);
    NormalValues<T> normal;
    normal.mean.high = kept[0];
    normal.mean.low = kept[1];
    normal.inverse_deviation = kept[2];
    return normal;
  }

  double epsilon_;
};

}  // namespace

Value layer_norm(Value x, Value gamma, Value beta, double epsilon) {
  return x.graph().apply(std::make_shared<LayerNormOperation>(epsilon), {x, gamma, beta});
}

Value build_layer_norm(LayerContext& context, Value x) {
  context.check_keys({"epsilon"});
  const std::string name = context.next_name("layer_norm");
  const Value gamma = context.graph().variable(name + "/gamma", {x.shape().columns}, constant(1.0));
  const Value beta = context.graph().variable(name + "/beta", {x.shape().columns}, zeros());
  return layer_norm(x, gamma, beta, context.number("epsilon", 1e-5, 1e-30, 1.0));
}

}  // namespace shoal
