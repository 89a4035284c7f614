#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "shoal/core/elementary.hpp"
#include "shoal/core/error.hpp"
#include "shoal/nn/losses.hpp"
#include "shoal/nn/operations.hpp"
#include "shoal/tensor/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/losses.cpp"
#include <hwy/foreach_target.h>
// After foreach_target:
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace shoal {
namespace HWY_NAMESPACE {

std::size_t largest(std::span<const double> v) {
  return static_cast<std::size_t>(std::max_element(v.begin(), v.end()) - v.begin());
}

bool is_class(double number, std::size_t classes) {
  return number >= 0.0 && number < static_cast<double>(classes) && number == std::floor(number);
}

SampleLoss softmax_sample(const LossSample& s, const LossNumbers& numbers) {
  const double* HWY_RESTRICT z = s.z.data();
  double* HWY_RESTRICT d = s.d.data();
  const std::size_t best = largest(s.z.first(s.outputs));
  const double most = z[best];
  for (std::size_t k = 0; k < s.d.size(); ++k) d[k] = elementary::exp(z[k] - most);
  double sum = 0.0;
  double rest = 0.0;  // the largest term is 1: log(1 + rest) keeps the digits of a small loss
  for (std::size_t k = 0; k < s.outputs; ++k) {
    sum += d[k];
    rest += k == best ? 0.0 : d[k];
  }
  for (std::size_t k = 0; k < s.d.size(); ++k) d[k] /= sum;
  if (!is_class(s.t[0], s.outputs)) return {std::numeric_limits<double>::quiet_NaN(), false};
  const auto label = static_cast<std::size_t>(s.t[0]);
  const double smoothing = numbers.label_smoothing;
  if (smoothing == 0.0) {
    d[label] -= 1.0;
    return {(most - z[label]) + elementary::log1p(rest), best == label};
  }
  const double each = smoothing / static_cast<double>(s.outputs);
  double below = 0.0;
  for (std::size_t k = 0; k < s.outputs; ++k) {
    below += most - z[k];
    d[k] -= k == label ? (1.0 - smoothing) + each : each;
  }
  return {((1.0 - smoothing) * (most - z[label]) + each * below) + elementary::log1p(rest), best == label};
}

double plain_sigmoid(const LossSample& s) {
  const auto outputs = static_cast<double>(s.outputs);
  double loss = 0.0;
  for (std::size_t k = 0; k < s.outputs; ++k) {
    loss += (std::max(s.z[k], 0.0) - s.z[k] * s.t[k]) + elementary::log1p(elementary::exp(-std::fabs(s.z[k])));
    s.d[k] = (elementary::sigmoid(s.z[k]) - s.t[k]) / outputs;
  }
  return loss / outputs;
}

double weighted_sigmoid(const LossSample& s, std::span<const double> pos_weight) {
  const auto outputs = static_cast<double>(s.outputs);
  double loss = 0.0;
  for (std::size_t k = 0; k < s.outputs; ++k) {
    const double positive = 1.0 + (pos_weight[pos_weight.size() == 1 ? 0 : k] - 1.0) * s.t[k];
    const double softplus = elementary::log1p(elementary::exp(-std::fabs(s.z[k]))) + std::max(-s.z[k], 0.0);
    loss += (1.0 - s.t[k]) * s.z[k] + positive * softplus;
    s.d[k] = ((1.0 - s.t[k]) - positive * elementary::sigmoid(-s.z[k])) / outputs;
  }
  return loss / outputs;
}

bool are_shares(std::span<const double> t) {
  return std::ranges::all_of(t, [](double share) { return share >= 0.0 && share <= 1.0; });
}

SampleLoss sigmoid_sample(const LossSample& s, const LossNumbers& numbers) {
  const double loss = numbers.pos_weight.empty() ? plain_sigmoid(s) : weighted_sigmoid(s, numbers.pos_weight);
  const bool right = class_of(s.z.first(s.outputs)) == (s.outputs == 1 ? (s.t[0] > 0.5 ? 1 : 0) : largest(s.t));
  return {are_shares(s.t.first(s.outputs)) ? loss : std::numeric_limits<double>::quiet_NaN(), right};
}

SampleLoss squared_sample(const LossSample& s, const LossNumbers&) {
  const auto outputs = static_cast<double>(s.outputs);
  double loss = 0.0;
  for (std::size_t k = 0; k < s.outputs; ++k) {
    const double error = s.z[k] - s.t[k];
    loss += error * error;
    s.d[k] = 2.0 * error / outputs;
  }
  return {loss / outputs, false};
}

double sign(double v) { return static_cast<double>(v > 0.0) - static_cast<double>(v < 0.0); }

SampleLoss absolute_sample(const LossSample& s, const LossNumbers&) {
  const auto outputs = static_cast<double>(s.outputs);
  double loss = 0.0;
  for (std::size_t k = 0; k < s.outputs; ++k) {
    const double error = s.z[k] - s.t[k];
    loss += std::fabs(error);
    s.d[k] = sign(error) / outputs;
  }
  return {loss / outputs, false};
}

SampleLoss huber_sample(const LossSample& s, const LossNumbers& numbers) {
  const auto outputs = static_cast<double>(s.outputs);
  const double delta = numbers.delta;
  double loss = 0.0;
  for (std::size_t k = 0; k < s.outputs; ++k) {
    const double error = s.z[k] - s.t[k];
    const double size = std::fabs(error);
    loss += size <= delta ? 0.5 * error * error : delta * (size - 0.5 * delta);
    s.d[k] = (size <= delta ? error : delta * sign(error)) / outputs;
  }
  return {loss / outputs, false};
}

SampleLoss quantile_sample(const LossSample& s, const LossNumbers& numbers) {
  const auto outputs = static_cast<double>(s.outputs);
  const std::size_t levels = numbers.levels.size();
  double loss = 0.0;
  for (std::size_t k = 0; k < s.outputs; ++k) {
    const double level = numbers.levels[k % levels];
    const double above = s.t[k / levels] - s.z[k];
    loss += std::max(level * above, (level - 1.0) * above);
    s.d[k] = (above > 0.0 ? -level : (above < 0.0 ? 1.0 - level : 0.0)) / outputs;
  }
  return {loss / outputs, false};
}

void softmax_report(std::span<double> z) {
  const double most = z[largest(z)];
  for (double& v : z) v = elementary::exp(v - most);
  double sum = 0.0;
  for (const double v : z) sum += v;
  for (double& v : z) v /= sum;
}

void sigmoid_report(std::span<double> z) {
  for (double& v : z) v = elementary::sigmoid(v);
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
HWY_EXPORT(absolute_sample);
HWY_EXPORT(huber_sample);
HWY_EXPORT(quantile_sample);
HWY_EXPORT(softmax_report);
HWY_EXPORT(sigmoid_report);

using Numbers = LossNumbers;
SampleLoss call_softmax(const LossSample& s, const Numbers& n) { return HWY_DYNAMIC_DISPATCH(softmax_sample)(s, n); }
SampleLoss call_sigmoid(const LossSample& s, const Numbers& n) { return HWY_DYNAMIC_DISPATCH(sigmoid_sample)(s, n); }
SampleLoss call_squared(const LossSample& s, const Numbers& n) { return HWY_DYNAMIC_DISPATCH(squared_sample)(s, n); }
SampleLoss call_absolute(const LossSample& s, const Numbers& n) { return HWY_DYNAMIC_DISPATCH(absolute_sample)(s, n); }
SampleLoss call_huber(const LossSample& s, const Numbers& n) { return HWY_DYNAMIC_DISPATCH(huber_sample)(s, n); }
SampleLoss call_quantile(const LossSample& s, const Numbers& n) { return HWY_DYNAMIC_DISPATCH(quantile_sample)(s, n); }

void to_softmax(std::span<double> z) { HWY_DYNAMIC_DISPATCH(softmax_report)(z); }
void to_sigmoid(std::span<double> z) { HWY_DYNAMIC_DISPATCH(sigmoid_report)(z); }
void as_they_are(std::span<double>) {}

std::int64_t one_each(std::int64_t classes) { return classes; }
std::int64_t one_for_two(std::int64_t classes) { return classes < 2 ? 0 : (classes == 2 ? 1 : classes); }
std::int64_t one(std::int64_t) { return 1; }

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
    const std::size_t padded = (outputs + 7) / 8 * 8;
    std::vector<double> z(padded), t(targets), d(padded);
    double loss = 0.0;
    double right = 0.0;
    for (std::int64_t r = 0; r < rows.input[0].count; ++r) {
      read_row(rows.input[0], r, std::span(z).first(outputs));
      read_row(rows.input[1], r, t);
      const SampleLoss sample = loss_.sample({outputs, z, t, d}, loss_.numbers);
      const double weight = rows.weights.empty() ? 1.0 : rows.weights[static_cast<std::size_t>(r)];
      loss += weight * sample.loss;
      right += sample.right ? weight : 0.0;
      for (std::size_t k = 0; k < outputs; ++k)
        rows.auxiliary.panels.at(rows.auxiliary.first + r, static_cast<std::int64_t>(k)) =
            static_cast<T>(weight * d[k]);
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
  static void read_row(const Rows<const T>& rows, std::int64_t row, std::span<double> out) {
    for (std::size_t k = 0; k < out.size(); ++k)
      out[k] = static_cast<double>(rows.panels.at(rows.first + row, static_cast<std::int64_t>(k)));
  }

  Loss loss_;
  bool class_numbers_;
};

}  // namespace

constexpr Loss Loss::softmax{"softmax", "softmax_cross_entropy", Targets::class_number, true, one_each, call_softmax,
                             to_softmax};
constexpr Loss Loss::sigmoid{"sigmoid", "sigmoid_cross_entropy", Targets::shares, true, one_for_two, call_sigmoid,
                             to_sigmoid};
constexpr Loss Loss::mse{"mse", "mean_squared_error", Targets::numbers, false, one, call_squared, as_they_are};
constexpr Loss Loss::mae{"mae", "mean_absolute_error", Targets::numbers, false, one, call_absolute, as_they_are};
constexpr Loss Loss::huber{"huber", "huber_loss", Targets::numbers, false, one, call_huber, as_they_are};
const Loss Loss::quantile{"quantile", "quantile_loss", Targets::numbers, false,
                          one,        call_quantile,   as_they_are,      {.levels = {0.1, 0.5, 0.9}}};

const std::vector<Loss>& Loss::all() {
  static const std::vector<Loss> losses{softmax, sigmoid, mse, mae, huber, quantile};
  return losses;
}

std::vector<std::string> Loss::names() {
  std::vector<std::string> names;
  for (const Loss& loss : all()) names.emplace_back(loss.name);
  return names;
}

const Loss& Loss::named(std::string_view name) {
  for (const Loss& loss : all()) {
    if (loss.name == name) return loss;
  }
  throw Error(ExitStatus::usage, fmt::format("unknown loss \"{}\"; use one of {}", name, fmt::join(names(), ", ")));
}

Loss Loss::of(const LossSettings& settings) {
  Loss loss = named(settings.name);
  if (const std::string fault = fault_of(settings); !fault.empty()) throw Error(ExitStatus::usage, fault);
  loss.numbers.delta = settings.delta;
  loss.numbers.label_smoothing = settings.label_smoothing;
  loss.numbers.pos_weight = settings.pos_weight;
  if (!settings.levels.empty()) loss.numbers.levels = settings.levels;
  return loss;
}

LossSettings Loss::settings() const {
  const bool usual = numbers.levels == named(name).numbers.levels;
  return {std::string(name), numbers.delta, usual ? std::vector<double>() : numbers.levels, numbers.label_smoothing,
          numbers.pos_weight};
}

Value apply_loss(const Loss& loss, Value outputs, Value targets) {
  return outputs.graph().apply(std::make_shared<LossOperation>(loss), {outputs, targets});
}

Value softmax_cross_entropy(Value logits, Value targets) { return apply_loss(Loss::softmax, logits, targets); }
Value sigmoid_cross_entropy(Value logits, Value targets) { return apply_loss(Loss::sigmoid, logits, targets); }
Value mean_squared_error(Value outputs, Value targets) { return apply_loss(Loss::mse, outputs, targets); }

}  // namespace shoal
#endif
