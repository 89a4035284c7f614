#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "comm/group_partials.hpp"
#include "shoal/comm/bucket_plan.hpp"

namespace shoal {

/// Carries gradients and parameters between groups, slice by slice: what a group has summed goes to the rank that owns
/// the slice, and the new parameters of the slice go to every other group once. In each group one rank, its deputy,
/// handles the slice of a rank elsewhere. With one tree node per group of R ranks, and G groups, N floats move at
/// 2 N (G - 1) / (G R) floats per rank.
class GroupMessages {
 public:
  /// All outlive this.
  GroupMessages(Transport& transport, const BucketPlan& plan, GroupPartials& partials);

  /// Buckets that may be open at once.
  static constexpr int most_open = 2;
  /// Starts the sums of a bucket, whose gradients are complete on all ranks of this group. One after the other.
  void open(int bucket);
  /// Whether all messages of an open bucket have arrived; lets them go on.
  bool arrived(int bucket) { return buffer(bucket).messages->test(); }
  /// Sets the rows of other groups' nodes for a chunk of this rank's slice, after arrived().
  void set_rows(int bucket, std::int64_t chunk, GroupPartials::Scratch& scratch) const;

  /// Starts to pass on this rank's new parameters of a bucket, and to take those of the other groups. Every rank of
  /// this group has finished with the old ones.
  void start_parameters(int bucket);
  void wait_for_parameters() { parameters_->wait(); }

  /// Payload that this rank has sent so far.
  std::int64_t bytes_sent() const { return bytes_sent_; }

 private:
  struct Buffer {
    std::unique_ptr<Messages> messages;
    std::vector<float> packed;
    std::vector<float> received;             // a row of this rank's slice per node of another group, in slot order
    std::vector<std::int64_t> row_of_group;  // the first row of each group
  };
  Buffer& buffer(int bucket) { return buffers_[static_cast<std::size_t>(bucket % most_open)]; }
  const Buffer& buffer(int bucket) const { return buffers_[static_cast<std::size_t>(bucket % most_open)]; }
  /// Calls act(rank) for each rank of another group whose slices this rank handles here.
  template <class Act>
  void for_each_ward(const Act& act) const;
  void pack(int bucket, int rank, float* out) const;
  void send(Messages& messages, int to, int tag, const float* from, std::int64_t floats);
  void receive(int bucket);

  const BucketPlan& plan_;
  GroupPartials& partials_;
  int rank_;
  std::array<Buffer, most_open> buffers_;
  std::unique_ptr<Messages> parameters_;
  std::int64_t bytes_sent_ = 0;
};

}  // namespace shoal
