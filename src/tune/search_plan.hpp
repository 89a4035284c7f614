#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shoal/tune/sweep_view.hpp"
#include "tune/population/population.hpp"
#include "tune/sampler.hpp"

namespace shoal {

/// What trials are compared by, lower is better. Accuracies are often equal, so the loss beside them decides then.
struct Score {
  double value = 0.0;  ///< of the metric; with its sign changed where higher is better
  double loss = 0.0;

  // The zero of a comparison is no pointer. NOLINTNEXTLINE(modernize-use-nullptr)
  auto operator<=>(const Score&) const = default;
};

/// How a trial stands after its latest training.
struct Standing {
  std::int64_t rung = -1;  ///< the last one that it finished, from 0; -1: none
  bool failed = false;
  Score score = {};  ///< of one that did not fail
};

/// Trials that may be trained in any order, by anyone: all of one round on one rung, but for those that equal an
/// earlier one.
struct Stage {
  std::int64_t round = 0;
  std::int64_t rung = 0;
  std::int64_t epochs = 0;    ///< that the trials have at its end; 0: whatever their configs say
  std::int64_t promoted = 0;  ///< how many of them go on to the next rung; 0: this is the last
  std::vector<std::int64_t> trials;
};

/// Which trials are trained for how long. A function of (settings, seed, epochs) and the standings at the ends of the
/// stages before, so that every rank, and a job that goes on, comes to the same.
///
/// A search that learns has a first round of evenly spread trials, and then rounds of sweep.round, each by a model of
/// all trials before: see model/proposals.hpp. The first trials of a round do not depend on how many follow.
///
/// A trial with the values of an earlier one would be trained to the same bits. So it takes the result of that, is in
/// no stage, and is not counted where the best of a round, or its best 1/eta, are taken.
///
/// coarse_to_fine has up to three rounds of equal size. The second and third draw around the best quarter, by number,
/// of a round, taken from all trials so far: several regions survive, in boxes that shrink to 0.4 and 0.16 of every
/// scale.
///
/// A population has one round, whose trials are its members, and whose rungs are its generations: all go on, and some
/// of them from others.
class SearchPlan {
 public:
  /// @param epochs  of a whole training: train.epochs; unused where rungs set none
  /// @param decided  of a search that learns: places of its rounds after the first, as they were decided on before.
  ///                 What is missing, or no place of the space, is decided on anew, which takes a while, to the same
  ///                 end
  SearchPlan(const SweepSettings& settings, std::uint64_t seed, std::int64_t epochs,
             std::vector<std::vector<Place>> decided = {});

  const Stage& stage() const { return stage_; }
  /// Goes to the next stage, false at the end. standings: of all trials so far, after the stage under way
  bool advance(const std::vector<Standing>& standings);

  std::int64_t rounds() const { return rounds_; }
  /// The least sweep.trials with which a search that chooses by results has a second round, and so does; 0: it is none.
  static std::int64_t trials_to_choose(const SweepSettings& settings);
  std::int64_t rungs() const { return rungs_; }
  /// Of the trials so far, by number; of a population as it is in the generation under way.
  const std::vector<Place>& places() const { return places_; }
  const Place& place(std::int64_t trial, std::int64_t rung) const;
  const Population* population() const { return population_ ? &*population_ : nullptr; }
  /// Of coarse_to_fine, where the rounds so far, but the first, draw.
  const std::vector<SearchBox>& boxes() const { return boxes_; }
  std::int64_t round_of(std::int64_t trial) const;
  /// The first trial with the same values, which is the one that is trained; of most trials they themselves.
  std::int64_t original_of(std::int64_t trial) const { return originals_[static_cast<std::size_t>(trial)]; }
  /// How many of the trials so far take the result of an earlier one.
  std::int64_t taken_over() const;
  /// Of the rounds so far, but the first, and those that were decided on before: what a later plan takes as `decided`.
  std::vector<std::vector<Place>> later_rounds() const;
  /// Trainings of the whole sweep, and their epochs where rungs set them (else one each): for estimates of time.
  std::int64_t total_jobs() const;
  std::int64_t total_work() const;
  static std::int64_t work_of(const Stage& stage, std::int64_t epochs_before) {
    return stage.epochs == 0 ? 1 : stage.epochs - epochs_before;
  }
  std::int64_t epochs_of_rung(std::int64_t rung) const;  ///< 0: whatever the trials' configs say

 private:
  bool rungs_set_epochs() const { return settings_.successive_halving.enabled || settings_.population.enabled(); }
  std::int64_t round_size(std::int64_t round) const;
  std::int64_t trained_in(std::int64_t round) const;
  std::int64_t rung_size(std::int64_t round, std::int64_t rung) const;
  std::vector<Place> learned_places(std::int64_t round, const std::vector<Standing>& standings) const;
  void begin_round(std::int64_t round, const std::vector<Standing>& standings);
  void begin_rung(std::int64_t rung, std::vector<std::int64_t> trials);
  bool breed(const std::vector<Standing>& standings);
  bool add_trial(Place place);

  SweepSettings settings_;
  std::uint64_t seed_;
  std::int64_t epochs_;
  std::vector<std::vector<Place>> decided_;
  std::int64_t rounds_ = 1;
  std::int64_t rungs_ = 1;
  std::vector<Place> places_;
  std::vector<std::int64_t> originals_;            // by trial
  std::map<std::string, std::int64_t> by_values_;  // the first trial with these
  std::vector<std::int64_t> trained_;              // trials that are, by round, of those begun
  std::vector<SearchBox> boxes_;
  std::optional<Population> population_;
  Stage stage_;
};

/// The given trials from the best on: those that failed last, then by rung, highest first, by score, by number.
std::vector<std::int64_t> from_best(std::vector<std::int64_t> trials, const std::vector<Standing>& standings);
/// The best of all trials that did not fail.
std::optional<std::int64_t> best_trial(const std::vector<Standing>& standings);

}  // namespace shoal
