#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "shoal/comm/communicator.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/data/normalization.hpp"
#include "shoal/graph/executor.hpp"
#include "shoal/infer/evaluation.hpp"
#include "shoal/nn/model.hpp"
#include "train/batch_reader.hpp"
#include "train/row_loader.hpp"

namespace shoal {

/// Reads rows of a split, normalises them, and lays them into an executor's inputs.
class Feeder {
 public:
  Feeder(const Model& model, Executor<float>& executor) : model_(model), executor_(executor) {}

  void set_normalization(Normalization normalization) { normalization_ = std::move(normalization); }
  const Normalization& normalization() const { return normalization_; }
  Executor<float>& executor() { return executor_; }
  const Model& model() const { return model_; }

  void feed(const Split& split, std::span<const std::int64_t> rows);
  void feed_features(const Split& split, std::span<const std::int64_t> rows);
  /// A batch that was read ahead, in place of the executor's inputs: nothing is copied.
  void feed(ReadBatch& batch);

 private:
  Model model_;
  Executor<float>& executor_;
  Normalization normalization_;
  RowLoader loader_;
};

/// Collective. Loss and accuracy over a whole split, in file order, with test-time batch norm.
/// @param capacity  samples at a time, at least leaf_samples
Evaluation evaluate_split(Feeder& feeder, const Split& split, std::int64_t leaf_samples, std::int64_t capacity,
                          Communicator& comm);

}  // namespace shoal
