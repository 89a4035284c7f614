#include "run/rate_jump.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "shoal/optim/schedule.hpp"

namespace shoal {
namespace {

bool far_apart(double a, double b) {
  constexpr double share = 0.1;
  return std::abs(a - b) > share * std::max(a, b);
}

bool moves_the_rate(const std::string& key) {
  return key == "optimizer.learning_rate" || key == "train.epochs" || key == "train.steps" ||
         key.starts_with("schedule.");
}

}  // namespace

std::string rate_jump(const Config& before, const Config& after, std::int64_t step, std::int64_t steps_per_epoch,
                      std::int64_t total_before, std::int64_t total_after) {
  if (step <= 1) return "";
  const auto rate = [&](const Config& config, std::int64_t at, std::int64_t total) {
    return learning_rate(config.optimizer, config.schedule, at, steps_per_epoch, total);
  };
  const double was = rate(before, step - 1, total_before);
  const double would_be = rate(before, step, total_before);
  const double is = rate(after, step, total_after);
  if (!far_apart(is, was) || !far_apart(is, would_be)) return "";
  std::string why;
  for (const std::string& key : differing_keys(before, after)) {
    if (!moves_the_rate(key)) continue;
    why += fmt::format("{}{} = {} (was {})", why.empty() ? "" : ", ", key, value_text(after, key),
                       value_text(before, key));
  }
  return fmt::format("the learning rate jumps from {:.3g} to {:.3g} with step {}, for {}", was, is, step, why);
}

}  // namespace shoal
