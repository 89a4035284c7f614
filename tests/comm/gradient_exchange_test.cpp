#include "shoal/comm/gradient_exchange.hpp"

#include <gtest/gtest.h>

#include "comm/tree_reference.hpp"
#include "mpi_test.hpp"

namespace shoal {
namespace {

const MergeRows<float> add = [](std::span<float> left, std::span<const float> right, std::int64_t, std::int64_t) {
  for (std::size_t i = 0; i < left.size(); ++i) left[i] += right[i];
};

std::vector<std::int64_t> begins(const std::vector<std::int64_t>& sizes) {
  std::vector<std::int64_t> begin{0};
  for (const std::int64_t size : sizes) begin.push_back(begin.back() + size);
  return begin;
}

/// The gradient buffers of this rank's nodes.
struct Partials {
  std::vector<std::vector<float>> rows;
  std::vector<const float*> pointers;

  Partials(const LeafShare& share, std::size_t width) {
    for (const TreeNode& node : share.nodes()) rows.push_back(node_reference<float>(share.cut(), node, width, add));
    for (const std::vector<float>& row : rows) pointers.push_back(row.data());
  }
};

/// Sums all buckets and has every rank update its slices; checks each chunk's sum and the whole buffer on every rank.
void expect_exchange(const LeafCut& cut, std::int64_t dealt, const BucketPlan& plan, int times = 1) {
  Communicator& world = test_world();
  const LeafShare share(cut, dealt, world.size(), world.rank());
  const auto width = static_cast<std::size_t>(plan.chunk_begin(plan.chunks()));
  const Partials partials(share, width);
  const std::vector<float> expected = whole_reference<float>(cut, width, add);
  GradientExchange exchange(world, plan);
  for (; times > 0; --times) {
    std::vector<float> flat(width, -1.0F);
    std::vector<std::int64_t> order;
    std::vector<std::int64_t> expected_order;
    for (int b = 0; b < plan.buckets(); ++b) {
      const ChunkRun slice = plan.slice(b, world.rank());
      for (std::int64_t c = slice.first; c < slice.last; ++c) expected_order.push_back(c);
      exchange.reduce(b, share, partials.pointers, [&](std::int64_t chunk, std::span<float> sum) {
        order.push_back(chunk);
        EXPECT_EQ(static_cast<std::int64_t>(sum.size()), plan.chunk_begin(chunk + 1) - plan.chunk_begin(chunk));
        std::copy(sum.begin(), sum.end(), flat.begin() + plan.chunk_begin(chunk));
        std::fill(sum.begin(), sum.end(), 1e9F);  // the span is ours to change
      });
      exchange.all_gather(b, flat);
    }
    EXPECT_EQ(order, expected_order);
    EXPECT_EQ(flat, expected) << "dealt " << dealt << " samples " << cut.samples << " ranks " << world.size();
  }
}

TEST(GradientExchange, AnyRanksGiveTheBitsOfOne) {
  const auto chunks = begins({16, 16, 5, 16, 1, 16, 16, 9, 16, 2});
  for (const std::int64_t leaves : {1, 2, 3, 4, 5, 7, 8, 13}) {
    for (const LeafCut& cut : cuts_of(leaves)) {
      for (const std::int64_t bucket_floats : {1, 40, 1000}) {
        expect_exchange(cut, leaves, BucketPlan(chunks, test_world().size(), bucket_floats));
      }
    }
  }
}

TEST(GradientExchange, ManyLeavesPerRank) {
  const BucketPlan plan(begins(std::vector<std::int64_t>(9, 1024)), test_world().size(), 3000);
  for (const std::int64_t leaves : {64, 100})
    expect_exchange({.samples = leaves * 2, .leaf_samples = 2}, leaves, plan, 2);
}

TEST(GradientExchange, MoreRanksThanChunks) {
  const BucketPlan plan(begins({7, 1}), test_world().size(), 1000);
  for (const LeafCut& cut : cuts_of(5)) expect_exchange(cut, 5, plan);
}

TEST(GradientExchange, PartialsAreOnlyRead) {
  Communicator& world = test_world();
  const BucketPlan plan(begins({8, 8, 8}), world.size(), 100);
  const LeafShare share({.samples = 7, .leaf_samples = 1}, 7, world.size(), world.rank());
  const Partials partials(share, 24);
  const Partials before(share, 24);
  GradientExchange exchange(world, plan);
  exchange.reduce(0, share, partials.pointers,
                  [](std::int64_t, std::span<float> sum) { std::fill(sum.begin(), sum.end(), 0.0F); });
  EXPECT_EQ(partials.rows, before.rows);
}

TEST(GradientExchange, MovesTheBytesOfAnAllReduce) {
  Communicator& world = test_world();
  const int ranks = world.size();
  const std::int64_t floats = 24576;
  const BucketPlan plan(begins(std::vector<std::int64_t>(24, 1024)), ranks,
                        floats / 2);  // slices equal for 1 to 4 ranks
  const LeafShare share({.samples = 5L * ranks, .leaf_samples = 5}, ranks, ranks, world.rank());
  ASSERT_EQ(share.nodes().size(), 1U);
  const Partials partials(share, static_cast<std::size_t>(floats));
  GradientExchange exchange(world, plan);
  std::vector<float> flat(static_cast<std::size_t>(floats));
  for (int b = 0; b < plan.buckets(); ++b) {
    exchange.reduce(b, share, partials.pointers, [](std::int64_t, std::span<float>) {});
    exchange.all_gather(b, flat);
  }
  EXPECT_EQ(exchange.bytes_sent(), 2 * floats * (ranks - 1) / ranks * 4);
}

TEST(GradientExchange, MorePartialsMoveMoreBytes) {
  Communicator& world = test_world();
  const int ranks = world.size();
  const BucketPlan plan(begins(std::vector<std::int64_t>(12, 64)), ranks, 10000);
  const LeafShare share({.samples = 7, .leaf_samples = 1}, 7, ranks, world.rank());
  const Partials partials(share, 768);
  GradientExchange exchange(world, plan);
  exchange.reduce(0, share, partials.pointers, [](std::int64_t, std::span<float>) {});
  const auto nodes = static_cast<std::int64_t>(share.nodes().size());
  EXPECT_EQ(exchange.bytes_sent(), nodes * (768 - plan.owned_floats(world.rank())) * 4);
}

}  // namespace
}  // namespace shoal
