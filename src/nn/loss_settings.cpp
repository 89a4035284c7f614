#include "shoal/nn/loss_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace shoal {

std::string fault_of(const LossSettings& s) {
  const LossSettings usual;
  const auto foreign = [&](const char* setting, const char* loss) {
    return fmt::format("{} belongs to the loss \"{}\", not to \"{}\"; leave it out", setting, loss, s.name);
  };
  const auto is_share = [](double v) { return v > 0.0 && v < 1.0; };
  const auto is_weight = [](double v) { return std::isfinite(v) && v > 0.0; };
  if (s.delta != usual.delta && s.name != "huber") return foreign("delta", "huber");
  if (!s.levels.empty() && s.name != "quantile") return foreign("levels", "quantile");
  if (s.label_smoothing != 0.0 && s.name != "softmax" && s.name != "auto") return foreign("label_smoothing", "softmax");
  if (!s.pos_weight.empty() && s.name != "sigmoid") return foreign("pos_weight", "sigmoid");
  if (!is_weight(s.delta)) return fmt::format("delta is {}; use a number above 0", s.delta);
  if (!std::all_of(s.levels.begin(), s.levels.end(), is_share) ||
      std::adjacent_find(s.levels.begin(), s.levels.end(), std::greater_equal<>()) != s.levels.end())
    return "levels do not rise from above 0 to below 1; use a list like [0.1, 0.5, 0.9]";
  if (!(s.label_smoothing >= 0.0 && s.label_smoothing < 1.0))
    return fmt::format("label_smoothing is {}; use a number from 0 to below 1", s.label_smoothing);
  if (!std::all_of(s.pos_weight.begin(), s.pos_weight.end(), is_weight))
    return "pos_weight is not above 0; use numbers above 0";
  return "";
}

}  // namespace shoal
