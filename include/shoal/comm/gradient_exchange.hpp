#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "shoal/comm/bucket_plan.hpp"
#include "shoal/comm/communicator.hpp"
#include "shoal/tensor/gradient_sum.hpp"

namespace shoal {

class GroupMessages;
class GroupPartials;

/// The data-parallel exchange of a step. It owns the flat buffers of parameters and gradient partials: ranks of a host
/// keep them in memory that all of them see, with one copy of the parameters. There gradients are summed where they lie
/// and every rank writes the parameters of its slices once. Between hosts travel the sums of whole tree nodes, by
/// messages that start during the backward pass, and the new parameters: N floats move at 2 N (H - 1) / H floats per
/// host when each of the H hosts holds one tree node. Where memory cannot be shared, or SHOAL_WINDOWS=off is in the
/// environment, every rank is treated as a host of its own. Nothing of this changes a bit.
///
/// A step: begin(), the backward pass with complete_from(), maybe visit_sums(), update() or drop().
class GradientExchange {
 public:
  /// Gets the sum of one chunk over all leaves.
  using Visit = std::function<void(std::int64_t chunk, std::span<const float> sum)>;
  /// Makes new parameters from their sum over all leaves: a piece of one chunk, whose float `first` is its first. The
  /// sum is valid during the call.
  using Update =
      std::function<void(std::int64_t chunk, std::int64_t first, const GradientSum& sum, std::span<float> parameters)>;

  /// Collective. comm and plan outlive the exchange. plan: for comm.size() ranks. nodes: most tree nodes that this rank
  /// owns in any batch; a full batch has most.
  GradientExchange(const Communicator& comm, const BucketPlan& plan, std::size_t nodes);
  ~GradientExchange();

  /// The flat buffer of parameters, zeros at first. Other ranks may see the same memory: between two collectives, those
  /// ranks fill it that are told to, and no other writes.
  std::span<float> parameters();
  bool fills_parameters() const;
  /// The flat buffer for the gradients of this rank's n-th tree node, zeros at first.
  std::span<float> partial(std::size_t node);

  /// The backward pass of this batch is about to write the partials of share.nodes(). At least one leaf is present.
  void begin(const LeafShare& share);
  /// Floats [first, end) of this rank's partials are complete, and with first = 0 the backward pass is: this rank reads
  /// no parameter until after update(). first falls from call to call. Starts what can go; does not wait.
  void complete_from(std::int64_t first);

  /// Collective, after complete_from(0). Calls `visit` for the chunks of this rank's slices, from any thread.
  void visit_sums(const Visit& visit);
  /// Collective, after complete_from(0). Calls `update` for all pieces of the chunks of this rank's slices, from any
  /// thread. Then all parameters are new, on every rank.
  void update(const Update& update);
  /// Collective, after complete_from(0) and in place of update(): waits for what is under way.
  void drop() { finish_backward(); }

  /// Payload that this rank has sent to others in messages so far.
  std::int64_t bytes_sent() const noexcept;

 private:
  struct Owned {
    int bucket;
    std::int64_t chunk;
  };
  using Chunks = std::span<const Owned>;

  Chunks owned(int bucket) const;
  std::uint64_t complete_signal() const;
  bool advance();
  void finish_backward();
  std::span<float> kept(const Owned& chunk);
  void keep_sum(const Owned& chunk);
  void update_chunk(const Owned& chunk, const Update& update);

  Transport& transport_;
  const BucketPlan& plan_;
  std::unique_ptr<GroupPartials> partials_;
  std::unique_ptr<GroupMessages> messages_;  // null in a single group
  std::vector<Owned> owned_;                 // by bucket
  std::vector<std::size_t> owned_begin_;     // per bucket, then the end
  std::uint64_t step_ = 0;
  int complete_ = 0;  // buckets whose partials are complete on this rank
  int opened_ = 0;    // buckets whose messages are under way or done
  int summed_ = 0;    // buckets whose sums are kept in this rank's first partial
};

}  // namespace shoal
