#include "data/import/csv/distinct_values.hpp"

#include <gtest/gtest.h>

#include <set>

namespace shoal {
namespace {

TEST(DistinctValues, AreThoseOfASet) {
  DistinctValues distinct;
  std::set<double> all;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    // Whole numbers of a byte, larger ones, below 0, fractions.
    const double value = static_cast<double>(static_cast<std::int64_t>(i * i % 997) - 100) / (i % 2 == 0 ? 1.0 : 4.0);
    if (all.size() == DistinctValues::most && !all.contains(value)) continue;
    distinct.add(value);
    all.insert(value);
  }
  EXPECT_GT(all.size(), 600U);
  EXPECT_EQ(distinct.count(), all.size());
  EXPECT_FALSE(distinct.too_many());
}

TEST(DistinctValues, ZerosOfBothSignsAreOne) {
  DistinctValues distinct;
  for (const double value : {0.0, -0.0, 255.0, 256.0, -1.0, 0.5, 1e300, -1.0}) distinct.add(value);
  EXPECT_EQ(distinct.count(), 6U);
}

TEST(DistinctValues, OfTwoBlocksCountOnce) {
  DistinctValues first, second;
  for (int i = 0; i < 600; ++i) first.add(i);
  for (int i = 400; i < 1000; ++i) second.add(i);
  first.merge(second);
  EXPECT_EQ(first.count(), 1000U);
  EXPECT_FALSE(first.too_many()) << "1,000 can be told";
  DistinctValues third;
  third.add(-1);
  first.merge(third);
  EXPECT_TRUE(first.too_many());
  DistinctValues fourth;
  fourth.merge(first);
  EXPECT_TRUE(fourth.too_many());
}

TEST(DistinctValues, OfTextsByTheirHash) {
  DistinctValues distinct;
  for (std::uint64_t hash = 0; hash < 30; ++hash) distinct.add_hash((hash % 10) << 40);
  EXPECT_EQ(distinct.count(), 10U);
  for (std::uint64_t hash = 0; hash < 2000; ++hash) distinct.add_hash(hash << 8);
  EXPECT_TRUE(distinct.too_many());
}

}  // namespace
}  // namespace shoal
