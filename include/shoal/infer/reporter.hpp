#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "shoal/infer/trained_model.hpp"
#include "shoal/tensor/panels.hpp"

namespace shoal {

/// What a row of predictions holds.
struct PredictionLayout {
  explicit PredictionLayout(const TrainedModel& trained);
  PredictionLayout(const Model& model, const DataDescription& data, const Normalization& targets);

  std::int64_t columns;     ///< K; two for a single output that tells two classes apart
  bool probabilities;       ///< else outputs, in the units of the file
  bool labels;              ///< and the class that the logits stand for
  std::int64_t levels = 1;  ///< of a target: quantiles, beside one another in a row, from the lowest level on
  bool precise = false;     ///< outputs differ by less than float32 can tell, and are given in float64
  std::vector<std::string> class_names;
  std::vector<std::string> names;  ///< of columns: p_<class>, else the target's in the file or output_<k>; of several
                                   ///< levels of a target <target>_q<level>
};

/// The first line of predictions as CSV, without its end: label where there are labels, then the names.
std::string header_line(const PredictionLayout& layout);

struct Predictions {
  std::vector<float> values;         ///< (N, K) row-major
  std::vector<double> precise;       ///< the same before rounding, where the layout is precise; else empty
  std::vector<std::int32_t> labels;  ///< (N), from 0; empty where the layout has none
};

/// Rows where a quantile of a target lies below that of a lower level: no distribution has such, and a loss of its own
/// for each level does not keep a model from it.
std::int64_t crossing_rows(const PredictionLayout& layout, const Predictions& made);
/// What is to be said of so many of them; empty: of none.
std::string crossing_note(std::int64_t crossing, std::int64_t rows);

/// What rows of a model's outputs are reported as.
class Reporter {
 public:
  /// @param name  of the model, for messages
  Reporter(std::string name, const Model& model, const DataDescription& data, const Normalization& targets);

  const PredictionLayout& layout() const { return layout_; }
  /// Of the first `rows`. row_name: of row r, for messages: "row 3 of ..." @throws Error(diverged)  an output is not
  /// finite
  Predictions report(Panels<const float> outputs, std::int64_t rows,
                     const std::function<std::string(std::int64_t r)>& row_name) const;
  /// Of one row, without any memory. What is reported is the nearest float32, unless the layout is precise.
  /// @param reported  (K), overwritten
  /// @param label     overwritten where the layout has labels
  /// @returns false when an output is not finite
  bool report(Panels<const float> outputs, std::int64_t row, std::span<double> reported, std::int32_t& label) const;
  /// @throws Error(diverged)  that says so
  [[noreturn]] void refuse(const std::string& row_name) const;

 private:
  std::string name_;
  Loss loss_;
  PredictionLayout layout_;
  std::int32_t last_class_;
  std::vector<double> mean_, deviation_;  // of each output; empty: as they are
};

/// For what comes out of the parameters of a run that diverged, or of features that it has never seen the like of.
/// @throws Error(diverged)
[[noreturn]] void refuse_not_finite(const std::string& what);

}  // namespace shoal
