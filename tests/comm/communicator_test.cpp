#include "shoal/comm/communicator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <string>

#include "comm/grouped.hpp"
#include "comm/tree_reference.hpp"
#include "mpi_test.hpp"

namespace shoal {
namespace {

std::vector<std::byte> bytes_of(int rank, std::size_t count) {
  std::vector<std::byte> bytes(count);
  for (std::size_t i = 0; i < count; ++i)
    bytes[i] = static_cast<std::byte>(i * 7 + static_cast<std::size_t>(rank) * 31);
  return bytes;
}

void expect_whole_tree(Communicator& comm, const LeafCut& cut, std::int64_t dealt, std::size_t width,
                       const Merge& merge) {
  const MergeRows<double> rows = [&](std::span<double> left, std::span<const double> right, std::int64_t nl,
                                     std::int64_t nr) { merge(left, right, nl, nr); };
  const LeafShare share(cut, dealt, comm.size(), comm.rank());
  std::vector<double> partials;
  for (const TreeNode& node : share.nodes()) {
    const std::vector<double> row = node_reference<double>(cut, node, width, rows);
    partials.insert(partials.end(), row.begin(), row.end());
  }
  std::vector<double> result(width, -1.0);
  comm.tree_reduce(share, partials, merge, result);
  EXPECT_EQ(result, whole_reference<double>(cut, width, rows))
      << "dealt " << dealt << " samples " << cut.samples << " width " << width << " ranks " << comm.size();
}

TEST(TreeReduce, AnyRanksGiveTheBitsOfOne) {
  for (Communicator& world : grouped_worlds()) {
    for (const std::int64_t leaves : {1, 2, 3, 4, 5, 7, 8, 13, 64, 100}) {
      const std::vector<LeafCut> cuts = cuts_of(leaves);
      for (std::size_t c = 0; c < cuts.size(); c += leaves < 16 ? 1 : 11) {
        for (const std::size_t width : {1U, 6U}) expect_whole_tree(world, cuts[c], leaves, width, AddMerge());
      }
    }
  }
}

TEST(TreeReduce, MergesMomentsWithTheirCounts) {
  for (Communicator& world : grouped_worlds()) {
    for (const std::int64_t leaves : {2, 4, 5, 8}) {
      for (const LeafCut& cut : cuts_of(leaves)) expect_whole_tree(world, cut, leaves, 8, MomentsMerge());
    }
  }
}

TEST(TreeReduce, WidthMayChange) {
  for (Communicator& world : grouped_worlds()) {
    for (const std::size_t width : {3U, 20000U, 1U, 40000U, 40000U})
      expect_whole_tree(world, {.samples = 7, .leaf_samples = 1}, 7, width, AddMerge());
  }
}

/// The ranks of a host then share the sums that fit, and send those that do not.
TEST(TreeReduce, WideSumsMayFindNoMemoryToShare) {
  for (Communicator& world : grouped_worlds()) {
    const SharedMemoryLimit limit(1 << 20);
    for (const std::size_t width : {3U, 40000U, 3U})
      expect_whole_tree(world, {.samples = 7, .leaf_samples = 1}, 7, width, AddMerge());
  }
}

TEST(TreeReduce, ManyInARowWithoutAnotherCollective) {
  for (Communicator& world : grouped_worlds()) {
    const LeafShare share({.samples = 8, .leaf_samples = 1}, 8, world.size(), world.rank());
    const std::vector<double> ones(share.nodes().size(), 1.0);
    const auto nodes = static_cast<double>(share.slots());
    for (int i = 0; i < 1000; ++i) {
      std::vector<double> partials = ones;
      for (double& value : partials) value *= i;
      double result = -1.0;
      world.tree_reduce(share, partials, AddMerge(), std::span(&result, 1));
      ASSERT_EQ(result, nodes * i);
    }
  }
}

TEST(Communicator, OneProcessIsAnOrdinaryCommunicator) {
  Communicator alone;
  EXPECT_EQ(alone.rank(), 0);
  EXPECT_EQ(alone.size(), 1);
  EXPECT_EQ(alone.host_count(), 1);
  EXPECT_GE(alone.threads_for_this_rank(), 1);
  alone.barrier();
  EXPECT_EQ(alone.all_gather(2.5), std::vector<double>{2.5});
  EXPECT_EQ(alone.all_max(-3), -3);
  std::string text = "kept";
  alone.broadcast_string(text);
  EXPECT_EQ(text, "kept");
  EXPECT_EQ(alone.gather_bytes(bytes_of(1, 5)).at(0), bytes_of(1, 5));
  expect_whole_tree(alone, {.samples = 11, .leaf_samples = 2}, 6, 3, AddMerge());
  EXPECT_EQ(alone.split(4).size(), 1);
}

TEST(Communicator, BroadcastsFromEveryRoot) {
  const Communicator& world = test_world();
  for (int root = 0; root < world.size(); ++root) {
    for (const std::size_t length : {0U, 1U, 70000U}) {
      std::vector<std::byte> data = world.rank() == root ? bytes_of(root, length) : bytes_of(99, 3);
      world.broadcast_bytes(data, root);
      EXPECT_EQ(data, bytes_of(root, length));
      std::string text = world.rank() == root ? std::string(length, 'r') + std::to_string(root) : "other";
      world.broadcast_string(text, root);
      EXPECT_EQ(text, std::string(length, 'r') + std::to_string(root));
    }
  }
}

TEST(Communicator, GathersBytesOfAnyLengths) {
  const Communicator& world = test_world();
  const auto length = [](int rank) { return rank == 1 ? std::size_t{0} : static_cast<std::size_t>(rank) * 40000 + 3; };
  for (int root = 0; root < world.size(); ++root) {
    const auto all = world.gather_bytes(bytes_of(world.rank(), length(world.rank())), root);
    EXPECT_EQ(all.size(), world.rank() == root ? static_cast<std::size_t>(world.size()) : 0U);
    for (std::size_t r = 0; r < all.size(); ++r) {
      EXPECT_EQ(all[r], bytes_of(static_cast<int>(r), length(static_cast<int>(r))));
    }
  }
}

TEST(Communicator, GathersPiecesIntoMemoryThatIsThere) {
  const Communicator& world = test_world();
  const auto length = [](int rank) { return rank == 1 ? std::size_t{0} : static_cast<std::size_t>(rank) * 40000 + 3; };
  std::vector<std::int64_t> begin = {2};
  std::vector<std::byte> expected = bytes_of(99, 2);
  for (int r = 0; r < world.size(); ++r) {
    const std::vector<std::byte> piece = bytes_of(r, length(r));
    expected.insert(expected.end(), piece.begin(), piece.end());
    begin.push_back(static_cast<std::int64_t>(expected.size()));
  }
  for (int root = 0; root < world.size(); ++root) {
    std::vector<std::byte> all = bytes_of(99, 2);
    all.resize(world.rank() == root ? expected.size() : 2);
    world.gather_pieces(bytes_of(world.rank(), length(world.rank())), all, begin, root);
    EXPECT_EQ(all, world.rank() == root ? expected : bytes_of(99, 2));
  }
}

TEST(Communicator, GathersOneValueOfEachRank) {
  const Communicator& world = test_world();
  const auto integers = world.all_gather(std::int64_t{-5} * world.rank());
  const auto numbers = world.all_gather(0.1 * world.rank());
  const auto unsigneds = world.all_gather(~static_cast<std::uint64_t>(world.rank()));
  ASSERT_EQ(integers.size(), static_cast<std::size_t>(world.size()));
  for (int r = 0; r < world.size(); ++r) {
    const auto i = static_cast<std::size_t>(r);
    EXPECT_EQ(integers[i], -5 * r);
    EXPECT_EQ(numbers[i], 0.1 * r);
    EXPECT_EQ(unsigneds[i], ~static_cast<std::uint64_t>(r));
  }
}

TEST(Communicator, FindsMaximumAndMinimum) {
  const Communicator& world = test_world();
  EXPECT_EQ(world.all_max(10 - world.rank()), 10);
  EXPECT_EQ(world.all_min(10 - world.rank()), 11 - world.size());
  EXPECT_EQ(world.all_max(-1 - world.rank()), -1);
}

TEST(Communicator, SplitsByColorInOrder) {
  const Communicator& world = test_world();
  Communicator half = world.split(world.rank() % 2);
  EXPECT_EQ(half.rank(), world.rank() / 2);
  EXPECT_EQ(half.size(), (world.size() + 1 - world.rank() % 2) / 2);
  EXPECT_EQ(half.threads_for_this_rank(), world.threads_for_this_rank());
  const std::vector<std::int64_t> members = half.all_gather(std::int64_t{world.rank()});
  for (std::size_t i = 0; i < members.size(); ++i) {
    EXPECT_EQ(members[i], static_cast<std::int64_t>(2 * i) + world.rank() % 2);
  }
  expect_whole_tree(half, {.samples = 9, .leaf_samples = 2}, 5, 2, AddMerge());  // the halves are different in size
  Communicator moved = std::move(half);
  moved.barrier();
  EXPECT_EQ(world.split(7).size(), world.size());
}

TEST(Communicator, KnowsItsHost) {
  const Communicator& world = test_world();
  EXPECT_EQ(world.host_count(), 1);
}

}  // namespace
}  // namespace shoal
