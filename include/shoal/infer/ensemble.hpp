#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "shoal/infer/predictor.hpp"

namespace shoal {

/// Of the members of a regression, in the spread.
inline constexpr std::array<double, 3> member_quantiles = {0.05, 0.5, 0.95};

/// Numbers of a row that say how far members agree.
struct SpreadPart {
  std::string array;                ///< in HDF5: (N, shape...)
  std::vector<std::int64_t> shape;  ///< of a row; empty: one number
  std::vector<std::string> names;   ///< of the same numbers as columns of a CSV, row-major
};

/// What the spread of a layout holds. K: its columns; p: probabilities; all by natural logarithms.
///   deviation           (N, K), deviation_<column>: population deviation of the members
///   entropy             (N), of one class a row: of the mean, -sum_k p_k ln p_k with the p divided by their sum
///   mutual_information  (N), likewise: that entropy less the mean of the members' own, 0 where they agree; it is what
///                       they do not know, beside what cannot be known (Depeweg et al., Decomposition of uncertainty in
///                       Bayesian deep learning, ICML 2018)
///   quantiles           (N, K, 3), members_q<level>_<column>, of outputs: the levels member_quantiles of the members,
///                       between two of them in a straight line (NumPy's default)
std::vector<SpreadPart> spread_parts(const PredictionLayout& layout);

struct EnsemblePredictions {
  Predictions mean;                         ///< labels: the class of the largest mean, the first of several
  std::vector<double> exact;                ///< (N, K): the means before they are rounded to float32
  std::vector<std::vector<double>> spread;  ///< of each of spread_parts(), row-major; empty where not asked for
};

/// What an ensemble says of rows: the mean, in float64 and in the order given, of what each member reports by itself.
/// Source: Lakshminarayanan, Pritzel and Blundell, Simple and scalable predictive uncertainty estimation using deep
/// ensembles (NIPS 2017).
/// @param layout   of the ensemble: see layout_of()
/// @param members  of the same rows, at least one
EnsemblePredictions mean_of(const PredictionLayout& layout, std::span<const Predictions> members, bool spread);

/// A member as others see it. name: for messages
struct MemberView {
  std::string name;
  const PredictionLayout& layout;
  const DataDescription& data;
};
/// Whether members predict the same of the same columns: classes and their names, or targets and theirs; the names and
/// types of features, in any order. Architectures, encodings and normalisations are each member's own.
/// @throws Error(bad_data)  names two that do not, and how they differ
void require_same_answers(std::span<const MemberView> members);
/// That of the first, precise where that of any is.
PredictionLayout layout_of(std::span<const MemberView> members);

/// Several trained models for rows in memory, as Predictor has one: bit for bit what `shoal predict A B C` writes.
/// Members of different losses of numbers (mse, mae) are taken here, which that command refuses.
class Ensemble {
 public:
  /// @param paths    checkpoints or folders of runs, in the order that they are added up in
  /// @throws Error  as Predictor; usage: no path; bad_data: they do not predict the same
  explicit Ensemble(const std::vector<std::string>& paths, WhichWeights which = WhichWeights::judged, int threads = 0);

  const std::vector<Predictor>& members() const { return members_; }
  const PredictionLayout& layout() const { return layout_; }

  /// As those of Predictor. Numbers (N, D) are in the order of the first member's columns, and with its codes of
  /// categories. @throws Error  also usage: a member has other codes or another order; give columns by name
  EnsemblePredictions predict(std::span<const float> x, bool spread = false) const;
  EnsemblePredictions predict(std::span<const double> x, bool spread = false) const;
  EnsemblePredictions predict(std::int64_t rows, const NamedColumns& columns, bool spread = false) const;

 private:
  template <class Predict>
  EnsemblePredictions ask(bool spread, const Predict& predict) const;
  void require_same_numbers() const;

  std::vector<std::string> names_;
  std::vector<Predictor> members_;
  PredictionLayout layout_;
};

}  // namespace shoal
