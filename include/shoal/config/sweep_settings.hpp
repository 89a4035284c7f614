#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shoal/config/config.hpp"
#include "shoal/config/dimension.hpp"

namespace shoal {

enum class Search { random, grid, quasi_random, coarse_to_fine };

/// What trials are compared by, at the end of their training so far.
enum class Metric { validation_loss, validation_accuracy, train_loss };

/// Trials are trained for a few epochs, the best 1/eta of them for about eta times as many, and so on up to
/// train.epochs. Source: Jamieson and Talwalkar, Non-stochastic best arm identification and hyperparameter optimization
/// (AISTATS 2016).
struct SuccessiveHalving {
  std::int64_t eta = 3;
  std::int64_t min_epochs = 1;  ///< least epochs of the first rung

  bool operator==(const SuccessiveHalving&) const = default;
};

/// How many hyperparameters a quasi-random search takes.
inline constexpr int most_sobol_dimensions = 24;

/// [sweep] with its values read.
struct SweepSettings {
  std::int64_t trials = 32;
  Search search = Search::random;
  Metric metric = Metric::validation_loss;
  std::optional<SuccessiveHalving> halving;
  std::int64_t ranks_per_trial = 1;
  std::vector<Dimension> space;  ///< sorted by key
};

/// @throws Error(usage)  a value that cannot be, or a search that does not fit the rest of the config; names the key
SweepSettings read_sweep(const Config& config);

/// The config with every key of [sweep] that has a default.
Config complete(const Config& config);

/// Why a sweep under `before` may not go on under `now`, naming the key; empty where the outcomes that there are stay
/// what they are. More trials are fine where a trial does not depend on how many there are.
std::string obstacle(const SweepSettings& before, const SweepSettings& now);

std::string to_string(Search search);
std::string to_string(Metric metric);  ///< "validation.loss"

}  // namespace shoal
