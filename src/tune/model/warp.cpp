#include "tune/model/warp.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "shoal/core/elementary.hpp"

namespace shoal {

std::vector<double> targets_of(std::span<const std::optional<double>> scores) {
  std::vector<double> sorted;
  for (const auto& score : scores) {
    if (score) sorted.push_back(*score);
  }
  std::vector<double> targets(scores.size(), 0.0);
  if (sorted.empty()) return targets;
  std::sort(sorted.begin(), sorted.end());
  const double best = sorted.front();
  const double worst = sorted.back();
  double unit = sorted[sorted.size() / 2] - best;
  if (!(unit > 0.0)) unit = worst - best;
  if (!(unit > 0.0)) return targets;
  double sum = 0.0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    targets[i] = elementary::log1p((scores[i].value_or(worst) - best) / unit);
    sum += targets[i];
  }
  const auto n = static_cast<double>(targets.size());
  double squares = 0.0;
  for (double& target : targets) {
    target -= sum / n;
    squares += target * target;
  }
  const double deviation = std::sqrt(squares / n);
  for (double& target : targets) target /= deviation;
  return targets;
}

}  // namespace shoal
