#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace shoal {

struct Config;

enum class Search { random, grid, quasi_random, coarse_to_fine, bayesian, tpe };
std::string to_string(Search search);
bool learns(Search search);  ///< round by round, from the trials of the rounds before: bayesian, tpe

/// What trials, and a model as it was and is, are compared by.
enum class Metric {
  validation_loss,
  validation_accuracy,
  validation_balanced_accuracy,
  validation_macro_f1,
  validation_auc,
  validation_average_precision,
  validation_rmse,
  validation_mae,
  validation_r2,
  train_loss
};
std::string to_string(Metric metric);   ///< "validation.loss"
std::string short_name(Metric metric);  ///< "loss": as evaluations name it
bool higher_is_better(Metric metric);
bool is_loss(Metric metric);
bool is_of_classes(Metric metric);          ///< needs labels and a loss that tells classes
bool is_of_several_classes(Metric metric);  ///< of these what there is also where a row may have several
bool is_of_numbers(Metric metric);          ///< needs targets that are numbers

/// How the values of a hyperparameter lie between its ends. The logarithmic ones spend as much on every factor of ten.
enum class Scale {
  linear,
  log,            ///< 10^r, r uniform
  one_minus_log,  ///< 1 - 10^r, r uniform: as much on 0.9..0.99 as on 0.99..0.999, for momentum and Adam's betas
  choices,        ///< one of a list
};

/// One hyperparameter of a search. A value is told by its place u from 0 to 1 on the hyperparameter's own scale: u
/// uniform draws what the scale promises, and what is near in u is near in effect.
struct Dimension {
  std::string key = {};  ///< in full: "optimizer.learning_rate"
  Scale scale = Scale::linear;
  double min = 0.0;  ///< both ends belong to the range; unused with choices
  double max = 0.0;
  bool integer = false;                   ///< whole numbers, the ends as likely as those inside
  std::vector<std::string> choices = {};  ///< as TOML

  bool operator==(const Dimension&) const = default;
};

/// Trials are trained for a few epochs, the best 1/eta of them for about eta times as many, and so on up to
/// train.epochs. Source: Jamieson and Talwalkar, Non-stochastic best arm identification and hyperparameter optimization
/// (AISTATS 2016).
struct SuccessiveHalving {
  bool enabled = false;
  std::int64_t eta = 3;
  std::int64_t min_epochs = 1;  ///< least epochs of the first rung

  bool operator==(const SuccessiveHalving&) const = default;
};

/// Population-based training, in generations that all members begin and end together: after each, those that are cut
/// off go on from the checkpoint of one of the best, with its hyperparameters, those that may be nudged moved a step.
/// Source: Jaderberg et al., Population based training of neural networks (2017), with exploit by truncation.
struct PopulationSettings {
  std::int64_t members = 0;     ///< sweep.population; 0: off
  std::int64_t generation = 0;  ///< sweep.generation: epochs; 0: a tenth of train.epochs, rounded up
  double exploit = 0.25;        ///< sweep.exploit: share of the members that is cut off, and that is copied

  bool enabled() const { return members > 0; }
  std::int64_t epochs_of_generation(std::int64_t epochs) const {
    return generation > 0 ? generation : (epochs + 9) / 10;
  }
  bool operator==(const PopulationSettings&) const = default;
};

/// Whether the best setting is trained once more, on the rows to train and to validate on together. In TOML: "auto",
/// true, false.
enum class FinalFit {
  automatic,  ///< where trials have folds: none of their models knows all rows
  yes,
  no
};

/// How many hyperparameters a quasi-random search takes.
inline constexpr int most_sobol_dimensions = 24;

/// [sweep]. It is none where nothing differs from the defaults: a sweep needs a space.
struct SweepSettings {
  std::int64_t trials = 32;
  Search search = Search::random;
  std::int64_t round = 0;  ///< trials of a round of a search that learns; 0: by default_round(), once and for all
  Metric metric = Metric::validation_loss;
  std::int64_t ranks_per_trial = 1;
  std::int64_t keep = 5;  ///< how many of the best trials' checkpoints stay at the end
  SuccessiveHalving successive_halving;
  PopulationSettings population;
  std::vector<Dimension> space;  ///< sorted by key
  std::int64_t folds = 0;  ///< models of each trial, each validated on another part of the split train; 0: one model
  FinalFit final_fit = FinalFit::automatic;

  bool folded() const { return folds > 0; }
  std::int64_t models() const { return folded() ? folds : 1; }  ///< of a trial
  bool fits_finally() const { return final_fit == FinalFit::yes || (final_fit == FinalFit::automatic && folded()); }

  bool operator==(const SweepSettings&) const = default;
};

/// Without a space it is a sweep of one trial, the config itself: for cross-validation.
/// @throws Error(usage)  no space for several trials, or a search that does not fit the rest of the config; names the
/// key
void check_sweep(const Config& config);

/// The members of a population are its trials: sets sweep.trials where nobody has.
void count_members(Config& config);

/// sweep.round of a sweep that begins with so many groups of ranks: two for each, so that none waits long for another,
/// but at most a quarter of the trials, so that there are rounds to learn from.
std::int64_t default_round(const SweepSettings& settings, std::int64_t groups);

/// Why a sweep under `before` may not go on under `now`, naming the key; empty where the outcomes that there are stay
/// what they are. More trials are fine where a trial does not depend on how many there are.
std::string obstacle(const SweepSettings& before, const SweepSettings& now);

}  // namespace shoal
