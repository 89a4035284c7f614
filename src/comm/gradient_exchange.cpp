#include "shoal/comm/gradient_exchange.hpp"

#include <sched.h>

#include <algorithm>
#include <cassert>

#include "comm/agreement.hpp"
#include "comm/group_messages.hpp"
#include "comm/group_partials.hpp"
#include "comm/waiting.hpp"
#include "shoal/tensor/parallel.hpp"

namespace shoal {

GradientExchange::GradientExchange(const Communicator& comm, const BucketPlan& plan, std::size_t nodes)
    : transport_(comm.transport()),
      plan_(plan),
      // A rank without a leaf has room for a partial all the same: its sums are kept there.
      partials_(std::make_unique<GroupPartials>(transport_, plan.chunk_begin(plan.chunks()),
                                                std::max<std::size_t>(1, nodes))) {
  assert(plan.ranks() == comm.size());
  if (partials_->groups().count() > 1) messages_ = std::make_unique<GroupMessages>(transport_, plan, *partials_);
  for (int bucket = 0; bucket < plan.buckets(); ++bucket) {
    owned_begin_.push_back(owned_.size());
    const ChunkRange slice = plan.slice(bucket, comm.rank());
    for (std::int64_t chunk = slice.first; chunk < slice.last; ++chunk) owned_.push_back({bucket, chunk});
  }
  owned_begin_.push_back(owned_.size());
}

GradientExchange::~GradientExchange() = default;

std::span<float> GradientExchange::parameters() {
  return {partials_->parameters(), static_cast<std::size_t>(partials_->floats())};
}

bool GradientExchange::fills_parameters() const { return transport_.place().rank == partials_->groups().begin(); }

std::span<float> GradientExchange::partial(std::size_t node) {
  return {partials_->partial(transport_.place().rank, node), static_cast<std::size_t>(partials_->floats())};
}

std::int64_t GradientExchange::bytes_sent() const noexcept { return messages_ ? messages_->bytes_sent() : 0; }

GradientExchange::Chunks GradientExchange::owned(int bucket) const {
  const auto b = static_cast<std::size_t>(bucket);
  return Chunks(owned_).subspan(owned_begin_[b], owned_begin_[b + 1] - owned_begin_[b]);
}

void GradientExchange::begin(const LeafShare& share) {
  assert(share.ranks() == plan_.ranks() && share.rank() == transport_.place().rank && share.slots() > 0);
  partials_->begin(share);
  ++step_;
  complete_ = opened_ = summed_ = 0;
}

/// What a rank signals when all buckets of this step are complete; each bucket before counts one less.
std::uint64_t GradientExchange::complete_signal() const {
  return step_ * (static_cast<std::uint64_t>(plan_.buckets()) + 1);
}

void GradientExchange::complete_from(std::int64_t first) {
  int complete = complete_;
  while (complete < plan_.buckets() && plan_.bucket(complete).begin >= first) ++complete;
  // Bucket by bucket is of use to those alone who send.
  if (complete == complete_ || (!messages_ && first > 0)) return;
  complete_ = complete;
  partials_->window().signal(complete_signal() - static_cast<std::uint64_t>(plan_.buckets() - complete));
  while (messages_ && advance()) continue;
}

/// Takes a step of the sums across groups, if one can be taken without waiting.
bool GradientExchange::advance() {
  const std::uint64_t behind = complete_signal() - std::min(complete_signal(), partials_->window().lowest_signal());
  const std::int64_t complete = plan_.buckets() - static_cast<std::int64_t>(behind);
  if (opened_ < complete && opened_ - summed_ < GroupMessages::most_open) {
    messages_->open(opened_++);
    return true;
  }
  if (summed_ < opened_ && messages_->arrived(summed_)) {
    const Chunks chunks = owned(summed_);
    parallel_for(static_cast<std::int64_t>(chunks.size()),
                 [&](std::int64_t i) { keep_sum(chunks[static_cast<std::size_t>(i)]); });
    ++summed_;
    return true;
  }
  return false;
}

/// Waits until every rank of this group has finished its backward pass and, with other groups, all sums are there.
void GradientExchange::finish_backward() {
  assert(complete_ == plan_.buckets());
  const Waiting waiting;
  while (messages_ && summed_ < plan_.buckets()) {
    if (!advance()) sched_yield();
  }
  partials_->window().wait_for_signals(complete_signal());
}

/// Where the sum of a chunk is kept: in this rank's first partial, since no other rank reads this part of it.
std::span<float> GradientExchange::kept(const Owned& chunk) {
  const std::int64_t begin = plan_.chunk_begin(chunk.chunk);
  return {partials_->partial(transport_.place().rank, 0) + begin,
          static_cast<std::size_t>(plan_.chunk_begin(chunk.chunk + 1) - begin)};
}

void GradientExchange::keep_sum(const Owned& chunk) {
  thread_local GroupPartials::Scratch rows;
  const std::span<float> to = kept(chunk);
  partials_->sum(plan_.chunk_begin(chunk.chunk), std::ssize(to), rows, messages_ ? nullptr : to.data());
  if (messages_) {
    messages_->set_rows(chunk.bucket, chunk.chunk, rows);
    rows.rest.run(partials_->by_group().plan(), rows.groups, to.size(), to.data());
  }
  if (rows.groups[0] != to.data()) std::copy_n(rows.groups[0], to.size(), to.begin());
}

/// In pieces, so that sums of three rows and more are still in the first-level cache when they are used.
void GradientExchange::update_chunk(const Owned& chunk, const Update& update) {
  constexpr std::int64_t piece_floats = 512;
  thread_local GroupPartials::Scratch rows;
  const std::int64_t begin = plan_.chunk_begin(chunk.chunk);
  const std::span<const float> sums = kept(chunk);
  const std::span<float> parameters = this->parameters().subspan(static_cast<std::size_t>(begin), sums.size());
  for (std::int64_t first = 0; first < std::ssize(sums); first += piece_floats) {
    const auto at = static_cast<std::size_t>(first);
    const std::size_t size = std::min(static_cast<std::size_t>(piece_floats), sums.size() - at);
    GradientSum sum = sums.subspan(at, size);
    if (chunk.bucket >= summed_) sum = partials_->whole_sum(begin + first, static_cast<std::int64_t>(size), rows);
    update(chunk.chunk, first, sum, parameters.subspan(at, size));
  }
}

void GradientExchange::visit_sums(const Visit& visit) {
  agree(transport_, {Collective::exchange_gradients, 0, 1});
  finish_backward();
  parallel_for(static_cast<std::int64_t>(owned_.size()), [&](std::int64_t i) {
    const Owned& chunk = owned_[static_cast<std::size_t>(i)];
    if (chunk.bucket >= summed_) keep_sum(chunk);
    visit(chunk.chunk, kept(chunk));
  });
  summed_ = plan_.buckets();
}

void GradientExchange::update(const Update& update) {
  agree(transport_, {Collective::exchange_gradients, 0, 2});
  finish_backward();
  for (int bucket = 0; bucket < plan_.buckets(); ++bucket) {
    const Chunks chunks = owned(bucket);
    parallel_for(static_cast<std::int64_t>(chunks.size()),
                 [&](std::int64_t i) { update_chunk(chunks[static_cast<std::size_t>(i)], update); });
    if (messages_) messages_->start_parameters(bucket);
  }
  const Waiting waiting;
  if (messages_) messages_->wait_for_parameters();
  partials_->window().barrier();
}

}  // namespace shoal
