#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace shoal {

/// Chunks [first, last).
struct ChunkRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::int64_t size() const { return last - first; }
};

/// A run of whole chunks that travels as one, cut into a slice per rank, each a run of whole chunks, maybe empty.
struct Bucket {
  std::int64_t begin = 0;  ///< in floats of the flat buffer
  std::int64_t end = 0;
  std::vector<std::int64_t> slice_begin;  ///< (ranks + 1), in floats of the flat buffer
  std::vector<std::int64_t> slice_chunk;  ///< (ranks + 1), the same cuts in chunks
};

/// How a flat buffer of parameters is cut into buckets and slices: rank p owns slice p of every bucket. A function of
/// the arguments alone, the same on every rank; no bit of a result depends on it.
class BucketPlan {
 public:
  /// chunk_begin: chunk c is floats [chunk_begin[c], chunk_begin[c + 1]) of the flat buffer; (chunks + 1), strictly
  /// rising. bucket_floats: a bucket is the shortest run of chunks with at least that many floats, and bucket 0 holds
  /// the last ones, whose gradients the backward pass finishes first. Slices differ from an even share by less than one
  /// chunk.
  BucketPlan(std::vector<std::int64_t> chunk_begin, int ranks, std::int64_t bucket_floats);

  int ranks() const { return ranks_; }
  int buckets() const { return static_cast<int>(buckets_.size()); }
  const Bucket& bucket(int b) const { return buckets_[static_cast<std::size_t>(b)]; }

  std::int64_t chunks() const { return static_cast<std::int64_t>(chunk_begin_.size()) - 1; }
  /// First float of a chunk, of chunk chunks() the end.
  std::int64_t chunk_begin(std::int64_t chunk) const { return chunk_begin_[static_cast<std::size_t>(chunk)]; }
  /// The chunks of a rank's slice of a bucket.
  ChunkRange slice(int bucket, int rank) const;

 private:
  Bucket cut(ChunkRange range) const;

  std::vector<std::int64_t> chunk_begin_;
  int ranks_;
  std::vector<Bucket> buckets_;
};

}  // namespace shoal
