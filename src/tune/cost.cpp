#include "tune/cost.hpp"

#include "shoal/core/error.hpp"

namespace shoal {
namespace {

constexpr double flops_per_parameter = 6.0;  // forward, gradient of the input, gradient of the weight
constexpr double flops_per_step = 200'000;   // that the fixed work of a step could have done

}  // namespace

double estimated_cost(const Config& config, const TrainingData& data, bool whole) try {
  const auto rows = static_cast<double>(data.train.rows());
  const double steps = rows / static_cast<double>(config.data.batch_size) + 1.0;
  const auto parameters = static_cast<double>(make_model(config, data.train).parameter_count());
  const double epoch = rows * parameters * flops_per_parameter + steps * flops_per_step;
  if (!whole) return epoch;
  return epoch * (config.train.steps > 0 ? static_cast<double>(config.train.steps) / steps
                                         : static_cast<double>(config.train.epochs));
} catch (const Error&) {
  return 0.0;
}

}  // namespace shoal
