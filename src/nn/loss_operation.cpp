#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "shoal/core/error.hpp"
#include "shoal/nn/losses.hpp"
#include "shoal/nn/operations.hpp"
#include "shoal/tensor/elementwise.hpp"

namespace shoal {
namespace {

/// Inputs: logits, targets. Statistics: (loss sum, number right). auxiliary: the derivative, made on the way forward.
class LossOperation final : public OperationOf<LossOperation> {
 public:
  explicit LossOperation(const Loss& loss) : loss_(loss), class_numbers_(loss.targets == Loss::Targets::class_number) {}

  std::string_view name() const override { return loss_.operation; }
  bool differentiable(std::size_t i) const override { return i == 0; }
  ValueShape shape(std::span<const ValueShape> in) const override {
    const std::int64_t targets = class_numbers_ ? 1 : in[0].columns / loss_.levels();
    if (!in[0].per_sample || !in[1].per_sample || in[0].rows != 1 || in[1].rows != 1 || in[1].columns != targets ||
        in[0].columns % loss_.levels() != 0)
      throw Error(ExitStatus::usage,
                  fmt::format("{} takes logits (samples, K) and targets (samples, {}), not {} and {}", name(),
                              class_numbers_        ? "1"
                              : loss_.levels() == 1 ? "K"
                                                    : fmt::format("K / {}", loss_.levels()),
                              to_string(in[0]), to_string(in[1])));
    if (const std::size_t given = loss_.numbers.pos_weight.size();
        given > 1 && static_cast<std::int64_t>(given) != in[0].columns)
      throw Error(ExitStatus::usage,
                  fmt::format("pos_weight has {} numbers for {} outputs; give one, or one each", given, in[0].columns));
    return {};
  }
  std::int64_t classes(std::size_t i, std::span<const ValueShape> in) const override {
    return class_numbers_ && i == 1 ? in[0].columns : 0;
  }
  ValueShape auxiliary(std::span<const ValueShape> in) const override { return in[0]; }
  StatisticsPlan statistics(Pass pass, bool, std::span<const ValueShape>) const override {
    static const AddMerge add;
    return pass == Pass::forward ? StatisticsPlan{2, &add} : StatisticsPlan{};
  }

  template <class T>
  void statistics_leaf(const RowBlock<T>& rows, Pass, std::int64_t panel, std::span<double> out) const {
    if (panel != 0) return;  // a sample's outputs are read together
    const auto outputs = static_cast<std::size_t>(rows.input[0].columns());
    const auto targets = static_cast<std::size_t>(rows.input[1].columns());
    std::vector<double> z(outputs * LossBlock::samples), t(targets * LossBlock::samples), d(z.size());
    LossBlock block{outputs, z.data(), t.data(), d.data()};
    double loss = 0.0;
    double right = 0.0;
    for (std::int64_t first = 0; first < rows.input[0].count; first += std::int64_t{LossBlock::samples}) {
      const std::int64_t count = std::min(std::int64_t{LossBlock::samples}, rows.input[0].count - first);
      read_rows(rows.input[0], first, count, z);
      read_rows(rows.input[1], first, count, t);
      loss_.block(block, loss_.numbers);
      for (std::int64_t i = 0; i < count; ++i) {
        const auto lane = static_cast<std::size_t>(i);
        const double weight = rows.weights.empty() ? 1.0 : rows.weights[static_cast<std::size_t>(first + i)];
        loss += weight * block.loss[lane];
        right += block.right[lane] ? weight : 0.0;
        for (std::size_t k = 0; k < outputs; ++k)
          rows.auxiliary.panels.at(rows.auxiliary.first + first + i, static_cast<std::int64_t>(k)) =
              static_cast<T>(weight * d[k * LossBlock::samples + lane]);
      }
    }
    out[0] = loss;
    out[1] = right;
  }
  template <class T>
  void finish_block(const RowBlock<T>& rows, Pass, std::span<const double> merged, std::int64_t,
                    std::span<double>) const {
    *rows.output.tile(0) = static_cast<T>(merged[0]);
  }
  template <class T>
  void backward_block(const RowBlock<T>& rows, std::size_t, std::int64_t panel, T* out) const {
    shoal::apply(Unary::scale, *rows.output_gradient.tile(0), Extent(rows.auxiliary.count * panel_width),
                 rows.auxiliary.tile(panel), out);
  }

 private:
  template <class T>
  static void read_rows(const Rows<const T>& rows, std::int64_t first, std::int64_t count, std::span<double> out) {
    constexpr auto samples = static_cast<std::int64_t>(LossBlock::samples);
    for (std::int64_t k = 0; k * samples < std::ssize(out); ++k) {
      for (std::int64_t i = 0; i < count; ++i)
        out[static_cast<std::size_t>(k * samples + i)] = static_cast<double>(rows.panels.at(rows.first + first + i, k));
    }
  }

  Loss loss_;
  bool class_numbers_;
};

}  // namespace

Value apply_loss(const Loss& loss, Value outputs, Value targets) {
  return outputs.graph().apply(std::make_shared<LossOperation>(loss), {outputs, targets});
}

Value softmax_cross_entropy(Value logits, Value targets) { return apply_loss(Loss::softmax, logits, targets); }
Value sigmoid_cross_entropy(Value logits, Value targets) { return apply_loss(Loss::sigmoid, logits, targets); }
Value mean_squared_error(Value outputs, Value targets) { return apply_loss(Loss::mse, outputs, targets); }

}  // namespace shoal
