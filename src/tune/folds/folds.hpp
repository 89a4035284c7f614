#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "tune/outcome.hpp"

namespace shoal {

/// One model of a trial: what is trained by somebody at a time. A trial has one, or with sweep.folds one a fold.
struct TrialPart {
  std::int64_t trial = 0;
  std::int64_t fold = 0;  ///< from 1; 0: the trial's only model
};
/// Of the training of the best setting on all rows, where a part has its fold.
inline constexpr std::int64_t final_fit_fold = -1;

/// Of all the trials, in their order.
std::vector<TrialPart> parts_of(const std::vector<std::int64_t>& trials, const SweepSettings& settings);

/// What the folds of a trial came to together, and in `folds` one by one. Its curve has the means: where training ends
/// at different epochs, a fold that has ended counts with its last point, so that the last point of all is the mean of
/// the last points. It failed if one of them did; then it has no curve. Sums go by fold: the same bits in any order.
/// @param folds  all folds of one trial on one rung, in any order
Outcome combine_folds(std::vector<Outcome> folds);

/// Over the last points of folds that did not fail, two or more, the sample standard deviation (by n - 1) of each
/// measure; its epoch is that of the last.
CurvePoint deviation_of(std::span<const Outcome> folds);

/// Puts trials together from their models, which come in any order.
class FoldGatherer {
 public:
  explicit FoldGatherer(const SweepSettings& settings) : folded_(settings.folded()), models_(settings.models()) {}

  /// The outcome of the trial, where its last model on that rung has come.
  std::optional<Outcome> take(Outcome part);
  /// Models of trials that are not whole, by trial and rung.
  const std::map<std::pair<std::int64_t, std::int64_t>, std::vector<Outcome>>& waiting() const { return waiting_; }

 private:
  bool folded_;
  std::int64_t models_;
  std::map<std::pair<std::int64_t, std::int64_t>, std::vector<Outcome>> waiting_;
};

}  // namespace shoal
