#include "shoal/core/leaf_tree.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>

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
    const auto mine = std::span(values).subspan(static_cast<std::size_t>(share.range().first),
                                                static_cast<std::size_t>(share.range().size()));
    std::vector<double> partials(mine.begin(), mine.end());
    if (in_place) {
      fold_leaves_in_place(share, 1, add, partials, [](std::int64_t tasks, const auto& task) {
        while (tasks > 0) task(--tasks);  // in an order of their own
      });
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
        EXPECT_EQ(share.range(rank).first, next);
        next = share.range(rank).last;
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
      for (int rank = 0; rank < ranks; ++rank) EXPECT_GE(share.range(rank).size(), 1) << leaves << " over " << ranks;
    }
  }
}

/// Groups of ranks pass on larger nodes; inside and between groups the merges are those of the one tree.
TEST(LeafTree, GroupsOfRanksMakeTheSameTree) {
  using Text = std::string;  // (a b): who met whom, in which order
  const auto merge = [](std::vector<Text>& slots, const MergeStep& step) {
    slots[step.left] = "(" + slots[step.left] + " " + slots[step.right] + ")";
  };
  const auto leaf_texts = [](const LeafShare& one) {
    std::vector<Text> leaves;
    for (std::int64_t i = 0; i < one.cut().leaves(); ++i) leaves.push_back(std::to_string(i));
    return leaves;
  };
  for (const std::int64_t dealt : {1, 4, 6, 8, 13}) {
    for (std::int64_t present = 1; present <= dealt; ++present) {
      for (const std::vector<int>& first : {std::vector<int>{0, 2, 4}, {0, 1, 4, 6}, {0, 3, 4, 5, 7}, {0, 5}}) {
        const int ranks = first.back();
        const LeafCut cut{present, 1};
        // As many ranks as leaves: their slots are the leaves.
        const LeafShare leaves(cut, present, static_cast<int>(present), 0);
        std::vector<Text> whole = leaf_texts(leaves);
        for (const MergeStep& step : leaves.plan()) merge(whole, step);

        const LeafShare share(cut, dealt, ranks, 0);
        const LeafShare groups = share.by_group(first, 0);
        std::vector<Text> slots;
        for (int r = 0; r < ranks; ++r) {
          for (const TreeNode& node : share.nodes(r)) {
            // The node's own leaves, as one rank folds them.
            const LeafRange run = node.leaves(present);
            std::vector<Text> stack;
            for (std::int64_t leaf = run.first; leaf < run.last; ++leaf) {
              stack.push_back(std::to_string(leaf));
              int merges = merges_after(leaf - run.first, leaf + 1 == run.last, static_cast<int>(stack.size()));
              for (; merges > 0; --merges, stack.pop_back())
                stack[stack.size() - 2] = "(" + stack[stack.size() - 2] + " " + stack.back() + ")";
            }
            slots.push_back(stack[0]);
          }
        }
        std::vector<Text> group_slots;
        for (int g = 0; g < groups.ranks(); ++g) {
          std::vector<Text> mine = slots;
          const LeafShare::GroupFold fold = share.fold_of_group(groups, first, g);
          ASSERT_EQ(fold.of_node.size(), groups.nodes(g).size());
          for (const MergeStep& step : fold.plan) merge(mine, step);
          for (const std::size_t slot : fold.of_node) group_slots.push_back(mine[slot]);
        }
        for (const MergeStep& step : groups.plan()) merge(group_slots, step);
        EXPECT_EQ(group_slots[0], whole[0]) << present << " of " << dealt << " leaves, " << ranks << " ranks";
        EXPECT_TRUE(groups.ranks() > 1 || groups.plan().empty());
      }
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
