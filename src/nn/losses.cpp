#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "shoal/core/elementary.hpp"
#include "shoal/core/error.hpp"
#include "shoal/nn/operations.hpp"
#include "shoal/tensor/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/losses.cpp"
#include <hwy/foreach_target.h>
// After foreach_target:
#include <hwy/highway.h>

#ifndef SHOAL_NN_LOSSES_SAMPLE
#define SHOAL_NN_LOSSES_SAMPLE
namespace shoal {

struct SampleLoss {
  double loss = 0.0;
  bool right = false;
};

/// One sample: its model outputs, targets, and room for the derivative. Outputs and derivative are padded with what is
/// of no meaning to whole vectors, so that no class is left to a scalar loop.
struct Sample {
  std::size_t outputs = 0;
  std::span<const double> z;
  std::span<const double> t;
  std::span<double> d;
};

}  // namespace shoal
#endif

HWY_BEFORE_NAMESPACE();
namespace shoal {
namespace HWY_NAMESPACE {

std::size_t largest(std::span<const double> v) {
  return static_cast<std::size_t>(std::max_element(v.begin(), v.end()) - v.begin());
}

SampleLoss softmax_sample(const Sample& s) {
  const double* HWY_RESTRICT z = s.z.data();
  double* HWY_RESTRICT d = s.d.data();
  const std::size_t best = largest(s.z.first(s.outputs));
  const auto label = static_cast<std::size_t>(s.t[0]);
  const double most = z[best];
  for (std::size_t k = 0; k < s.d.size(); ++k) d[k] = elementary::exp(z[k] - most);
  double sum = 0.0;
  double rest = 0.0;  // the largest term is 1: log(1 + rest) keeps the digits of a small loss
  for (std::size_t k = 0; k < s.outputs; ++k) {
    sum += d[k];
    rest += k == best ? 0.0 : d[k];
  }
  for (std::size_t k = 0; k < s.d.size(); ++k) d[k] /= sum;
  d[label] -= 1.0;
  return {(most - z[label]) + elementary::log1p(rest), best == label};
}

SampleLoss sigmoid_sample(const Sample& s) {
  const auto outputs = static_cast<double>(s.outputs);
  double loss = 0.0;
  for (std::size_t k = 0; k < s.outputs; ++k) {
    loss += (std::max(s.z[k], 0.0) - s.z[k] * s.t[k]) + elementary::log1p(elementary::exp(-std::fabs(s.z[k])));
    s.d[k] = (elementary::sigmoid(s.z[k]) - s.t[k]) / outputs;
  }
  const bool right = class_of(s.z.first(s.outputs)) == (s.outputs == 1 ? (s.t[0] > 0.5 ? 1 : 0) : largest(s.t));
  return {loss / outputs, right};
}

SampleLoss squared_sample(const Sample& s) {
  const auto outputs = static_cast<double>(s.outputs);
  double loss = 0.0;
  for (std::size_t k = 0; k < s.outputs; ++k) {
    const double error = s.z[k] - s.t[k];
    loss += error * error;
    s.d[k] = 2.0 * error / outputs;
  }
  return {loss / outputs, false};
}

}  // namespace HWY_NAMESPACE
}  // namespace shoal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shoal {
namespace {

HWY_EXPORT(softmax_sample);
HWY_EXPORT(sigmoid_sample);
HWY_EXPORT(squared_sample);

SampleLoss call_softmax(const Sample& s) { return HWY_DYNAMIC_DISPATCH(softmax_sample)(s); }
SampleLoss call_sigmoid(const Sample& s) { return HWY_DYNAMIC_DISPATCH(sigmoid_sample)(s); }
SampleLoss call_squared(const Sample& s) { return HWY_DYNAMIC_DISPATCH(squared_sample)(s); }

using SampleFunction = SampleLoss (*)(const Sample&);

/// Inputs: logits, targets. Statistics: (loss sum, number right). auxiliary: the derivative, made on the way forward.
class LossOperation final : public OperationOf<LossOperation> {
 public:
  LossOperation(std::string name, SampleFunction sample, bool class_numbers)
      : name_(std::move(name)), sample_(sample), class_numbers_(class_numbers) {}

  std::string_view name() const override { return name_; }
  bool differentiable(std::size_t i) const override { return i == 0; }
  ValueShape shape(std::span<const ValueShape> in) const override {
    if (!in[0].per_sample || !in[1].per_sample || in[1].columns != (class_numbers_ ? 1 : in[0].columns))
      throw Error(ExitStatus::usage,
                  fmt::format("{} takes logits (samples, K) and targets (samples, {}), not {} and {}", name_,
                              class_numbers_ ? "1" : "K", to_string(in[0]), to_string(in[1])));
    return {};
  }
  std::int64_t auxiliary_columns(std::span<const ValueShape> in) const override { return in[0].columns; }
  StatisticsPlan statistics(Pass pass, bool, std::span<const ValueShape>) const override {
    static const AddMerge add;
    return pass == Pass::forward ? StatisticsPlan{2, &add} : StatisticsPlan{};
  }

  template <class T>
  void statistics_leaf(const RowBlock<T>& rows, Pass, std::int64_t panel, std::span<double> out) const {
    if (panel != 0) return;  // a sample's outputs are read together
    const auto outputs = static_cast<std::size_t>(rows.input[0].columns());
    const auto targets = static_cast<std::size_t>(rows.input[1].columns());
    const std::size_t padded = (outputs + 7) / 8 * 8;
    std::vector<double> z(padded), t(targets), d(padded);
    double loss = 0.0;
    double right = 0.0;
    for (std::int64_t r = 0; r < rows.input[0].count; ++r) {
      read_row(rows.input[0], r, std::span(z).first(outputs));
      read_row(rows.input[1], r, t);
      const SampleLoss sample = sample_({outputs, z, t, d});
      loss += sample.loss;
      right += sample.right ? 1.0 : 0.0;
      for (std::size_t k = 0; k < outputs; ++k)
        rows.auxiliary.panels.at(rows.auxiliary.first + r, static_cast<std::int64_t>(k)) = static_cast<T>(d[k]);
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
    shoal::apply(Unary::scale, *rows.output_gradient.tile(0), rows.auxiliary.count * panel_width,
                 rows.auxiliary.tile(panel), out);
  }

 private:
  template <class T>
  static void read_row(const Rows<const T>& rows, std::int64_t row, std::span<double> out) {
    for (std::size_t k = 0; k < out.size(); ++k)
      out[k] = static_cast<double>(rows.panels.at(rows.first + row, static_cast<std::int64_t>(k)));
  }

  std::string name_;
  SampleFunction sample_;
  bool class_numbers_;
};

Value loss(std::string name, SampleFunction sample, bool class_numbers, Value outputs, Value targets) {
  return outputs.graph().apply(std::make_shared<LossOperation>(std::move(name), sample, class_numbers),
                               {outputs, targets});
}

}  // namespace

Value softmax_cross_entropy(Value logits, Value targets) {
  return loss("softmax_cross_entropy", call_softmax, true, logits, targets);
}
Value sigmoid_cross_entropy(Value logits, Value targets) {
  return loss("sigmoid_cross_entropy", call_sigmoid, false, logits, targets);
}
Value mean_squared_error(Value outputs, Value targets) {
  return loss("mean_squared_error", call_squared, false, outputs, targets);
}

}  // namespace shoal
#endif
