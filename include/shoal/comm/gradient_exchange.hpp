#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "shoal/comm/bucket_plan.hpp"
#include "shoal/comm/communicator.hpp"

namespace shoal {

/// Gets the sum of one chunk over all leaves. The span may be changed; it is valid during the call only.
using SummedChunk = std::function<void(std::int64_t chunk, std::span<float> sum)>;

/// The data-parallel exchange over a flat buffer: per bucket a reduce-scatter in tree order, after which each rank has
/// the sums of the slice that it owns, and an all-gather of what the rank has made of them. With one tree node per
/// rank, N floats move at 2 N (P - 1) / P floats per rank, as in an ordinary all-reduce.
class GradientExchange {
 public:
  /// Both outlive the exchange. plan: for comm.size() ranks.
  GradientExchange(const Communicator& comm, const BucketPlan& plan);

  /// Collective. partials: for each of share.nodes(), in order, the flat gradient buffer of that node, of which this
  /// bucket's floats are read; none on ranks without a leaf. Calls on_chunk for the chunks of this rank's slice, in
  /// order, on the calling thread. The same bits for any number of ranks and any plan. At least one leaf is present.
  void reduce(int bucket, const LeafShare& share, std::span<const float* const> partials, const SummedChunk& on_chunk);

  /// Collective. Every rank's slice of this bucket in `flat`, the whole buffer, to all.
  void all_gather(int bucket, std::span<float> flat);

  /// Payload that this rank has sent to others so far.
  std::int64_t bytes_sent() const noexcept { return bytes_sent_; }

 private:
  void fold_slice(int bucket, const LeafShare& share, std::span<const float* const> partials,
                  const SummedChunk& on_chunk);

  const Communicator* comm_;
  const BucketPlan* plan_;
  std::int64_t bytes_sent_ = 0;
  std::vector<float> packed_;
  std::vector<float> received_;               // a row of this rank's slice per slot of another rank, in slot order
  std::vector<std::int64_t> received_begin_;  // (ranks + 1)
  std::vector<float> own_;                    // one chunk of this rank's partials: folding overwrites
  std::vector<float*> rows_;                  // per slot, the chunk being folded
};

}  // namespace shoal
