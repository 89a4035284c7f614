#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "shoal/comm/gradient_exchange.hpp"
#include "shoal/graph/executor.hpp"
#include "shoal/nn/model.hpp"
#include "shoal/optim/optimizer.hpp"
#include "train/drift.hpp"

namespace shoal {

/// One rank's replica of the parameters, its part of the gradient, and its slices of the optimizer's state and of the
/// average of weights, where one is kept.
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
  Held held() { return {graph_, parameters(), states(), average_states_}; }
  std::span<const std::string_view> moment_names() const { return optimizer_.moments(); }

  /// Collective. Gradient of the executor's batch, one partial per tree node of this rank. Sums over ranks begin.
  void backward(const LeafShare& share);
  /// Collective, after backward(): sums over ranks, one update of the slices owned, parameters to all.
  /// @param scalars        without clip_factor, decay and trust, which follow from the gradient and the parameter
  /// @param average_decay  of the average, where one is kept
  void update(UpdateScalars scalars, double average_decay = 0.0);
  /// Collective, after backward() and in place of update().
  void drop_gradient() { exchange_.drop(); }

  /// This rank's slices of one moment, one after the other.
  std::span<float> owned_moment(std::size_t moment) { return moments_[moment].span(); }
  /// Collective. One moment whole, into a flat buffer of rank 0; the others' is not used.
  void gather_moment(std::size_t moment, std::span<float> flat);
  /// Takes the slices owned from a whole flat buffer.
  void set_moment(std::size_t moment, std::span<const float> flat);

  /// Begins or ends an exponential average of parameters and running statistics: at first it is what they are. A
  /// collective must come before.
  void keep_average(bool kept);
  bool keeps_average() const { return average_.has_value(); }
  /// This rank's slices of the average, one after the other, and the statistics whole. As it was elsewhere: see below.
  std::span<const float> owned_average() const { return average_->span(); }
  std::span<double> average_states() { return average_states_; }
  void set_owned_average(std::span<const float> owned, std::span<const double> states);
  /// Takes the slices owned from a whole flat buffer.
  void set_average(std::span<const float> flat, std::span<const double> states);
  /// Collective. Into a flat buffer of rank 0; the others' is not used.
  void gather_average(std::span<float> flat) { gather(average_->span(), flat); }
  /// The running statistics of the weights that are judged: of the average, where one is kept.
  std::span<double> judged_states() { return keeps_average() ? average_states_ : states_; }

 private:
  friend class Judging;
  void bind(float* parameters, std::span<double> states);
  void gather(std::span<const float> mine, std::span<float> flat);
  void take(std::span<float> mine, std::span<const float> flat) const;
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
  std::optional<Buffer<float>> average_;
  std::vector<double> average_states_;  // empty without an average
  float* bound_parameters_ = nullptr;   // what executors compute with
  std::span<double> bound_states_;
};

/// While it lives, the executors of a replica compute with the weights that are judged: the average, where one is kept.
class Judging {
 public:
  /// Collective. Other executors of the replica are made while it lives.
  explicit Judging(Replica& replica);
  Judging(const Judging&) = delete;
  Judging& operator=(const Judging&) = delete;
  ~Judging();

 private:
  Replica& replica_;
  Buffer<float> average_;  // whole
};

}  // namespace shoal
