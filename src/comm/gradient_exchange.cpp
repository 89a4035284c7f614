#include "shoal/comm/gradient_exchange.hpp"

#include <algorithm>
#include <cassert>

namespace shoal {
namespace {

constexpr auto float_bytes = static_cast<std::int64_t>(sizeof(float));

/// Floats of rank p's slice.
std::int64_t slice_floats(const Bucket& bucket, int p) {
  return bucket.slice_begin[static_cast<std::size_t>(p) + 1] - bucket.slice_begin[static_cast<std::size_t>(p)];
}

}  // namespace

GradientExchange::GradientExchange(const Communicator& comm, const BucketPlan& plan) : comm_(&comm), plan_(&plan) {
  assert(plan.ranks() == comm.size());
}

void GradientExchange::reduce(int bucket, const LeafShare& share, std::span<const float* const> partials,
                              const SummedChunk& on_chunk) {
  assert(share.ranks() == comm_->size() && share.rank() == comm_->rank());
  assert(share.slots() > 0 && partials.size() == share.nodes().size());
  const Bucket& cut = plan_->bucket(bucket);
  const int self = comm_->rank();
  const auto nodes = static_cast<std::int64_t>(partials.size());
  const std::int64_t width = slice_floats(cut, self);

  std::vector<std::int64_t> send_begin{0};
  received_begin_.assign(1, 0);
  for (int r = 0; r < comm_->size(); ++r) {
    const bool other = r != self;
    send_begin.push_back(send_begin.back() + (other ? nodes * slice_floats(cut, r) : 0));
    const auto rank_nodes = static_cast<std::int64_t>(share.nodes(r).size());
    received_begin_.push_back(received_begin_.back() + (other ? rank_nodes * width : 0));
  }
  bytes_sent_ += send_begin.back() * float_bytes;
  received_.resize(static_cast<std::size_t>(received_begin_.back()));

  if (partials.size() == 1) {  // the slices lie one after the other already
    for (std::size_t p = 0; p < send_begin.size(); ++p) send_begin[p] = cut.slice_begin[p] - cut.begin;
    const std::span whole(partials[0] + cut.begin, static_cast<std::size_t>(cut.end - cut.begin));
    comm_->exchange(whole, send_begin, received_, received_begin_);
  } else {
    packed_.resize(static_cast<std::size_t>(send_begin.back()));
    float* out = packed_.data();
    for (int r = 0; r < comm_->size(); ++r) {
      if (r == self) continue;
      for (const float* partial : partials) {
        out = std::copy_n(partial + cut.slice_begin[static_cast<std::size_t>(r)], slice_floats(cut, r), out);
      }
    }
    comm_->exchange(packed_, send_begin, received_, received_begin_);
  }
  fold_slice(bucket, share, partials, on_chunk);
}

void GradientExchange::fold_slice(int bucket, const LeafShare& share, std::span<const float* const> partials,
                                  const SummedChunk& on_chunk) {
  const Bucket& cut = plan_->bucket(bucket);
  const int self = comm_->rank();
  const std::int64_t slice_begin = cut.slice_begin[static_cast<std::size_t>(self)];
  const std::int64_t width = slice_floats(cut, self);
  const ChunkRun chunks = plan_->slice(bucket, self);
  rows_.resize(share.slots());
  for (std::int64_t chunk = chunks.first; chunk < chunks.last; ++chunk) {
    const std::int64_t begin = plan_->chunk_begin(chunk);
    const auto floats = static_cast<std::size_t>(plan_->chunk_begin(chunk + 1) - begin);
    own_.resize(std::max(own_.size(), partials.size() * floats));
    for (int r = 0; r < comm_->size(); ++r) {
      float* row = received_.data() + received_begin_[static_cast<std::size_t>(r)] + (begin - slice_begin);
      for (std::size_t node = 0; node < share.nodes(r).size(); ++node) {
        if (r == self) {
          rows_[share.first_slot(r) + node] = own_.data() + node * floats;
          std::copy_n(partials[node] + begin, floats, own_.data() + node * floats);
        } else {
          rows_[share.first_slot(r) + node] = row + static_cast<std::int64_t>(node) * width;
        }
      }
    }
    for (const MergeStep& step : share.plan()) {
      float* left = rows_[step.left];
      const float* right = rows_[step.right];
      for (std::size_t i = 0; i < floats; ++i) left[i] += right[i];
    }
    on_chunk(chunk, std::span(rows_[0], floats));
  }
}

void GradientExchange::all_gather(int bucket, std::span<float> flat) {
  const Bucket& cut = plan_->bucket(bucket);
  assert(cut.end <= static_cast<std::int64_t>(flat.size()));
  std::vector<std::int64_t> begin;  // in bytes of this bucket
  for (const std::int64_t slice : cut.slice_begin) begin.push_back((slice - cut.begin) * float_bytes);
  bytes_sent_ += slice_floats(cut, comm_->rank()) * float_bytes * (comm_->size() - 1);
  const auto floats = static_cast<std::size_t>(cut.end - cut.begin);
  comm_->all_gather_pieces(std::as_writable_bytes(flat.subspan(static_cast<std::size_t>(cut.begin), floats)), begin);
}

}  // namespace shoal
