#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "shoal/comm/communicator.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/data/row_encoder.hpp"
#include "shoal/graph/executor.hpp"
#include "shoal/infer/evaluation.hpp"
#include "shoal/nn/model.hpp"
#include "train/data/batch_reader.hpp"
#include "train/data/far_values.hpp"
#include "train/data/row_loader.hpp"
#include "train/split_judge.hpp"

namespace shoal {

/// Reads rows of a split, encodes them, and lays them into an executor's inputs.
class Feeder {
 public:
  Feeder(const Model& model, Executor<float>& executor) : model_(model), executor_(executor) {}

  /// Comes before rows do.
  void set_encoder(std::shared_ptr<const RowEncoder> encoder) { encoder_ = std::move(encoder); }
  const std::shared_ptr<const RowEncoder>& encoder() const { return encoder_; }
  void set_target_scaling(Normalization scaling) { target_scaling_ = std::move(scaling); }
  const Normalization& target_scaling() const { return target_scaling_; }
  /// From here on: values of each column of a table that are fed and were not seen in training, and those that are far
  /// from what was. names: of the features, where they have any
  void count_strange(const std::vector<std::string>& names) {
    unseen_.assign(encoder_->encoding().columns.size(), 0);
    far_ = FarValues(encoder_->encoding(), model_.input().shape(), names);
  }
  /// From here on that column of the split has other values.
  void replace_column(const RowLoader::ReplacedColumn& replaced) { loader_.replace_column(replaced); }
  std::span<const std::int64_t> unseen() const { return unseen_; }
  const FarValues& far() const { return far_; }
  Executor<float>& executor() { return executor_; }
  const Model& model() const { return model_; }

  void feed(const Split& split, std::span<const std::int64_t> rows);
  void feed_features(const Split& split, std::span<const std::int64_t> rows);
  /// What each row counts in an evaluation; empty where all count alike. Valid until the next call.
  std::span<const double> weights(const Split& split, std::span<const std::int64_t> rows);
  /// A batch that was read ahead, in place of the executor's inputs: nothing is copied.
  void feed(ReadBatch& batch);

 private:
  Model model_;
  Executor<float>& executor_;
  std::shared_ptr<const RowEncoder> encoder_;
  Normalization target_scaling_;
  std::vector<std::int64_t> unseen_;
  FarValues far_;
  RowLoader loader_;
  std::vector<double> weights_;
};

/// What leaves sum up to after a forward pass, (leaves, 2): their loss and what is right, by weight; or (leaves, 3),
/// where rows have weights, with those. A row is right or not; where it may have several classes (`each_output`), it is
/// right by the share of its outputs that are on the side of 1/2 where the target is.
std::vector<double> leaf_sums(const Executor<float>& executor, const Model& model, bool each_output, const LeafCut& cut,
                              LeafRange range, std::span<const double> weights);

/// Collective. Loss and accuracy over a whole split, in file order, with test-time batch norm.
/// @param classes   of the data that the model was trained on
/// @param capacity  samples at a time, at least leaf_samples
/// @param judge     takes every row, for the metrics; null: there are none
Evaluation evaluate_split(Feeder& feeder, std::int64_t classes, const Split& split, std::int64_t leaf_samples,
                          std::int64_t capacity, Communicator& comm, SplitJudge* judge);

}  // namespace shoal
