#include "shoal/core/leaf_tree.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "shoal/core/tree_sum.hpp"

namespace shoal {
namespace {

/// The definition itself: node (l, i) is node (l-1, 2i) + node (l-1, 2i+1), absent leaves are empty.
double reference(const std::vector<double>& leaves, int level, std::int64_t index) {
  if (level == 0) return leaves[static_cast<std::size_t>(index)];
  const double left = reference(leaves, level - 1, 2 * index);
  const std::int64_t right_first = (2 * index + 1) << (level - 1);
  if (right_first >= static_cast<std::int64_t>(leaves.size())) return left;
  return left + reference(leaves, level - 1, 2 * index + 1);
}

double reduce_over_ranks(const std::vector<double>& values, LeafCut cut, std::int64_t dealt, int ranks,
                         bool in_place = false) {
  std::vector<double> slots;
  const AddMerge add;
  for (int rank = 0; rank < ranks; ++rank) {
    const LeafShare share(cut, dealt, ranks, rank);
    const auto mine = std::span(values).subspan(static_cast<std::size_t>(share.run().first),
                                                static_cast<std::size_t>(share.run().size()));
    std::vector<double> partials(mine.begin(), mine.end());
    if (in_place) {
      fold_leaves_in_place(share, 1, add, partials);
      partials.resize(share.nodes().size());
    } else {
      partials = fold_leaves(share, 1, add, mine);
    }
    slots.insert(slots.end(), partials.begin(), partials.end());
  }
  const LeafShare share(cut, dealt, ranks, 0);
  EXPECT_EQ(slots.size(), share.slots());
  fold_slots(share, slots, 1, add);
  return slots[0];
}

TEST(LeafTree, AnyNumberOfRanksGivesTheBitsOfTheDefinition) {
  std::mt19937 generator(1);
  std::normal_distribution<double> normal;
  for (std::int64_t leaves : {1, 2, 3, 4, 5, 7, 8, 12, 16, 31, 64, 100, 257}) {
    for (std::int64_t present = 1; present <= leaves; present += leaves > 16 ? 13 : 1) {
      std::vector<double> values(static_cast<std::size_t>(present));
      for (double& v : values) v = normal(generator) * std::exp(8 * normal(generator));
      int root = 0;
      while ((std::int64_t{1} << root) < present) ++root;
      const double expected = reference(values, root, 0);
      for (int ranks : {1, 2, 3, 4, 5, 6, 7, 8, 13, 32, 300}) {
        ASSERT_EQ(reduce_over_ranks(values, {present * 3 - 1, 3}, leaves, ranks), expected)
            << leaves << " leaves, " << present << " present, " << ranks << " ranks";
        ASSERT_EQ(reduce_over_ranks(values, {present * 3 - 1, 3}, leaves, ranks, true), expected)
            << "in place: " << leaves << " leaves, " << present << " present, " << ranks << " ranks";
      }
    }
  }
}

TEST(LeafTree, RunsAreContiguousAndComplete) {
  for (std::int64_t leaves : {1, 5, 8, 24, 1000}) {
    for (int ranks : {1, 2, 3, 4, 7, 16}) {
      const LeafShare share({leaves * 32, 32}, leaves, ranks, 0);
      std::int64_t next = 0;
      for (int rank = 0; rank < ranks; ++rank) {
        EXPECT_EQ(share.run(rank).first, next);
        next = share.run(rank).last;
      }
      EXPECT_EQ(next, leaves);
    }
  }
}

TEST(LeafTree, AlignedRunsHoldOnePartialAndOthersAHandful) {
  for (int rank = 0; rank < 4; ++rank) EXPECT_EQ(LeafShare({256, 32}, 8, 4, rank).nodes().size(), 1u);
  for (std::int64_t leaves : {64, 1024, 4096}) {
    for (int ranks : {3, 5, 6, 7}) {
      for (int rank = 0; rank < ranks; ++rank) {
        EXPECT_LE(LeafShare({leaves * 32, 32}, leaves, ranks, rank).nodes().size(), 8u) << leaves << " over " << ranks;
      }
    }
  }
}

TEST(LeafTree, EveryRankHasALeafWhenThereAreEnough) {
  for (std::int64_t leaves = 1; leaves <= 64; ++leaves) {
    for (int ranks = 1; ranks <= leaves; ++ranks) {
      const LeafShare share({leaves, 1}, leaves, ranks, 0);
      for (int rank = 0; rank < ranks; ++rank) EXPECT_GE(share.run(rank).size(), 1) << leaves << " over " << ranks;
    }
  }
}

TEST(LeafTree, DefaultLeaves) {
  EXPECT_EQ(default_leaves(256), 8);
  EXPECT_EQ(default_leaves(250), 4);
  EXPECT_EQ(default_leaves(64), 2);
  EXPECT_EQ(default_leaves(63), 1);
  EXPECT_EQ(default_leaves(1), 1);
  EXPECT_EQ(samples_per_leaf(250, 4), 63);
}

TEST(LeafTree, MomentsOfUnevenPartsAreThoseOfTheWhole) {
  std::mt19937 generator(2);
  std::normal_distribution<double> normal(1e4, 1);
  std::vector<double> x(101);
  for (double& v : x) v = normal(generator);
  const LeafCut cut{101, 10};
  std::vector<double> partials;
  for (std::int64_t leaf = 0; leaf < cut.leaves(); ++leaf) {
    double mean = 0;
    double m2 = 0;
    for (auto i = cut.begin(leaf); i < cut.end(leaf); ++i) mean += x[static_cast<std::size_t>(i)];
    mean /= static_cast<double>(cut.end(leaf) - cut.begin(leaf));
    for (auto i = cut.begin(leaf); i < cut.end(leaf); ++i) m2 += std::pow(x[static_cast<std::size_t>(i)] - mean, 2);
    partials.insert(partials.end(), {mean, m2});
  }
  const LeafShare share(cut);
  ASSERT_EQ(share.nodes().size(), 1u);
  const std::vector<double> whole = fold_leaves(share, 2, MomentsMerge(), partials);
  std::vector<double> folded = partials;
  fold_leaves_in_place(share, 2, MomentsMerge(), folded);
  EXPECT_EQ(std::vector<double>(folded.begin(), folded.begin() + 2), whole);
  double mean = 0;
  double m2 = 0;
  for (double v : x) mean += v;
  mean /= 101;
  for (double v : x) m2 += (v - mean) * (v - mean);
  EXPECT_NEAR(whole[0], mean, 1e-9);
  EXPECT_NEAR(whole[1], m2, 1e-8);
}

}  // namespace
}  // namespace shoal
