#include "shoal/data/epoch_order.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

namespace shoal {
namespace {

using ::testing::ElementsAre;
using Rows = std::vector<std::int64_t>;

Rows order_of(const EpochOrder& order) {
  Rows rows(static_cast<std::size_t>(order.rows()));
  order.rows(0, rows);
  return rows;
}

Rows counted(std::int64_t n) {
  Rows rows(static_cast<std::size_t>(n));
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  return rows;
}

TEST(EpochOrder, VisitsEveryRowOnce) {
  for (const std::int64_t rows : {1, 2, 3, 16, 17, 63, 100, 257, 1001}) {
    for (const std::int64_t block : {1, 2, 3, 4, 7, 16, 64, 5000}) {
      for (std::uint64_t epoch = 1; epoch <= 8; ++epoch) {  // the short block lands in many places
        Rows order = order_of(EpochOrder(5, epoch, rows, block, 4));
        std::sort(order.begin(), order.end());
        ASSERT_EQ(order, counted(rows)) << rows << " rows, block " << block << ", epoch " << epoch;
      }
    }
  }
}

TEST(EpochOrder, DoesNotDependOnHowItIsAsked) {
  const Rows whole = order_of(EpochOrder(5, 1, 1001, 8, 4));
  const EpochOrder order(5, 1, 1001, 8, 4);
  for (const std::int64_t first : {990, 0, 500, 120, 128, 3}) {  // back and forth, across windows of 128
    Rows part(11);
    order.rows(first, part);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + first)) << first;
  }
}

TEST(EpochOrder, DiffersByEpochAndSeed) {
  for (const std::int64_t block : {1, 8}) {
    const Rows order = order_of(EpochOrder(5, 1, 1001, block, 4));
    EXPECT_NE(order, counted(1001));
    EXPECT_NE(order, order_of(EpochOrder(5, 2, 1001, block, 4)));
    EXPECT_NE(order, order_of(EpochOrder(6, 1, 1001, block, 4)));
    EXPECT_EQ(order, order_of(EpochOrder(5, 1, 1001, block, 4)));
  }
}

TEST(EpochOrder, KeepsReadsOfAWindowWithinItsBlocks) {
  const std::int64_t block = 8;
  const Rows order = order_of(EpochOrder(5, 1, 100 * block + 3, block, 4));
  for (std::size_t first = 0; first < order.size(); first += 16 * block) {
    std::set<std::int64_t> blocks;
    for (std::size_t i = first; i < std::min(order.size(), first + 16 * block); ++i) blocks.insert(order[i] / block);
    EXPECT_LE(blocks.size(), 17u);  // one more where the short block moved the borders
  }
}

TEST(EpochOrder, EveryRowReachesEveryPlace) {
  // 4 rows in blocks of 1: all 24 orders, about equally often.
  std::map<Rows, int> seen;
  for (std::uint64_t epoch = 0; epoch < 2400; ++epoch) ++seen[order_of(EpochOrder(1, epoch, 4, 1, 4))];
  EXPECT_EQ(seen.size(), 24u);
  for (const auto& [order, count] : seen) EXPECT_NEAR(count, 100, 50);
}

TEST(EpochOrder, IsFixedForEver) {
  // Golden: a change here changes every trained model.
  EXPECT_THAT(order_of(EpochOrder(1, 1, 10, 1, 4)), ElementsAre(7, 6, 5, 4, 2, 3, 1, 9, 0, 8));
  EXPECT_THAT(hold_out(1, 10, 0.3), ElementsAre(0, 6, 8));
  EXPECT_THAT(order_of(EpochOrder(1, 1, 10, 4, 4)), ElementsAre(2, 6, 1, 8, 7, 5, 4, 9, 3, 0));
}

TEST(EpochOrder, EachWindowIsShuffledForItself) {
  // Two whole windows of 16 blocks of 2 rows: places in the order of the window's blocks, which are the same in both.
  const Rows order = order_of(EpochOrder(1, 1, 64, 2, 4));
  const auto pattern = [&](std::size_t first) {  // how far apart the two rows of a block come to lie, by place
    std::vector<std::size_t> apart;
    for (std::size_t i = first; i < first + 32; ++i) {
      const auto other = std::find(order.begin(), order.end(), order[i] ^ 1) - order.begin();
      apart.push_back(static_cast<std::size_t>(other) - first);
    }
    return apart;
  };
  EXPECT_NE(pattern(0), pattern(32));
}

TEST(EpochOrder, DefaultBlockFollowsTheBytesOfTheSplit) {
  const std::int64_t mib = std::int64_t{1} << 20;
  EXPECT_EQ(default_shuffle_block(60000, 784), 1);                // 47 MB
  EXPECT_EQ(default_shuffle_block(64 * mib, 1), 1);               // exactly 64 MiB
  EXPECT_EQ(default_shuffle_block(64 * mib + 1, 1), 256 * 1024);  // 257 blocks of 256 KiB
  EXPECT_EQ(default_shuffle_block(1000000, 3072), 64);            // 85 rows make 256 KiB
  EXPECT_EQ(default_shuffle_block(100, mib), 1);                  // never below 64 blocks
  EXPECT_EQ(default_shuffle_block(50000, 3072), 1);               // 154 MB, as memory holds it
  EXPECT_EQ(default_shuffle_block(mib, 1024), 1);                 // exactly 1 GiB
  EXPECT_EQ(default_shuffle_block(mib + 1, 1024), 256);
  EXPECT_EQ(default_shuffle_block(16 * mib, 8), 1);
  EXPECT_EQ(default_shuffle_block(16 * mib + 1, 8), 32 * 1024);  // an order of more than 128 MiB
  EXPECT_EQ(EpochOrder(1, 1, mib + 1, 0, 1024).block(), 256);
}

TEST(HoldOut, TakesExactlyTheFractionSortedAndDistinct) {
  const Rows held = hold_out(3, 1797, 0.2);
  EXPECT_EQ(held.size(), 359u);  // round(359.4)
  EXPECT_TRUE(std::is_sorted(held.begin(), held.end()));
  EXPECT_EQ(std::set<std::int64_t>(held.begin(), held.end()).size(), held.size());
  EXPECT_GE(held.front(), 0);
  EXPECT_LT(held.back(), 1797);
  EXPECT_EQ(held, hold_out(3, 1797, 0.2));
  EXPECT_NE(held, hold_out(4, 1797, 0.2));
  EXPECT_NE(held, hold_out(3, 1797, 0.2, 1));
  EXPECT_EQ(hold_out_count(3, 7, 7), counted(7));
  EXPECT_TRUE(hold_out_count(3, 7, 0).empty());
  EXPECT_EQ(fraction_count(5, 0.5), 3);
}

TEST(HoldOut, DrawsFromTheWholeFile) {
  int front = 0;
  for (const std::int64_t row : hold_out(1, 10000, 0.1)) front += row < 5000;
  EXPECT_NEAR(front, 500, 100);
}

}  // namespace
}  // namespace shoal
