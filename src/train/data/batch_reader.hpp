#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "shoal/core/leaf_tree.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/data/epoch_order.hpp"
#include "shoal/data/row_encoder.hpp"
#include "shoal/tensor/buffer.hpp"
#include "shoal/train/batch_cut.hpp"
#include "train/data/encoded_rows.hpp"
#include "train/data/row_loader.hpp"

namespace shoal {

/// A rank's part of one batch, as a model takes it.
struct ReadBatch {
  std::int64_t step = 0;
  std::optional<LeafShare> share;
  std::vector<std::int64_t> sample_ids;  ///< rows in the file
  std::vector<double> weights;           ///< of the rows; empty: all count alike
  Buffer<float> features;                ///< panels, as the model takes them
  Buffer<float> targets;                 ///< panels of (capacity, targets); share->samples() samples count of both
};

/// Reads, shuffles, decodes and encodes the batches of the next steps on a thread of its own, beside the
/// computation; of few rows in memory, which are encoded once, the caller does it: to copy a batch costs less than to
/// wake a thread. What a batch holds is a function of the arguments and its step alone.
class BatchReader {
 public:
  struct Source {
    Split split;
    std::shared_ptr<const RowEncoder> encoder;
    std::uint64_t seed = 1;
    std::int64_t shuffle_block = 0;
    BatchCut cut;
    ValueShape features;        ///< of a sample in the model
    std::int64_t capacity = 0;  ///< samples in the panels
    std::int64_t targets = 0;   ///< columns of the target panels
    Normalization target_scaling = {};
    std::vector<double> class_weights = {};  ///< empty: all count alike
    double unseen_rate = 0.0;                ///< see UnseenDraw
    AugmentSettings augment = {};            ///< of images
  };

  /// Starts reading for the steps from first_step on, as far ahead as a few batches or 4 MiB go.
  BatchReader(Source source, std::int64_t first_step);
  /// Ends the thread; waits at most for the batch that it is reading.
  ~BatchReader();
  BatchReader(const BatchReader&) = delete;
  BatchReader& operator=(const BatchReader&) = delete;

  /// The step that the next call of next() is for.
  std::int64_t step() const { return step_; }
  /// The batch of step(); waits until it is there. It is the caller's, who may exchange its buffers for others of their
  /// size, until the next call. @throws Error  what went wrong when this batch was read
  ReadBatch& next();

 private:
  struct Slot {
    ReadBatch batch;
    std::exception_ptr fault;
  };

  Panels<float> features_of(ReadBatch& batch) const;
  void run(std::int64_t step);
  void read(std::int64_t step, ReadBatch& batch);
  bool keeps_rows() const;
  bool has_room() const { return filled_ <= (ring_.size() + 1) / 2; }

  const Source source_;
  std::int64_t step_;
  std::vector<Slot> ring_;
  // The helper's own; the caller's where there is none.
  RowLoader loader_;
  std::optional<EncodedRows> encoded_;
  std::unique_ptr<EpochOrder> order_;
  std::int64_t order_epoch_ = 0;
  std::vector<std::int64_t> rows_;
  // Shared, under the mutex.
  std::mutex mutex_;
  std::condition_variable room_;
  std::condition_variable ready_;
  std::size_t filled_ = 0;  // slots read and not given back, the caller's among them
  bool lent_ = false;       // the caller holds one
  bool stop_ = false;
  std::thread helper_;  // last: it uses all of the above; none where rows are few
};

}  // namespace shoal
