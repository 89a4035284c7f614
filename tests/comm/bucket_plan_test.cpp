#include "shoal/comm/bucket_plan.hpp"
#include "comm/begins.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

namespace shoal {
namespace {

const std::vector<std::int64_t> sizes{1024, 1024, 300, 64, 64, 1024, 10, 1024, 1024, 512, 1};

TEST(BucketPlan, BucketsTileTheBufferFromItsEnd) {
  for (const std::int64_t bucket_floats : {1, 100, 1024, 2000, 100000}) {
    const BucketPlan plan(begins(sizes), 3, bucket_floats);
    std::int64_t end = begins(sizes).back();
    for (int b = 0; b < plan.buckets(); ++b) {
      const Bucket& bucket = plan.bucket(b);
      EXPECT_EQ(bucket.end, end);
      EXPECT_LT(bucket.begin, bucket.end);
      const std::int64_t shortest = plan.chunk_begin(plan.slice(b, 0).first + 1);
      if (b + 1 < plan.buckets()) {
        EXPECT_GE(bucket.end - bucket.begin, bucket_floats);
      }
      EXPECT_LT(bucket.end - shortest, bucket_floats) << "one chunk fewer would do";
      end = bucket.begin;
    }
    EXPECT_EQ(end, 0);
  }
}

TEST(BucketPlan, SlicesTileABucketInWholeChunks) {
  for (int ranks = 1; ranks <= 7; ++ranks) {
    const BucketPlan plan(begins(sizes), ranks, 2500);
    std::int64_t owned = 0;  // over all buckets and ranks
    for (int b = 0; b < plan.buckets(); ++b) {
      const Bucket& bucket = plan.bucket(b);
      EXPECT_EQ(bucket.slice_begin.front(), bucket.begin);
      EXPECT_EQ(bucket.slice_begin.back(), bucket.end);
      EXPECT_TRUE(std::is_sorted(bucket.slice_begin.begin(), bucket.slice_begin.end()));
      for (int p = 0; p < ranks; ++p) {
        const ChunkRange slice = plan.slice(b, p);
        EXPECT_EQ(plan.chunk_begin(slice.first), bucket.slice_begin[static_cast<std::size_t>(p)]);
        EXPECT_EQ(plan.chunk_begin(slice.last), bucket.slice_begin[static_cast<std::size_t>(p) + 1]);
        const std::int64_t floats = plan.chunk_begin(slice.last) - plan.chunk_begin(slice.first);
        owned += floats;
        EXPECT_LE(std::abs(floats - (bucket.end - bucket.begin) / ranks), 1024) << "bucket " << b << " slice " << p;
      }
    }
    EXPECT_EQ(owned, begins(sizes).back());
  }
}

TEST(BucketPlan, EqualChunksMakeEqualSlices) {
  const BucketPlan plan(begins(std::vector<std::int64_t>(24, 1024)), 4, 12288);
  ASSERT_EQ(plan.buckets(), 2);
  for (int p = 0; p < 4; ++p) {
    EXPECT_EQ(plan.slice(0, p).size(), 3);
    EXPECT_EQ(plan.slice(0, p).first, 12 + 3 * p);
    EXPECT_EQ(plan.slice(1, p).size(), 3);
  }
}

TEST(BucketPlan, MoreRanksThanChunksLeaveSomeWithNothing) {
  const BucketPlan plan(begins({1024, 8}), 5, 4096);
  ASSERT_EQ(plan.buckets(), 1);
  std::int64_t chunks = 0;
  for (int p = 0; p < 5; ++p) chunks += plan.slice(0, p).size();
  EXPECT_EQ(chunks, 2);
}

TEST(BucketPlan, NoParametersNoBuckets) { EXPECT_EQ(BucketPlan({0}, 2, 100).buckets(), 0); }

}  // namespace
}  // namespace shoal
