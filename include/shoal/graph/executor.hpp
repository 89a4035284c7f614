#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "shoal/core/tree_sum.hpp"
#include "shoal/graph/graph.hpp"
#include "shoal/tensor/buffer.hpp"

namespace shoal {

/// One pass over samples: which leaves this process holds, and what random numbers depend on.
struct Batch {
  const LeafShare* share = nullptr;
  LeafRange leaves;       ///< leaves in the buffers now: share->range(), or a part of it when testing
  bool training = false;  ///< test time otherwise: running averages, no dropout
  std::uint64_t seed = 0;
  std::uint64_t step = 0;                    ///< the update under way, from 1
  std::span<const std::int64_t> sample_ids;  ///< data-set row of each sample of the run; may be empty when testing
  std::span<const double> weights = {};      ///< of each sample of the run; empty: all count alike

  std::int64_t first_sample() const { return share->cut().begin(leaves.first); }
  std::int64_t samples() const { return share->cut().begin(leaves.last) - first_sample(); }
};

struct ChainValues;
struct Phase;
struct TaskGroup;
struct PassSchedules;

/// Told that the gradients of all parameters from this one on (graph.parameters() order) are complete.
using GradientsComplete = std::function<void(std::size_t parameter)>;

/// Runs a graph on this process's leaves of a batch, forward and backward. T = float trains; T = double checks
/// derivatives. The bits of everything depend on the leaves alone, not on which process or thread did them.
template <class T>
class Executor {
 public:
  /// @param capacity  most samples in the buffers at a time
  /// @param sums      finishes sums over the batch; outlives this
  Executor(const Graph& graph, std::int64_t capacity, TreeSum& sums);
  ~Executor();

  /// The flat buffers to work on; they outlive this. parameters: graph.parameter_size(), states: graph.state_size().
  void bind(T* parameters, std::span<double> states);

  /// Where the caller writes an input's rows before forward (padding stays zero).
  Panels<T> input(Value value) const;
  /// Of a value that is kept: of images, what a chain of operations passes on tile by tile is not.
  Panels<const T> value(Value value) const;
  /// Takes a buffer that was filled like input() in place of the one that it has, and gives that back.
  void exchange_input(Value value, Buffer<T>& buffer);

  /// Collective when the batch needs sums. Computes values up to `until`. If `until` is a reduction (a loss), its
  /// statistics are left per leaf, see leaf_statistics(), and its value is not made: the caller's own message carries
  /// it.
  void forward(const Batch& batch, Value until);
  /// (leaves of the run, width) of the reduction that forward stopped at.
  std::span<const double> leaf_statistics() const { return leaf_statistics_; }  // valid until the next pass
  std::int64_t statistics_width() const { return statistics_width_; }
  /// Makes the value of the reduction that forward stopped at.
  void finish(std::span<const double> merged);

  /// Collective when the batch needs sums. After forward: derivative of `until` with respect to every parameter, summed
  /// over samples. partials: one flat buffer per tree node of this rank, batch.share->nodes() order; overwritten.
  /// @param complete  called on this thread, outside any task, with falling numbers; the weights may still be in use
  void backward(std::span<T* const> partials, const GradientsComplete& complete = {});

  /// Test-time forward to the input of the operation `node`, then its training statistics: (leaves of the run, width).
  std::vector<double> statistics_of(const Batch& batch, std::size_t node);

 private:
  struct Workspace {
    Buffer<T> value, auxiliary, derived;
    std::shared_ptr<Buffer<T>> gradient;                    // other nodes may have it before or after; null: none
    std::vector<std::pair<std::size_t, std::size_t>> uses;  // (node, input number), in order of use
    std::vector<ValueShape> input_shapes;
    bool per_sample = false;                   // works per sample
    std::int64_t pitch = panel_width;          // of its rows: see row_pitches()
    std::int64_t gradient_rows = panel_width;  // of a parameter: see gradient_rows()
    RowBlock<T> everything;                    // what its operation sees, without the numbers of a batch
    RowBlock<T> all_rows;                      // what it sees of all rows of the batch
    std::vector<double> statistics;
    std::vector<double> leaf_sums;  // the statistics of each leaf in the backward pass, where gradients stand in them
  };
  /// Samples in the buffers.
  struct SampleRange {
    std::int64_t first = 0;
    std::int64_t count = 0;
    bool operator==(const SampleRange&) const = default;
  };
  /// Pieces of the leaves in the buffers, [first, last): the least that a task does.
  struct PieceRange {
    std::int64_t first = 0;
    std::int64_t last = 0;
  };

  Panels<T> value_panels(std::size_t id) const;
  Panels<T> gradient_panels(std::size_t id) const;
  RowBlock<T> everything(std::size_t id) const;
  void begin(const Batch& batch, std::size_t until);
  SampleRange samples_of(LeafRange leaves) const;
  std::int64_t pieces_of_leaf() const;
  std::int64_t pieces() const;
  SampleRange samples_of(PieceRange pieces) const;
  /// What node `id`'s operation sees of some samples: nothing per sample where there are none.
  RowBlock<T> view(std::size_t id, SampleRange samples) const;
  void narrow(RowBlock<T>& block, SampleRange samples) const;
  /// The same without a copy where the samples are all there are; `storage` holds it else.
  const RowBlock<T>& view(std::size_t id, SampleRange samples, RowBlock<T>& storage) const;
  /// Puts this thread's tiles in the place of values and gradients that are not kept.
  void place_tiles(std::size_t id, RowBlock<T>& block) const;
  T* chain_tile(int number) const;
  std::span<double> state_of(std::size_t id) const;

  // executor_phases.cpp
  void run(const Phase& phase, Pass pass, std::span<T* const> partials);
  void run_tiles(const TaskGroup& group, Pass pass, std::int64_t panel, PieceRange pieces);
  void forward_tile(std::size_t id, SampleRange samples, std::int64_t panel);
  void piece_statistics(std::size_t id, Pass pass, std::int64_t panel, PieceRange pieces, bool training);
  void fold_pieces(std::size_t id, std::size_t width, const Merge& merge);
  void synchronize(std::size_t id, Pass pass);
  void forward_whole(std::size_t id);
  void reserve_statistics(std::size_t id, Pass pass, bool training);

  // executor_backward.cpp
  void share_gradients();
  void pull_gradient(std::size_t id, SampleRange samples, std::int64_t panel);
  void pull_whole_gradient(std::size_t id);
  void pull_by_samples(std::size_t id);
  void parameter_tile(std::size_t id, std::int64_t task, std::span<T* const> partials);
  bool used_by(std::size_t id, bool per_sample) const;

  const Graph& graph_;
  std::int64_t capacity_;
  std::int64_t piece_samples_ = 0;  // samples in each piece of a leaf; the last may be short; 0: all of the leaf
  TreeSum& sums_;
  std::vector<Workspace> work_;
  T* parameters_ = nullptr;
  std::span<double> states_;
  Batch batch_;
  std::size_t until_ = 0;
  std::unique_ptr<PassSchedules> schedules_;
  std::unique_ptr<const ChainValues> chain_values_;  // null: all values are kept
  // The pass that gradients of images have buffers for: where it ends (0: none), and whether it trains.
  std::pair<std::size_t, bool> gradients_of_ = {0, false};
  std::unique_ptr<ChainValues> chain_gradients_;  // of that pass
  std::int64_t chain_tile_size_ = 0;
  std::vector<std::size_t> prepared_;  // nodes that prepare the backward pass
  std::vector<bool> reached_;          // nodes that `until` depends on
  std::span<const double> leaf_statistics_;
  std::int64_t statistics_width_ = 0;
  std::vector<double> merged_;
};

extern template class Executor<float>;
extern template class Executor<double>;

}  // namespace shoal
