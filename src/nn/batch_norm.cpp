#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "nn/builders.hpp"
#include "shoal/core/error.hpp"
#include "shoal/graph/described.hpp"
#include "shoal/nn/operations.hpp"

namespace shoal {
namespace {

/// Inputs: z (samples, C), gamma (C), beta (C). derived: six rows of padded C.
class BatchNormOperation final : public OperationOf<BatchNormOperation>, public Described {
 public:
  BatchNormOperation(double epsilon, double momentum) : epsilon_(epsilon), momentum_(momentum) {}

  std::string_view name() const override { return "batch_norm"; }
  Settings settings() const override { return {{"epsilon", epsilon_}}; }
  ValueShape shape(std::span<const ValueShape> in) const override {
    const ValueShape vector{false, 1, in[0].columns};
    if (!in[0].per_sample || in[1] != vector || in[2] != vector)
      throw Error(ExitStatus::usage,
                  fmt::format("batch norm takes a value per sample of C columns, (1, C) and (1, C), not {}, {} and {}",
                              to_string(in[0]), to_string(in[1]), to_string(in[2])));
    return in[0];
  }
  bool tilewise() const override { return true; }
  NarrowRows narrow_rows() const override { return NarrowRows::all_alike; }
  bool keeps_padding() const override { return true; }
  bool backward_reads_output() const override { return false; }
  std::int64_t derived_size(std::span<const ValueShape> in, std::int64_t) const override {
    return rows_derived * padded_size(1, in[0].columns);
  }
  std::vector<StateSpec> states(std::span<const ValueShape> in) const override {
    return {{"mean", in[0].columns, 0.0}, {"variance", in[0].columns, 1.0}};
  }
  StatisticsPlan statistics(Pass pass, bool training, std::span<const ValueShape> in) const override {
    static const MomentsMerge moments;
    static const AddMerge add;
    if (!training) return {};
    // Padded columns ride along, so that the two halves of the row are whole panels.
    return {2 * padded_size(1, in[0].columns), pass == Pass::forward ? static_cast<const Merge*>(&moments) : &add};
  }

  /// The sums of dy and of dy z_norm are the gradients of beta and gamma. Of rows they are made by themselves, as
  /// chains of floats: their bits are part of the format.
  std::optional<std::int64_t> gradient_in_statistics(std::size_t i, std::span<const ValueShape> in) const override {
    if (in[0].rows == 1 || i == 0) return std::nullopt;
    return i == 2 ? 0 : padded_size(1, in[0].columns);
  }

  template <class T>
  void statistics_leaf(const RowBlock<T>& rows, Pass pass, std::int64_t panel, std::span<double> out) const {
    double* first = out.data() + panel * panel_width;
    double* second = first + out.size() / 2;
    if (pass == Pass::forward) {
      column_moments(rows.input[0].count, width(rows, panel), rows.input[0].tile(panel), first, second,
                     rows.input[0].panels.pitch);
      // By samples, so that parts of the batch meet alike however many positions a sample has.
      const auto positions = static_cast<double>(rows.input[0].sample_rows);
      for (std::int64_t c = 0; c < panel_width; ++c) second[c] /= positions;
    } else {
      normalize_panel_sums(rows.output.count, width(rows, panel), rows.output_gradient.tile(panel),
                           rows.input[0].tile(panel), numbers(rows, panel), first, second, rows.output.panels.pitch);
    }
  }

  template <class T>
  void finish_block(const RowBlock<T>& rows, Pass pass, std::span<const double> merged, std::int64_t samples,
                    std::span<double> state) const {
    const std::int64_t columns = rows.output.columns();
    const std::size_t padded = rows.derived.size() / rows_derived;
    const auto n = static_cast<double>(samples);
    const auto positions = static_cast<double>(rows.output.sample_rows);
    // One row is its own mean and would be 0 whatever it is: the last batch of an epoch can be such a one. It is taken
    // as in testing, and adds nothing to the averages.
    const bool alone = n * positions == 1.0;
    for (std::size_t c = 0; c < static_cast<std::size_t>(columns); ++c) {
      const auto row = [&](DerivedRow r) -> T& { return rows.derived[static_cast<std::size_t>(r) * padded + c]; };
      if (pass == Pass::backward) {
        row(mean_dy) = alone ? T{0} : static_cast<T>(merged[c] / (n * positions));
        row(mean_dy_z_norm) = alone ? T{0} : static_cast<T>(merged[padded + c] / (n * positions));
        continue;
      }
      double& running_mean = state[c];
      double& running_variance = state[static_cast<std::size_t>(columns) + c];
      double mean = running_mean;
      double variance = running_variance;
      if (!merged.empty() && !alone) {
        mean = merged[c];
        variance = merged[padded + c] / n;
        running_mean = (1.0 - momentum_) * running_mean + momentum_ * mean;
        running_variance =
            (1.0 - momentum_) * running_variance + momentum_ * (merged[padded + c] * positions / (n * positions - 1.0));
      }
      const double inverse = 1.0 / std::sqrt(variance + epsilon_);
      row(mean_high) = static_cast<T>(mean);
      row(mean_low) = static_cast<T>(mean - static_cast<double>(row(mean_high)));
      row(inverse_deviation) = static_cast<T>(inverse);
      row(scale) =
          static_cast<T>(static_cast<double>(rows.input[1].panels.at(0, static_cast<std::int64_t>(c))) * inverse);
    }
  }

  template <class T>
  void forward_block(const RowBlock<T>& rows, std::int64_t panel) const {
    normalize_panel(rows.output.count, width(rows, panel), rows.input[0].tile(panel), numbers(rows, panel),
                    rows.output.tile(panel), rows.output.panels.pitch);
  }

  template <class T>
  void backward_block(const RowBlock<T>& rows, std::size_t, std::int64_t panel, T* out) const {
    normalize_panel_backward<T>(rows.output.count, width(rows, panel), rows.output_gradient.tile(panel),
                                rows.input[0].tile(panel), numbers(rows, panel), derived(rows, scale, panel),
                                derived(rows, mean_dy, panel), derived(rows, mean_dy_z_norm, panel), out,
                                rows.output.panels.pitch);
  }

  template <class T>
  void gradient_block(const RowBlock<T>& rows, std::size_t i, std::int64_t panel, std::int64_t, std::int64_t,
                      T* out) const {
    const T* dy = rows.output_gradient.tile(panel);
    const std::int64_t pitch = rows.output.panels.pitch;
    if (i == 2) return column_sum<T>(rows.output.count, rows.leaf_rows(), width(rows, panel), dy, out, pitch);
    normalize_panel_gamma<T>(rows.output.count, rows.leaf_rows(), width(rows, panel), dy, rows.input[0].tile(panel),
                             numbers(rows, panel), out, pitch);
  }

 private:
  enum DerivedRow { mean_high, mean_low, inverse_deviation, scale, mean_dy, mean_dy_z_norm, rows_derived };

  template <class T>
  static const T* derived(const RowBlock<T>& rows, DerivedRow row, std::int64_t panel) {
    return rows.derived.data() + rows.derived.size() / rows_derived * static_cast<std::size_t>(row) +
           panel * panel_width;
  }

  template <class T>
  static NormalizePanel<T> numbers(const RowBlock<T>& rows, std::int64_t panel) {
    return {derived(rows, mean_high, panel), derived(rows, mean_low, panel), derived(rows, inverse_deviation, panel),
            rows.input[1].tile(panel), rows.input[2].tile(panel)};
  }
  template <class T>
  static std::int64_t width(const RowBlock<T>& rows, std::int64_t panel) {
    return rows.input[0].panels.width(panel);
  }

  double epsilon_;
  double momentum_;
};

}  // namespace

Value batch_norm(Value z, Value gamma, Value beta, double epsilon, double momentum, const std::string& name) {
  return z.graph().apply(std::make_shared<BatchNormOperation>(epsilon, momentum), {z, gamma, beta}, name);
}

Value build_batch_norm(LayerContext& context, Value x) {
  context.check_keys({"epsilon", "momentum"});
  const std::string name = context.next_name("batch_norm");
  const Value gamma = context.graph().variable(name + "/gamma", {x.shape().columns}, constant(1.0));
  const Value beta = context.graph().variable(name + "/beta", {x.shape().columns}, zeros());
  return batch_norm(x, gamma, beta, context.number("epsilon", 1e-5, 1e-30, 1.0),
                    context.number("momentum", 0.1, 0.0, 1.0), name);
}

}  // namespace shoal
