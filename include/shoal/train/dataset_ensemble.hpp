#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "shoal/comm/communicator.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/infer/ensemble.hpp"
#include "shoal/infer/evaluation.hpp"

namespace shoal {

/// What an ensemble makes of a split, and each member by itself, in the order given.
struct EnsembleEvaluation {
  /// Metrics of the mean as DatasetEnsemble::predict() writes it. `loss` is the loss of the mean:
  ///   classes   -ln of the mean probability of the true class, in nats; of shares of classes (sigmoid) the binary
  ///             cross-entropy of the mean probabilities; without label smoothing and pos_weight, as `notes` say
  ///   targets   the first member's loss of the mean output, in the units that its targets are normalised to
  Evaluation mean;
  std::vector<Evaluation> members;
};

/// Several trained models that predict the same, for data sets, of which all ranks do their share. Each encodes a row
/// as it was trained. The same bits for any number of ranks; the order given is that in which members are added up.
class DatasetEnsemble {
 public:
  /// Collective. Rank 0 reads the files.
  /// @throws Error  as DatasetPredictor; bad_data: two do not predict the same: see require_same_answers()
  DatasetEnsemble(const std::vector<std::string>& checkpoints, Communicator& comm,
                  WhichWeights which = WhichWeights::judged);
  DatasetEnsemble(DatasetEnsemble&&) noexcept;
  ~DatasetEnsemble();

  /// That of the first, with the categories of all: what raw files are read by.
  const DataDescription& trained_on() const;
  const PredictionLayout& layout() const;               ///< of what predict() writes, without the spread
  const std::vector<std::string>& checkpoints() const;  ///< as given
  std::string weights() const;                          ///< as DatasetPredictor, where that of all is one

  /// Collective. @throws Error  as DatasetPredictor::evaluate()
  EnsembleEvaluation evaluate(const Dataset& data, const std::string& split);
  /// Collective. As DatasetPredictor::predict(), of the mean; with `spread` also the columns or arrays of
  /// spread_parts().
  std::int64_t predict(const Dataset& data, const std::string& split, const std::string& out, bool spread);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shoal
