#include "train/predict/loss_of_mean.hpp"

#include <algorithm>
#include <cmath>

#include "shoal/core/elementary.hpp"
#include "shoal/infer/metrics.hpp"

namespace shoal {
namespace {

constexpr double lost_in_rounding = 0x1p-25;  // what a probability that became 1 as a float lacked at most

double surprise(double probability) { return -elementary::log(std::max(probability, least_probability)); }

}  // namespace

LossOfMean::LossOfMean(const Loss& loss, const PredictionLayout& layout, const Normalization& targets)
    : loss_(loss),
      columns_(static_cast<std::size_t>(layout.columns)),
      labels_(layout.labels),
      mean_(targets.mean),
      scale_(targets.scale()) {}

JudgedMean LossOfMean::of(const EnsemblePredictions& made, std::size_t r, Panels<const float> panels) const {
  std::vector<double> targets(static_cast<std::size_t>(panels.columns));
  for (std::size_t k = 0; k < targets.size(); ++k)
    targets[k] = static_cast<double>(panels.at(static_cast<std::int64_t>(r), static_cast<std::int64_t>(k)));
  const std::span row = std::span(made.exact).subspan(r * columns_, columns_);
  const std::int32_t predicted = labels_ ? made.mean.labels[r] : -1;
  switch (loss_.targets) {
    case Loss::Targets::class_number: return of_class(row, predicted, static_cast<std::size_t>(targets[0]));
    case Loss::Targets::shares: return of_shares(row, targets, predicted);
    default: return of_numbers(row, targets);
  }
}

JudgedMean LossOfMean::of_class(std::span<const double> p, std::int32_t predicted, std::size_t label) const {
  return {surprise(p[label]), static_cast<std::size_t>(predicted) == label ? 1.0 : 0.0};
}

JudgedMean LossOfMean::of_shares(std::span<const double> row, std::span<const double> shares,
                                 std::int32_t predicted) const {
  // Of two classes by one output the second is what the output tells, and the first is reported with its own digits.
  const bool two_classes = row.size() == shares.size() + 1;
  const std::span<const double> p = row.last(shares.size());
  double loss = 0.0;
  for (std::size_t k = 0; k < p.size(); ++k) {
    if (shares[k] > 0.0) loss += shares[k] * surprise(p[k]);
    if (shares[k] < 1.0)
      loss += (1.0 - shares[k]) * surprise(two_classes ? row[0] : std::max(1.0 - p[k], lost_in_rounding));
  }
  const auto outputs = static_cast<double>(p.size());
  double right = 0.0;
  if (labels_) {
    const auto largest = std::max_element(shares.begin(), shares.end()) - shares.begin();
    right = predicted == (shares.size() == 1 ? (shares[0] > 0.5 ? 1 : 0) : largest) ? 1.0 : 0.0;
  } else {
    for (std::size_t k = 0; k < p.size(); ++k) right += (p[k] > 0.5) == (shares[k] > 0.5) ? 1.0 / outputs : 0.0;
  }
  return {loss / outputs, right};
}

JudgedMean LossOfMean::of_numbers(std::span<const double> outputs, std::span<const double> targets) const {
  const std::size_t levels = static_cast<std::size_t>(loss_.levels());
  std::vector<double> z(outputs.size()), d(outputs.size());
  for (std::size_t k = 0; k < outputs.size(); ++k)
    z[k] = mean_.empty() ? outputs[k] : (outputs[k] - mean_[k / levels]) * scale_[k / levels];
  return {loss_.sample(z, targets, d).loss, 0.0};
}

}  // namespace shoal
