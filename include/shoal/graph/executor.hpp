#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "shoal/core/tree_sum.hpp"
#include "shoal/graph/graph.hpp"
#include "shoal/tensor/buffer.hpp"

namespace shoal {

/// One pass over samples: which leaves this process holds, and what random numbers depend on.
struct Batch {
  const LeafShare* share = nullptr;
  LeafRun run;            ///< leaves in the buffers now: share->run(), or a part of it when testing
  bool training = false;  ///< test time otherwise: running averages, no dropout
  std::uint64_t seed = 0;
  std::uint64_t step = 0;                    ///< the update under way, from 1
  std::span<const std::int64_t> sample_ids;  ///< data-set row of each sample of the run; may be empty when testing

  std::int64_t first_sample() const { return share->cut().begin(run.first); }
  std::int64_t samples() const { return share->cut().begin(run.last) - first_sample(); }
};

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

  /// The flat buffers to work on; they outlive this. parameters: graph.parameter_size(), states: graph.state_size().
  void bind(T* parameters, std::span<double> states);

  /// Where the caller writes an input's rows before forward (padding stays zero).
  Panels<T> input(Value value) const;
  Panels<const T> value(Value value) const;
  /// Takes a buffer that was filled like input() in place of the one that it has, and gives that back.
  void exchange_input(Value value, Buffer<T>& buffer);

  /// Collective when the batch needs sums. Computes values up to `until`. If `until` is a reduction (a loss), its
  /// statistics are left per leaf, see leaf_statistics(), and its value is not made: the caller's own message carries
  /// it.
  void forward(const Batch& batch, Value until);
  /// (leaves of the run, width) of the reduction that forward stopped at.
  std::span<const double> leaf_statistics() const { return leaf_statistics_; }
  std::int64_t statistics_width() const { return statistics_width_; }
  /// Makes the value of the reduction that forward stopped at.
  void finish(std::span<const double> merged);

  /// Collective when the batch needs sums. After forward: derivative of `until` with respect to every parameter, summed
  /// over samples. partials: one flat buffer per tree node of this rank, batch.share->nodes() order; overwritten.
  /// complete: called on this thread, between operations, with falling numbers; the weights may still be in use.
  void backward(std::span<T* const> partials, const GradientsComplete& complete = {});

  /// Test-time forward to the input of the operation `node`, then its training statistics: (leaves of the run, width).
  std::vector<double> statistics_of(const Batch& batch, std::size_t node);

 private:
  struct Workspace {
    Buffer<T> value, gradient, auxiliary, derived;
    std::vector<std::pair<std::size_t, std::size_t>> uses;  // (node, input number), in order of use
    std::vector<ValueShape> input_shapes;
  };

  std::int64_t leaf_first(std::int64_t leaf) const { return batch_.share->cut().begin(leaf) - batch_.first_sample(); }
  std::int64_t leaf_rows(std::int64_t leaf) const {
    return batch_.share->cut().end(leaf) - batch_.share->cut().begin(leaf);
  }
  Panels<T> value_panels(std::size_t id) const;
  Panels<T> gradient_panels(std::size_t id) const;
  /// What node `id`'s operation sees of a leaf; leaf -1: everything of a node that works on whole values alone.
  Leaf<T> view(std::size_t id, std::int64_t leaf) const;
  bool works_per_sample(std::size_t id) const;
  std::vector<std::int64_t> leaves_of(std::size_t id) const;
  void statistics(std::size_t id, Pass pass, bool training, std::span<double> per_leaf, std::int64_t width) const;
  void synchronize(std::size_t id, Pass pass);
  void prepare(std::size_t id, Pass pass);
  void run_forward(std::size_t id);
  void pull_gradient(std::size_t id);
  void pull_whole_gradient(std::size_t id);
  void parameter_gradient(std::size_t id, std::span<T* const> partials);
  bool used(std::size_t user) const { return reached_[user]; }
  void reach(std::size_t until);

  const Graph& graph_;
  std::int64_t capacity_;
  TreeSum& sums_;
  std::vector<Workspace> work_;
  T* parameters_ = nullptr;
  std::span<double> states_;
  Batch batch_;
  std::size_t until_ = 0;
  std::vector<bool> reached_;  // nodes that `until` depends on
  std::vector<double> leaf_statistics_;
  std::int64_t statistics_width_ = 0;
};

extern template class Executor<float>;
extern template class Executor<double>;

}  // namespace shoal
