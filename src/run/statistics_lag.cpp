#include "run/statistics_lag.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <variant>

#include "shoal/core/error.hpp"
#include "shoal/nn/layer_place.hpp"

namespace shoal {

std::string statistics_lag(const Training& training) {
  if (training.config().model.batch_norm.running == "exact") return "";
  const std::int64_t steps = training.progress().step;
  double most = 0.0;
  for_each_layer(training.model().layers(), [&](const LayerPlace& place) {
    if (place.layer().type != "batch_norm") return;
    double momentum = 0.1;
    if (const auto said = place.layer().settings.find("momentum"); said != place.layer().settings.end()) {
      if (const auto* number = std::get_if<double>(&said->second)) momentum = *number;
      if (const auto* whole = std::get_if<std::int64_t>(&said->second)) momentum = static_cast<double>(*whole);
    }
    most = std::max(most, std::pow(1.0 - momentum, static_cast<double>(steps)));
  });
  constexpr double most_unsaid = 0.01;
  if (!(most > most_unsaid)) return "";
  return fmt::format(
      "{:.2g} % of the running statistics of batch norm is still what they began with, after {}: "
      "evaluation and prediction, which go by them, may be far worse than the training was; train "
      "longer, or set model.batch_norm.running = \"exact\"",
      100.0 * most, counted(steps, "step"));
}

}  // namespace shoal
