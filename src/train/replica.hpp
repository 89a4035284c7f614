#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "shoal/comm/gradient_exchange.hpp"
#include "shoal/graph/executor.hpp"
#include "shoal/nn/model.hpp"
#include "shoal/optim/optimizer.hpp"
#include "train/drift.hpp"

namespace shoal {

/// One rank's replica of the parameters, its part of the gradient, and its slices of the optimizer's state.
class Replica {
 public:
  /// Collective.
  /// @param capacity  most samples of one pass on this rank
  /// @param nodes     most tree nodes that this rank owns: those of a full batch
  Replica(const Model& model, const std::string& optimizer, Communicator& comm, std::int64_t capacity,
          std::size_t nodes);

  Executor<float>& executor() { return executor_; }
  /// Another one on the same parameters and states, for more samples at a time.
  std::unique_ptr<Executor<float>> make_executor(std::int64_t capacity);
  /// One copy for all ranks of a host: to read.
  std::span<const float> parameters() { return exchange_.parameters(); }
  /// Calls `fill` on the ranks whose copy it is. A collective must come before, and one after it on every rank.
  void fill_parameters(const std::function<void(std::span<float>)>& fill);
  std::span<double> states() { return states_; }
  /// What every rank must hold alike.
  Held held() { return {graph_, parameters(), states()}; }
  std::span<const std::string_view> moment_names() const { return optimizer_.moments(); }

  /// Collective. Gradient of the executor's batch, one partial per tree node of this rank. Sums over ranks begin.
  void backward(const LeafShare& share);
  /// Collective, after backward(): sums over ranks, one update of the slices owned, parameters to all.
  /// @param scalars  without clip_factor and decay, which follow from the gradient and the parameter
  void update(UpdateScalars scalars);
  /// Collective, after backward() and in place of update().
  void drop_gradient() { exchange_.drop(); }

  /// This rank's slices of one moment, one after the other.
  std::span<float> owned_moment(std::size_t moment) { return moments_[moment].span(); }
  /// Collective. One moment whole, into a flat buffer of rank 0; the others' is not used.
  void gather_moment(std::size_t moment, std::span<float> flat);
  /// Takes the slices owned from a whole flat buffer.
  void set_moment(std::size_t moment, std::span<const float> flat);

 private:
  double clip_factor_of(const UpdateScalars& scalars);
  std::vector<double> trust_ratios(const UpdateScalars& scalars);
  std::vector<double> by_chunk(std::span<const double> mine, std::size_t width);
  std::array<float*, most_moments> moments_at(std::int64_t begin);
  std::size_t place_of(std::int64_t chunk) const {
    return static_cast<std::size_t>(place_[static_cast<std::size_t>(chunk)]);
  }

  const Graph& graph_;
  Communicator& comm_;
  Executor<float> executor_;
  Optimizer optimizer_;
  BucketPlan plan_;
  GradientExchange exchange_;
  std::vector<double> states_;
  std::vector<float*> partials_;
  // Chunks that this rank owns, by number, and where each begins in the owned buffers below.
  std::vector<std::int64_t> owned_chunks_;
  std::vector<std::int64_t> owned_begin_;  // owned chunks + 1
  std::vector<std::int64_t> place_;        // chunk -> position in owned_chunks_, -1 elsewhere
  std::vector<std::size_t> parameter_;     // that a chunk is of
  std::vector<Buffer<float>> moments_;
};

}  // namespace shoal
