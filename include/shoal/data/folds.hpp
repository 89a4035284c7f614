#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shoal/data/dataset.hpp"

namespace shoal {

/// Which of `folds` parts each row of a split belongs to, from 0, for cross-validation: a function of (seed, folds, and
/// the labels and groups of the rows), so that it may be worked out by anyone who trains on one of them.
///   labels  every class is dealt out as evenly as can be: a class has the same number of rows in all folds, or one
///           more in some; so have the folds altogether
///   numbers and shares  rows are dealt out at random, as evenly
///   groups  (where the data keep them) no group is cut: the largest first, each goes to the fold that has the least of
///           what it brings, class by class; then sizes are only as even as groups allow
/// Sources: as StratifiedKFold, KFold and StratifiedGroupKFold of scikit-learn, with other random numbers.
struct FoldPlan {
  std::vector<std::int32_t> fold_of;  ///< by row
  bool grouped = false;
  /// A line for people on classes that have fewer rows than there are folds, so that some validate without them; empty:
  /// there is none.
  std::string note = {};

  std::vector<std::int64_t> rows_in(std::int64_t fold) const;       ///< rising
  std::vector<std::int64_t> rows_outside(std::int64_t fold) const;  ///< of it, rising
};

/// Reads the labels of all rows. class_names: for the note; may be empty
/// @throws Error(usage)  fewer rows, or groups, than folds
FoldPlan plan_folds(const Split& split, std::int64_t folds, std::uint64_t seed,
                    const std::vector<std::string>& class_names);

/// The rows of a split that a fraction sets apart, rising: hold_out() of all; where the data keep groups, whole groups,
/// from those of each class its share, as many as bring the sum nearest to fraction_count(). Nothing, or all rows,
/// where groups are too large.
std::vector<std::int64_t> hold_out_of(const Split& split, double fraction, std::uint64_t seed);

/// The same of bare numbers. classes, groups: of each row, any numbers, or empty
/// @param fold_of  of `rows` elements
void deal_folds(std::int64_t folds, std::uint64_t seed, const std::vector<std::int64_t>& classes,
                const std::vector<std::int64_t>& groups, std::vector<std::int32_t>& fold_of);

}  // namespace shoal
