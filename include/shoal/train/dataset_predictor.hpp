#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "shoal/comm/communicator.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/infer/checkpoint.hpp"
#include "shoal/infer/evaluation.hpp"
#include "shoal/infer/prediction_pass.hpp"
#include "shoal/train/explanation.hpp"

namespace shoal {

/// A trained model from a checkpoint for data sets, of which all ranks do their share: with test-time batch norm and
/// the normalisation that it was trained with. Ranks that wait for others are watched as while training: no call hangs.
class DatasetPredictor {
 public:
  /// Collective. Rank 0 reads the file. @throws Error  no_input, bad_data; usage: it has no such weights
  DatasetPredictor(const std::string& checkpoint, Communicator& comm, WhichWeights which = WhichWeights::judged);
  DatasetPredictor(DatasetPredictor&&) noexcept;
  ~DatasetPredictor();

  std::int64_t step() const;                  ///< finished updates of the checkpoint
  const std::string& digest() const;          ///< of the checkpoint, as `shoal inspect` shows it
  const DataDescription& trained_on() const;  ///< shape and columns of a row, classes and their names
  const PredictionLayout& layout() const;     ///< of what predict() writes
  const std::string& weights() const;         ///< "average" or "last" of a checkpoint that has both; else empty

  /// Collective. Loss and all metrics, those of what predict() writes.
  /// @throws Error  bad_data: data and model do not fit: features, classes or class names; or ranks
  ///                have opened other data; the numbers are plainly on another scale (bytes for 0 to 1);
  ///                usage: more rows than there is memory to judge;
  ///                diverged: the loss is not finite
  Evaluation evaluate(const Dataset& data, const std::string& split);
  /// The same of some rows of the data set, which every rank has chosen alike.
  Evaluation evaluate(const Dataset& data, const Split& split);

  /// Collective. How much a metric suffers when the values of one column are handed round among the rows, by counter,
  /// for each column that the model was trained on: of a table its own columns, whatever their encoding. Rows keep
  /// their places; what is held is a column at a time. The same bits for any number of ranks.
  /// Source: Breiman, Random forests (Machine Learning 2001); Fisher, Rudin and Dominici, All models are wrong, but
  /// many are useful (JMLR 2019), of the same for any model.
  /// @throws Error  as evaluate(); usage: no such metric, one that the split cannot have, large images
  Explanation explain(const Dataset& data, const std::string& split, const ExplainOptions& options);

  /// Collective; rank 0 writes `out`, whole or not at all. Needs no y. By the ending of `out`:
  ///   .csv, or "-" for standard output: a line a row: the ids that the data keep, under their names, label, then the
  ///          columns of PredictionLayout::names
  ///   else   HDF5: `probabilities` (N, K) float32 and `labels` (N) int32, or `outputs` (N, K) for a regression and
  ///          `output_names`; float64 where float32 could not tell outputs apart, see PredictionLayout::precise;
  ///          `ids/0`, ... as in data sets, and `id_names`
  /// Without classes, of which each row may have several (a sigmoid of float targets), there are no labels.
  /// @returns rows predicted  @throws Error  as evaluate(); diverged: an output is not finite
  std::int64_t predict(const Dataset& data, const std::string& split, const std::string& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shoal
