#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shoal/config/dimension.hpp"

namespace shoal {

struct Config;

enum class Search { random, grid, quasi_random, coarse_to_fine };
std::string to_string(Search search);

/// What trials are compared by, at the end of their training so far.
enum class Metric { validation_loss, validation_accuracy, train_loss };
std::string to_string(Metric metric);  ///< "validation.loss"

/// Trials are trained for a few epochs, the best 1/eta of them for about eta times as many, and so on up to
/// train.epochs. Source: Jamieson and Talwalkar, Non-stochastic best arm identification and hyperparameter optimization
/// (AISTATS 2016).
struct SuccessiveHalving {
  bool enabled = false;
  std::int64_t eta = 3;
  std::int64_t min_epochs = 1;  ///< least epochs of the first rung

  bool operator==(const SuccessiveHalving&) const = default;
};

/// How many hyperparameters a quasi-random search takes.
inline constexpr int most_sobol_dimensions = 24;

/// [sweep]. It is none where nothing differs from the defaults: a sweep needs a space.
struct SweepSettings {
  std::int64_t trials = 32;
  Search search = Search::random;
  Metric metric = Metric::validation_loss;
  std::int64_t ranks_per_trial = 1;
  SuccessiveHalving successive_halving;
  std::vector<Dimension> space;  ///< sorted by key

  bool operator==(const SweepSettings&) const = default;
};

/// @throws Error(usage)  no space, or a search that does not fit the rest of the config; names the key
void check_sweep(const Config& config);

/// Why a sweep under `before` may not go on under `now`, naming the key; empty where the outcomes that there are stay
/// what they are. More trials are fine where a trial does not depend on how many there are.
std::string obstacle(const SweepSettings& before, const SweepSettings& now);

}  // namespace shoal
