#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "shoal/comm/communicator.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/data/row_encoder.hpp"
#include "shoal/graph/executor.hpp"
#include "shoal/infer/evaluation.hpp"
#include "shoal/nn/model.hpp"
#include "train/batch_reader.hpp"
#include "train/row_loader.hpp"

namespace shoal {

/// Reads rows of a split, encodes them, and lays them into an executor's inputs.
class Feeder {
 public:
  Feeder(const Model& model, Executor<float>& executor) : model_(model), executor_(executor) {}

  /// Comes before rows do.
  void set_encoder(std::shared_ptr<const RowEncoder> encoder) { encoder_ = std::move(encoder); }
  const std::shared_ptr<const RowEncoder>& encoder() const { return encoder_; }
  /// From here on: values of each column of a table that are fed and were not seen in training.
  void count_unseen() { unseen_.assign(encoder_->encoding().columns.size(), 0); }
  std::span<const std::int64_t> unseen() const { return unseen_; }
  Executor<float>& executor() { return executor_; }
  const Model& model() const { return model_; }

  void feed(const Split& split, std::span<const std::int64_t> rows);
  void feed_features(const Split& split, std::span<const std::int64_t> rows);
  /// A batch that was read ahead, in place of the executor's inputs: nothing is copied.
  void feed(ReadBatch& batch);

 private:
  Model model_;
  Executor<float>& executor_;
  std::shared_ptr<const RowEncoder> encoder_;
  std::vector<std::int64_t> unseen_;
  RowLoader loader_;
};

/// Collective. Loss and accuracy over a whole split, in file order, with test-time batch norm.
/// @param capacity  samples at a time, at least leaf_samples
Evaluation evaluate_split(Feeder& feeder, const Split& split, std::int64_t leaf_samples, std::int64_t capacity,
                          Communicator& comm);

}  // namespace shoal
