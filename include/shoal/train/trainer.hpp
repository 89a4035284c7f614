#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shoal/comm/communicator.hpp"
#include "shoal/config/config.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/infer/evaluation.hpp"
#include "shoal/nn/model.hpp"
#include "shoal/optim/optimizer.hpp"

namespace shoal {

/// How Trainer::fit trains; the keys of the same name in a config.
struct FitOptions {
  std::int64_t epochs = 10;
  std::int64_t batch_size = 64;  ///< global
  std::uint64_t seed = 1;
  std::vector<std::string> train = {"train"};
  Validation validation = {};
  std::string normalize = "standard";
  std::int64_t one_hot = 32;
  double unseen_rate = 0.01;
  AugmentSettings augment = {};
  std::string normalize_targets = "auto";
  std::int64_t leaves = 0;
  ScheduleSettings schedule = {};
  EarlyStopping early_stopping = {};
  ClassWeights class_weights = {};
  Metric metric = Metric::validation_loss;  ///< what early stopping goes by
  double average_decay = 0.0;               ///< of an average of weights, which is what is evaluated; 0: none
  bool exact_statistics = false;            ///< batch norm's from the whole training set at the end
  bool quiet = false;                       ///< no progress on standard error
};

/// Trains a model on all ranks of a communicator. All functions are collective and give every rank the same result.
class Trainer {
 public:
  /// comm outlives the trainer. model: of as many inputs as a row of the data has numbers; what training on a table
  /// makes of them, categories among them, comes in front of it.
  Trainer(const Model& model, const OptimizerSettings& optimizer, Communicator& comm);
  Trainer(Trainer&&) noexcept;
  ~Trainer();

  /// Trains from the initial parameters, and returns the last evaluation of the validation split, or the last epoch's
  /// average on the training split where there is none.
  /// @throws Error  usage, bad_data, or diverged
  Evaluation fit(const Dataset& data, const FitOptions& options = {});
  /// After fit(), with test-time batch norm: loss and all metrics.
  Evaluation evaluate(const Dataset& data, const std::string& split = "test");
  /// After fit(): a checkpoint that the command line and others read. Rank 0 writes it, atomically.
  void save(const std::string& path);
  /// After fit(): the digest of what save() writes.
  std::string digest();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shoal
