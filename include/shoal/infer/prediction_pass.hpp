#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "shoal/core/tree_sum.hpp"
#include "shoal/graph/executor.hpp"
#include "shoal/infer/checkpoint.hpp"

namespace shoal {

/// Rows that are predicted at a time.
inline constexpr std::int64_t prediction_block = 1024;

/// What predictions take from a checkpoint.
struct TrainedModel {
  /// @throws Error  bad_data: the archive does not fit the model, or itself; usage: it has no such weights
  TrainedModel(const Archive& archive, Model made, WhichWeights which = WhichWeights::judged);

  /// D: numbers of a row of the data, before the encoding.
  std::int64_t features() const { return encoding.columns.empty() ? model.inputs() : std::ssize(encoding.columns); }

  std::string path;  ///< of the checkpoint, for messages
  Model model;
  DataDescription data;
  std::int64_t step;  ///< finished updates
  Encoding encoding;
  Normalization targets;  ///< what they were put through, which predictions undo
  std::string weights;    ///< "average" or "last" of a checkpoint that has both; else empty
  Buffer<float> parameters;
  std::vector<double> states;
};

/// What a row of predictions holds.
struct PredictionLayout {
  explicit PredictionLayout(const TrainedModel& trained);
  PredictionLayout(const Model& model, const DataDescription& data, const Normalization& targets);

  std::int64_t columns;  ///< K; two for a single output that tells two classes apart
  bool probabilities;    ///< else outputs, in the units of the file
  bool labels;           ///< and the class that the logits stand for
  bool precise = false;  ///< outputs differ by less than float32 can tell, and are given in float64
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

/// What rows of a model's outputs are reported as.
class Reporter {
 public:
  /// @param name  of the model, for messages
  Reporter(std::string name, const Model& model, const DataDescription& data, const Normalization& targets);

  const PredictionLayout& layout() const { return layout_; }
  /// Of the first `rows`. row_name as below. @throws Error(diverged)  an output is not finite
  Predictions report(Panels<const float> outputs, std::int64_t rows,
                     const std::function<std::string(std::int64_t r)>& row_name) const;

 private:
  std::string name_;
  Loss loss_;
  PredictionLayout layout_;
  std::int32_t last_class_;
  std::vector<double> mean_, deviation_;  // of each output; empty: as they are
};

/// Blocks of rows through a trained model, with test-time batch norm.
class PredictionPass {
 public:
  /// trained and sums outlive it.
  /// @param capacity         most rows of a block
  /// @param processes_on_host  that take as much memory at the same time
  /// @throws Error(bad_data)  when a block would take more than half of the memory that this process may use
  PredictionPass(TrainedModel& trained, std::int64_t capacity, TreeSum& sums, int processes_on_host = 1);

  std::int64_t capacity() const { return capacity_; }
  /// Whose input takes the rows, normalised.
  Executor<float>& executor() { return executor_; }
  /// What the model makes of the first `rows` in the input. row_name: of row r, for messages: "row 3 of ..."
  /// @throws Error(diverged)  an output is not finite
  Predictions predict(std::int64_t rows, const std::function<std::string(std::int64_t r)>& row_name);

 private:
  TrainedModel& trained_;
  Reporter reporter_;
  std::int64_t capacity_;
  Executor<float> executor_;
};

/// For what comes out of the parameters of a run that diverged, or of features that it has never seen the like of.
/// @throws Error(diverged)
[[noreturn]] void refuse_not_finite(const std::string& what);

}  // namespace shoal
