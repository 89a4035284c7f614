#include "shoal/comm/bucket_plan.hpp"

#include <cassert>
#include <utility>

namespace shoal {

BucketPlan::BucketPlan(std::vector<std::int64_t> chunk_begin, int ranks, std::int64_t bucket_floats)
    : chunk_begin_(std::move(chunk_begin)), ranks_(ranks) {
  assert(!chunk_begin_.empty() && ranks > 0 && bucket_floats > 0);
  std::int64_t last = chunks();
  for (std::int64_t first = last; first-- > 0;) {
    assert(this->chunk_begin(first) < this->chunk_begin(first + 1));
    if (first == 0 || this->chunk_begin(last) - this->chunk_begin(first) >= bucket_floats) {
      buckets_.push_back(cut({first, last}));
      last = first;
    }
  }
}

Bucket BucketPlan::cut(ChunkRange range) const {
  Bucket bucket{
      .begin = chunk_begin(range.first), .end = chunk_begin(range.last), .slice_begin = {}, .slice_chunk = {}};
  std::int64_t chunk = range.first;
  for (int p = 0; p <= ranks_; ++p) {
    // The chunk border nearest to p shares of P, in whole numbers times P.
    const std::int64_t target = (bucket.end - bucket.begin) * p;
    const auto distance = [&](std::int64_t c) {
      const std::int64_t d = (chunk_begin(c) - bucket.begin) * ranks_ - target;
      return d < 0 ? -d : d;
    };
    while (chunk < range.last && distance(chunk + 1) <= distance(chunk)) ++chunk;
    bucket.slice_chunk.push_back(chunk);
    bucket.slice_begin.push_back(chunk_begin(chunk));
  }
  return bucket;
}

ChunkRange BucketPlan::slice(int bucket, int rank) const {
  const std::vector<std::int64_t>& cuts = this->bucket(bucket).slice_chunk;
  return {cuts[static_cast<std::size_t>(rank)], cuts[static_cast<std::size_t>(rank) + 1]};
}

}  // namespace shoal
