#include "shoal/comm/gradient_exchange.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "comm/begins.hpp"
#include "comm/grouped.hpp"
#include "comm/tree_reference.hpp"
#include "mpi_test.hpp"

namespace shoal {
namespace {

const MergeRows<float> add = [](std::span<float> left, std::span<const float> right, std::int64_t, std::int64_t) {
  for (std::size_t i = 0; i < left.size(); ++i) left[i] += right[i];
};

std::size_t floats_of(const BucketPlan& plan) { return static_cast<std::size_t>(plan.chunk_begin(plan.chunks())); }

/// Floats that a rank owns, over all buckets.
std::int64_t owned_floats(const BucketPlan& plan, int rank) {
  std::int64_t floats = 0;
  for (int b = 0; b < plan.buckets(); ++b) {
    const ChunkRange slice = plan.slice(b, rank);
    floats += plan.chunk_begin(slice.last) - plan.chunk_begin(slice.first);
  }
  return floats;
}

/// One backward pass: writes the partials of this rank's nodes, times `factor`, from the last chunk to the first.
void write_partials(GradientExchange& exchange, const LeafShare& share, const BucketPlan& plan, float factor) {
  std::vector<std::vector<float>> nodes;
  for (const TreeNode& node : share.nodes())
    nodes.push_back(node_reference<float>(share.cut(), node, floats_of(plan), add));
  exchange.begin(share);
  for (std::int64_t chunk = plan.chunks(); chunk-- > 0;) {
    for (std::size_t n = 0; n < nodes.size(); ++n) {
      for (auto i = static_cast<std::size_t>(plan.chunk_begin(chunk));
           i < static_cast<std::size_t>(plan.chunk_begin(chunk + 1)); ++i)
        exchange.partial(n)[i] = factor * nodes[n][i];
    }
    exchange.complete_from(plan.chunk_begin(chunk));
  }
}

/// Steps of parameters += sum, with or without a look at the sums before; checks every sum and all parameters. Batches
/// of `cut` and full ones take turns.
void expect_exchange(Communicator& world, const LeafCut& cut, std::int64_t dealt, const BucketPlan& plan,
                     int steps = 1) {
  const LeafShare full({dealt, 1}, dealt, world.size(), world.rank());
  const LeafShare share(cut, dealt, world.size(), world.rank());
  const std::vector<float> whole_short = whole_reference<float>(cut, floats_of(plan), add);
  const std::vector<float> whole_full = whole_reference<float>(full.cut(), floats_of(plan), add);
  GradientExchange exchange(world, plan, full.nodes().size());
  std::vector<float> expected(whole_short.size());
  for (int step = 1; step <= steps; ++step) {
    const auto factor = static_cast<float>(1 << step);  // exact, so that sums scale
    const bool is_full = step / 2 % 2 == 1;
    const std::vector<float>& whole = is_full ? whole_full : whole_short;
    write_partials(exchange, is_full ? full : share, plan, factor);
    const auto expect_sum = [&](std::int64_t chunk, std::int64_t first, const GradientSum& sum) {
      const auto begin = static_cast<std::size_t>(plan.chunk_begin(chunk) + first);
      ASSERT_LE(begin + sum.size(), static_cast<std::size_t>(plan.chunk_begin(chunk + 1)));
      for (std::size_t i = 0; i < sum.size(); ++i) EXPECT_EQ(sum[i], factor * whole[begin + i]) << "chunk " << chunk;
    };
    if (step % 2 == 1) {
      std::atomic<std::int64_t> seen = 0;  // several threads call
      exchange.visit_sums([&](std::int64_t chunk, std::span<const float> sum) {
        expect_sum(chunk, 0, sum);
        seen += static_cast<std::int64_t>(sum.size());
      });
      EXPECT_EQ(seen, owned_floats(plan, world.rank()));
    }
    exchange.update([&](std::int64_t chunk, std::int64_t first, const GradientSum& sum, std::span<float> parameters) {
      expect_sum(chunk, first, sum);
      for (std::size_t i = 0; i < sum.size(); ++i) parameters[i] += sum[i];
    });
    for (std::size_t i = 0; i < whole.size(); ++i) expected[i] += factor * whole[i];
    const std::span<const float> parameters = exchange.parameters();
    EXPECT_EQ(std::vector<float>(parameters.begin(), parameters.end()), expected)
        << "dealt " << dealt << " samples " << cut.samples << " ranks " << world.size() << " step " << step;
  }
}

TEST(GradientExchange, AnyRanksGiveTheBitsOfOne) {
  const auto chunks = begins({16, 16, 5, 16, 1, 16, 16, 9, 16, 2});
  for (Communicator& world : grouped_worlds()) {
    for (const std::int64_t leaves : {1, 2, 3, 4, 5, 7, 8, 13}) {
      const std::vector<LeafCut> cuts = cuts_of(leaves);
      for (std::size_t c = 0; c < cuts.size(); ++c) {
        const std::int64_t bucket_floats = std::array{1, 40, 1000}[c % 3];
        expect_exchange(world, cuts[c], leaves, BucketPlan(chunks, world.size(), bucket_floats), 2);
      }
    }
  }
}

TEST(GradientExchange, ManyLeavesPerRank) {
  for (Communicator& world : grouped_worlds()) {
    const BucketPlan plan(begins(std::vector<std::int64_t>(9, 1024)), world.size(), 3000);
    for (const std::int64_t leaves : {64, 100})
      expect_exchange(world, {.samples = leaves * 2, .leaf_samples = 2}, leaves, plan, 4);
  }
}

TEST(GradientExchange, MoreRanksThanChunks) {
  for (Communicator& world : grouped_worlds()) {
    const BucketPlan plan(begins({7, 1}), world.size(), 1000);
    for (const LeafCut& cut : cuts_of(5)) expect_exchange(world, cut, 5, plan, 2);
  }
}

TEST(GradientExchange, BucketsLongerThanTheMessagesThatMayWait) {
  for (Communicator& world : grouped_worlds()) {
    const BucketPlan plan(begins(std::vector<std::int64_t>(96, 1024)), world.size(), 12 * 1024);
    expect_exchange(world, {.samples = 12, .leaf_samples = 1}, 12, plan, 4);
  }
}

TEST(GradientExchange, AStepCanBeDropped) {
  for (Communicator& world : grouped_worlds()) {
    const BucketPlan plan(begins(std::vector<std::int64_t>(24, 1024)), world.size(), 4096);
    const LeafShare share({8, 1}, 8, world.size(), world.rank());
    GradientExchange exchange(world, plan, share.nodes().size());
    for (int step = 0; step < 3; ++step) {
      write_partials(exchange, share, plan, 1.0F);
      if (step == 1) {
        exchange.drop();
        continue;
      }
      exchange.update([](std::int64_t, std::int64_t, const GradientSum& sum, std::span<float> parameters) {
        for (std::size_t i = 0; i < sum.size(); ++i) parameters[i] += sum[i];
      });
    }
    const std::vector<float> whole = whole_reference<float>({8, 1}, floats_of(plan), add);
    for (std::size_t i = 0; i < whole.size(); ++i) ASSERT_EQ(exchange.parameters()[i], 2 * whole[i]);
  }
}

TEST(GradientExchange, OneRankOfAHostFillsItsParameters) {
  for (Communicator& world : grouped_worlds()) {
    const BucketPlan plan(begins({8, 8}), world.size(), 100);
    GradientExchange exchange(world, plan, 1);
    world.barrier();
    if (exchange.fills_parameters()) std::fill(exchange.parameters().begin(), exchange.parameters().end(), 3.0F);
    world.barrier();
    for (const float w : exchange.parameters()) EXPECT_EQ(w, 3.0F);
  }
}

TEST(GradientExchange, MovesTheBytesOfAnAllReduceBetweenHosts) {
  for (Communicator& world : grouped_worlds()) {
    const int ranks = world.size();
    const int groups = world.transport().place().groups.count();
    if (ranks % groups != 0) continue;  // deputies then have unequal shares
    const std::int64_t floats = 24576;
    const BucketPlan plan(begins(std::vector<std::int64_t>(24, 1024)), ranks,
                          floats / 2);  // slices equal for 1 to 4
    const LeafShare share({.samples = 5L * ranks, .leaf_samples = 5}, ranks, ranks, world.rank());
    ASSERT_EQ(share.nodes().size(), 1U);
    GradientExchange exchange(world, plan, 1);
    write_partials(exchange, share, plan, 1.0F);
    exchange.update([](std::int64_t, std::int64_t, const GradientSum&, std::span<float>) {});
    EXPECT_EQ(exchange.bytes_sent(), 2 * floats * (groups - 1) / ranks * 4);  // 2 N (G - 1) / G a group
  }
}

TEST(GradientExchange, MoreNodesMoveMoreBytes) {
  Communicator world(test_world().transport().split(0, 1));
  const int ranks = world.size();
  const BucketPlan plan(begins(std::vector<std::int64_t>(12, 64)), ranks, 10000);
  const LeafShare share({.samples = 7, .leaf_samples = 1}, 7, ranks, world.rank());
  GradientExchange exchange(world, plan, share.nodes().size());
  write_partials(exchange, share, plan, 1.0F);
  exchange.update([](std::int64_t, std::int64_t, const GradientSum&, std::span<float>) {});
  const auto nodes = static_cast<std::int64_t>(share.nodes().size());
  const std::int64_t own = owned_floats(plan, world.rank());
  EXPECT_EQ(exchange.bytes_sent(), (nodes * (768 - own) + own * (ranks - 1)) * 4);
}

}  // namespace
}  // namespace shoal
