#include "comm/group_messages.hpp"

#include <algorithm>
#include <span>

#include "shoal/core/profile.hpp"
#include "shoal/tensor/parallel.hpp"

namespace shoal {
namespace {

int partial_tag(int bucket) { return 16 + 2 * bucket; }
int parameter_tag(int bucket) { return 17 + 2 * bucket; }

std::int64_t slice_begin(const BucketPlan& plan, int bucket, int rank) {
  return plan.bucket(bucket).slice_begin[static_cast<std::size_t>(rank)];
}
std::int64_t slice_floats(const BucketPlan& plan, int bucket, int rank) {
  return slice_begin(plan, bucket, rank + 1) - slice_begin(plan, bucket, rank);
}

}  // namespace

GroupMessages::GroupMessages(Transport& transport, const BucketPlan& plan, GroupPartials& partials)
    : plan_(plan), partials_(partials), rank_(transport.place().rank), parameters_(transport.messages()) {
  for (Buffer& buffer : buffers_) buffer.messages = transport.messages();
}

template <class Act>
void GroupMessages::for_each_ward(const Act& act) const {
  const Groups& groups = partials_.groups();
  for (int rank = 0; rank < plan_.ranks(); ++rank) {
    if (groups.of(rank) != groups.own && groups.deputy(rank, groups.own) == rank_) act(rank);
  }
}

void GroupMessages::send(Messages& messages, int to, int tag, const float* from, std::int64_t floats) {
  if (floats == 0) return;
  messages.send(to, tag, std::as_bytes(std::span(from, static_cast<std::size_t>(floats))));
  const std::int64_t bytes = floats * static_cast<std::int64_t>(sizeof(float));
  bytes_sent_ += bytes;
  profile_bytes(bytes);
}

void GroupMessages::open(int bucket) {
  receive(bucket);
  Buffer& buffer = this->buffer(bucket);
  const auto nodes = static_cast<std::int64_t>(partials_.by_group().nodes().size());
  if (!partials_.folds()) {  // from where they lie
    for_each_ward([&](int rank) {
      const std::int64_t begin = slice_begin(plan_, bucket, rank);
      const std::int64_t floats = slice_floats(plan_, bucket, rank);
      GroupPartials::Scratch rows;
      partials_.sum(begin, floats, rows);
      for (std::int64_t n = 0; n < nodes; ++n)
        send(*buffer.messages, rank, partial_tag(bucket),
             rows.groups[partials_.by_group().first_slot() + static_cast<std::size_t>(n)], floats);
    });
    return;
  }
  std::int64_t size = 0;
  for_each_ward([&](int rank) { size += nodes * slice_floats(plan_, bucket, rank); });
  buffer.packed.resize(static_cast<std::size_t>(size));
  float* out = buffer.packed.data();
  for_each_ward([&](int rank) {
    const std::int64_t floats = slice_floats(plan_, bucket, rank);
    pack(bucket, rank, out);
    for (std::int64_t n = 0; n < nodes; ++n, out += floats)
      send(*buffer.messages, rank, partial_tag(bucket), out, floats);
  });
}

/// (nodes, floats of the slice): what this group has of a rank's slice.
void GroupMessages::pack(int bucket, int rank, float* out) const {
  const ChunkRange chunks = plan_.slice(bucket, rank);
  const std::int64_t begin = slice_begin(plan_, bucket, rank);
  const std::int64_t width = slice_floats(plan_, bucket, rank);
  const std::size_t nodes = partials_.by_group().nodes().size();
  parallel_for(chunks.size(), [&](std::int64_t i) {
    thread_local GroupPartials::Scratch rows;
    const std::int64_t first = plan_.chunk_begin(chunks.first + i);
    const std::int64_t floats = plan_.chunk_begin(chunks.first + i + 1) - first;
    partials_.sum(first, floats, rows);
    for (std::size_t n = 0; n < nodes; ++n)
      std::copy_n(rows.groups[partials_.by_group().first_slot() + n], floats,
                  out + static_cast<std::int64_t>(n) * width + first - begin);
  });
}

void GroupMessages::receive(int bucket) {
  Buffer& buffer = this->buffer(bucket);
  const Groups& groups = partials_.groups();
  const LeafShare& share = partials_.by_group();
  const std::int64_t width = slice_floats(plan_, bucket, rank_);
  buffer.row_of_group.assign(1, 0);
  for (int g = 0; g < groups.count(); ++g)
    buffer.row_of_group.push_back(buffer.row_of_group.back() +
                                  (g == groups.own ? 0 : static_cast<std::int64_t>(share.nodes(g).size())));
  buffer.received.resize(static_cast<std::size_t>(buffer.row_of_group.back() * width));
  if (width == 0) return;
  for (int g = 0; g < groups.count(); ++g) {
    if (g == groups.own) continue;
    for (std::size_t n = 0; n < share.nodes(g).size(); ++n) {
      const std::int64_t row = buffer.row_of_group[static_cast<std::size_t>(g)] + static_cast<std::int64_t>(n);
      const std::span<float> to(buffer.received.data() + row * width, static_cast<std::size_t>(width));
      buffer.messages->receive(groups.deputy(rank_, g), partial_tag(bucket), std::as_writable_bytes(to));
    }
  }
}

void GroupMessages::set_rows(int bucket, std::int64_t chunk, GroupPartials::Scratch& scratch) const {
  const Buffer& buffer = this->buffer(bucket);
  const LeafShare& share = partials_.by_group();
  const std::int64_t width = slice_floats(plan_, bucket, rank_);
  const std::int64_t at = plan_.chunk_begin(chunk) - slice_begin(plan_, bucket, rank_);
  for (int g = 0; g < share.ranks(); ++g) {
    if (g == share.rank()) continue;
    const std::int64_t row = buffer.row_of_group[static_cast<std::size_t>(g)];
    for (std::size_t n = 0; n < share.nodes(g).size(); ++n)
      scratch.groups[share.first_slot(g) + n] =
          buffer.received.data() + (row + static_cast<std::int64_t>(n)) * width + at;
  }
}

void GroupMessages::start_parameters(int bucket) {
  const Groups& groups = partials_.groups();
  const auto slice = [&](int rank) { return partials_.parameters() + slice_begin(plan_, bucket, rank); };
  for_each_ward([&](int rank) {
    const auto floats = static_cast<std::size_t>(slice_floats(plan_, bucket, rank));
    if (floats > 0)
      parameters_->receive(rank, parameter_tag(bucket), std::as_writable_bytes(std::span(slice(rank), floats)));
  });
  for (int g = 0; g < groups.count(); ++g) {
    if (g != groups.own)
      send(*parameters_, groups.deputy(rank_, g), parameter_tag(bucket), slice(rank_),
           slice_floats(plan_, bucket, rank_));
  }
}

}  // namespace shoal
