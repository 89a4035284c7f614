#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "nn/builders.hpp"
#include "nn/normal_values.hpp"
#include "nn/scratch.hpp"
#include "shoal/core/error.hpp"
#include "shoal/graph/described.hpp"
#include "shoal/nn/operations.hpp"

namespace shoal {
namespace {

/// Inputs: x (samples, C) or (samples, C, H, W), gamma (C), beta (C). derived, of each sample: the rows of Kept, each
/// of padded C. The normal values themselves are made anew where they are needed.
class GroupNormOperation final : public OperationOf<GroupNormOperation>, public Described {
 public:
  GroupNormOperation(std::int64_t groups, double epsilon) : groups_(groups), epsilon_(epsilon) {}

  std::string_view name() const override { return "group_norm"; }
  Settings settings() const override { return {{"groups", groups_}, {"epsilon", epsilon_}}; }
  ValueShape shape(std::span<const ValueShape> in) const override {
    const ValueShape vector{false, 1, in[0].columns};
    if (!in[0].per_sample || in[1] != vector || in[2] != vector)
      throw Error(ExitStatus::usage,
                  fmt::format("group norm takes a value per sample of C columns, (1, C) and (1, C), not {}, {} and {}",
                              to_string(in[0]), to_string(in[1]), to_string(in[2])));
    if (groups_ < 1 || in[0].columns % groups_ != 0)
      throw Error(ExitStatus::usage,
                  fmt::format("group norm of {} groups does not fit {}: each group has as many columns", groups_,
                              to_string(in[0])));
    return in[0];
  }
  std::int64_t derived_size(std::span<const ValueShape> in, std::int64_t capacity) const override {
    return capacity * kept * padded_size(1, in[0].columns);
  }
  bool whole_rows() const override { return true; }
  std::size_t scratch_bytes(std::span<const ValueShape> in) const override {
    return 2 * static_cast<std::size_t>(padded_size(1, in[0].columns)) * sizeof(double);
  }

  template <class T>
  void forward_block(const RowBlock<T>& rows, std::int64_t) const {
    const Rows<const T>& x = rows.input[0];
    const std::int64_t panels = x.panels.panels();
    double* const mean = scratch_memory<double>(rows.scratch, static_cast<std::size_t>(2 * panels * panel_width));
    double* const m2 = mean + panels * panel_width;
    for (std::int64_t s = 0; s < x.samples(); ++s) {
      const std::int64_t first = s * x.sample_rows * panel_width;
      for (std::int64_t p = 0; p < panels; ++p)
        column_moments(x.sample_rows, x.panels.width(p), x.tile(p) + first, mean + p * panel_width,
                       m2 + p * panel_width);
      keep_groups(rows, s, mean, m2);
      for (std::int64_t p = 0; p < panels; ++p) {
        const T* in = x.tile(p) + first;
        T* out = rows.output.tile(p) + first;
        const T* gamma = rows.input[1].tile(p);
        const T* beta = rows.input[2].tile(p);
        for_normal(rows, s, p, [&](std::int64_t i, std::int64_t c, const NormalValues<T>& normal) {
          out[i] = gamma[c] * normal.of(in[i]) + beta[c];
        });
      }
    }
  }

  /// Sums over the positions of a sample of dy and of dy x_norm, by channel.
  template <class T>
  void take_gradient_block(const RowBlock<T>& rows, std::int64_t panel) const {
    for (std::int64_t s = 0; s < rows.output.samples(); ++s) {
      const std::int64_t first = s * rows.output.sample_rows * panel_width;
      const T* x = rows.input[0].tile(panel) + first;
      const T* dy = rows.output_gradient.tile(panel) + first;
      std::array<double, panel_width> sum{};
      std::array<double, panel_width> product{};
      for_normal(rows, s, panel, [&](std::int64_t i, std::int64_t c, const NormalValues<T>& normal) {
        const auto at = static_cast<std::size_t>(c);
        sum[at] += static_cast<double>(dy[i]);
        product[at] += static_cast<double>(dy[i]) * static_cast<double>(normal.of(x[i]));
      });
      for (std::int64_t c = 0; c < panel_width; ++c) {
        put(rows, s, sum_high, panel * panel_width + c, HighLow<T>(sum[static_cast<std::size_t>(c)]));
        put(rows, s, product_high, panel * panel_width + c, HighLow<T>(product[static_cast<std::size_t>(c)]));
      }
    }
  }

  template <class T>
  void backward_block(const RowBlock<T>& rows, std::size_t, std::int64_t panel, T* out) const {
    const std::int64_t width = rows.output.columns() / groups_;
    const auto elements = static_cast<double>(width * rows.output.sample_rows);
    const T* gamma = rows.input[1].tile(panel);
    for (std::int64_t s = 0; s < rows.output.samples(); ++s) {
      std::array<T, panel_width> mean_g{};
      std::array<T, panel_width> mean_g_x{};
      for (std::int64_t c = 0; c < rows.output.panels.width(panel); ++c) {
        const auto at = static_cast<std::size_t>(c);
        const std::int64_t group = (panel * panel_width + c) / width;
        if (c > 0 && group == (panel * panel_width + c - 1) / width) {
          mean_g[at] = mean_g[at - 1];
          mean_g_x[at] = mean_g_x[at - 1];
          continue;
        }
        double sum = 0.0;
        double product = 0.0;
        for (std::int64_t of = group * width; of < (group + 1) * width; ++of) {
          const auto factor = static_cast<double>(rows.input[1].panels.at(0, of));
          sum += factor * get(rows, s, sum_high, of);
          product += factor * get(rows, s, product_high, of);
        }
        mean_g[at] = static_cast<T>(sum / elements);
        mean_g_x[at] = static_cast<T>(product / elements);
      }
      const std::int64_t first = s * rows.output.sample_rows * panel_width;
      const T* x = rows.input[0].tile(panel) + first;
      const T* dy = rows.output_gradient.tile(panel) + first;
      T* dx = out + first;
      for_normal(rows, s, panel, [&](std::int64_t i, std::int64_t c, const NormalValues<T>& normal) {
        const auto at = static_cast<std::size_t>(c);
        dx[i] = normal.inverse_deviation * ((gamma[c] * dy[i] - mean_g[at]) - normal.of(x[i]) * mean_g_x[at]);
      });
    }
  }

  template <class T>
  void gradient_block(const RowBlock<T>& rows, std::size_t i, std::int64_t panel, std::int64_t, std::int64_t,
                      T* out) const {
    const T* dy = rows.output_gradient.tile(panel);
    const std::int64_t width = rows.output.panels.width(panel);
    if (i == 2) return column_sum<T>(rows.output.count, rows.leaf_rows(), width, dy, out);
    std::vector<T> terms(static_cast<std::size_t>(rows.output.count * panel_width));
    for (std::int64_t s = 0; s < rows.output.samples(); ++s) {
      const std::int64_t first = s * rows.output.sample_rows * panel_width;
      const T* x = rows.input[0].tile(panel) + first;
      T* to = terms.data() + first;
      for_normal(rows, s, panel, [&](std::int64_t at, std::int64_t, const NormalValues<T>& normal) {
        to[at] = normal.of(x[at]) * dy[first + at];
      });
    }
    column_sum<T>(rows.output.count, rows.leaf_rows(), width, terms.data(), out);
  }

 private:
  enum Kept { mean_high, mean_low, inverse_deviation, sum_high, sum_low, product_high, product_low, kept };

  /// Row `what` of what is kept of sample s of the block.
  template <class T>
  static T* row(const RowBlock<T>& rows, std::int64_t s, std::int64_t what) {
    const std::int64_t sample = rows.output.first / rows.output.sample_rows + s;
    return rows.derived.data() + (sample * kept + what) * padded_size(1, rows.output.columns());
  }
  template <class T>
  static void put(const RowBlock<T>& rows, std::int64_t s, Kept high, std::int64_t column, const HighLow<T>& value) {
    row(rows, s, high)[column] = value.high;
    row(rows, s, high + 1)[column] = value.low;
  }
  template <class T>
  static double get(const RowBlock<T>& rows, std::int64_t s, Kept high, std::int64_t column) {
    return static_cast<double>(row(rows, s, high)[column]) + static_cast<double>(row(rows, s, high + 1)[column]);
  }

  /// From the moments of channels, each over as many positions, to those of their groups; in the order of channels.
  template <class T>
  void keep_groups(const RowBlock<T>& rows, std::int64_t s, const double* mean, const double* m2) const {
    const std::int64_t width = rows.output.columns() / groups_;
    const auto positions = static_cast<double>(rows.output.sample_rows);
    for (std::int64_t begin = 0; begin < rows.output.columns(); begin += width) {
      double sum = 0.0;
      for (std::int64_t c = begin; c < begin + width; ++c) sum += mean[c];
      const double of_group = sum / static_cast<double>(width);
      double squares = 0.0;
      for (std::int64_t c = begin; c < begin + width; ++c) {
        const double deviation = mean[c] - of_group;
        squares += m2[c] + positions * deviation * deviation;
      }
      const NormalValues<T> normal(of_group, squares / (positions * static_cast<double>(width)), epsilon_);
      for (std::int64_t c = begin; c < begin + width; ++c) {
        put(rows, s, mean_high, c, normal.mean);
        row(rows, s, inverse_deviation)[c] = normal.inverse_deviation;
      }
    }
  }

  /// visit(place in the tile of sample s, column of the panel, what makes it normal), row by row.
  template <class T, class Visit>
  static void for_normal(const RowBlock<T>& rows, std::int64_t s, std::int64_t panel, Visit visit) {
    std::array<NormalValues<T>, panel_width> normal{};
    for (std::int64_t c = 0; c < rows.output.panels.width(panel); ++c) {
      const std::int64_t column = panel * panel_width + c;
      NormalValues<T>& of = normal[static_cast<std::size_t>(c)];
      of.mean.high = row(rows, s, mean_high)[column];
      of.mean.low = row(rows, s, mean_low)[column];
      of.inverse_deviation = row(rows, s, inverse_deviation)[column];
    }
    for (std::int64_t r = 0; r < rows.output.sample_rows; ++r)
      for (std::int64_t c = 0; c < panel_width; ++c) visit(r * panel_width + c, c, normal[static_cast<std::size_t>(c)]);
  }

  std::int64_t groups_;
  double epsilon_;
};

}  // namespace

Value group_norm(Value x, Value gamma, Value beta, std::int64_t groups, double epsilon) {
  return x.graph().apply(std::make_shared<GroupNormOperation>(groups, epsilon), {x, gamma, beta});
}

Value build_group_norm(LayerContext& context, Value x) {
  context.check_keys({"groups", "epsilon"});
  context.check_given({"groups"}, "groups = 4");
  const std::int64_t groups = context.whole_number("groups");
  const std::string name = context.next_name("group_norm");
  const Value gamma = context.graph().variable(name + "/gamma", {x.shape().columns}, constant(1.0));
  const Value beta = context.graph().variable(name + "/beta", {x.shape().columns}, zeros());
  return group_norm(x, gamma, beta, groups, context.number("epsilon", 1e-5, 1e-30, 1.0));
}

}  // namespace shoal
