#include "shoal/graph/executor.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "shoal/graph/expressions.hpp"
#include "shoal/tensor/parallel.hpp"

namespace shoal {
namespace {

/// Gradients of a small network, folded over `ranks` pretended ranks.
std::vector<float> gradient(std::int64_t samples, std::int64_t dealt, std::int64_t leaf_samples, int ranks, int team) {
  set_threads(team);
  Graph g;
  const Value x = g.input("x", 45);
  const Value h = tanh(dense(x, g.variable("w1", {45, 70}, xavier()), g.variable("b1", {70}, zeros())));
  const Value loss = sum(square(dense(h, g.variable("w2", {70, 3}, xavier()))));
  std::vector<float> parameters(static_cast<std::size_t>(g.parameter_size()));
  g.initialize(1, parameters);
  const auto size = static_cast<std::size_t>(g.parameter_size());
  std::vector<std::vector<float>> slots;
  LocalTreeSum sums;
  const LeafCut cut{samples, leaf_samples};
  for (int rank = 0; rank < ranks; ++rank) {
    const LeafShare share(cut, dealt, ranks, rank);
    Executor<float> executor(g, std::max<std::int64_t>(1, share.samples()), sums);
    executor.bind(parameters.data(), {});
    for (std::int64_t r = 0; r < share.samples(); ++r) {
      for (std::int64_t c = 0; c < 45; ++c) {
        executor.input(x).at(r, c) = static_cast<float>(normal(1).value(9, 0, 1, 1, share.first_sample() + r, c));
      }
    }
    const std::size_t first = slots.size();
    for (std::size_t n = 0; n < share.nodes().size(); ++n) slots.emplace_back(size, 77.0f);
    std::vector<float*> partials;
    for (std::size_t n = first; n < slots.size(); ++n) partials.push_back(slots[n].data());
    executor.forward({&share, share.range(), true, 1, 1, {}}, loss);
    executor.backward(partials);
  }
  const LeafShare all(cut, dealt, ranks, 0);
  for (const MergeStep& step : all.plan()) {
    for (std::size_t i = 0; i < size; ++i) slots[step.left][i] += slots[step.right][i];
  }
  return slots[0];
}

TEST(Executor, RanksAndThreadsChangeNoBitOfAGradient) {
  for (const auto& [samples, dealt, leaf_samples] : std::vector<std::array<std::int64_t, 3>>{
           {256, 8, 32}, {100, 4, 25}, {1, 8, 32}, {37, 5, 8}, {9, 7, 2}, {600, 2, 300}}) {
    const std::vector<float> expected = gradient(samples, dealt, leaf_samples, 1, 1);
    for (int ranks : {1, 2, 3, 4, 7}) {
      for (int team : {1, 2, 3}) {
        const std::vector<float> actual = gradient(samples, dealt, leaf_samples, ranks, team);
        ASSERT_EQ(std::memcmp(actual.data(), expected.data(), expected.size() * sizeof(float)), 0)
            << samples << " samples, " << dealt << " leaves, " << ranks << " ranks, " << team << " threads";
      }
    }
  }
}

TEST(Executor, ParametersThatTheLossDoesNotUseHaveNoGradient) {
  Graph g;
  const Value w = g.variable("w", {2}, constant(3));
  g.variable("unused", {5}, constant(1));
  const Value cost = sum(square(w));
  LocalTreeSum sums;
  Executor<float> executor(g, 1, sums);
  std::vector<float> parameters(static_cast<std::size_t>(g.parameter_size())), gradient(parameters.size(), 9);
  g.initialize(1, parameters);
  executor.bind(parameters.data(), {});
  const LeafShare share(LeafCut{1, 1});
  executor.forward({&share, share.range(), true, 1, 1, {}}, cost);
  executor.finish(executor.leaf_statistics());
  EXPECT_EQ(*executor.value(cost).data, 18);
  float* partial = gradient.data();
  executor.backward(std::span<float* const>(&partial, 1), [&](std::size_t parameter) {
    EXPECT_EQ(parameter, 0U);
    EXPECT_EQ(gradient[gradient.size() - 1], 0) << "those without a gradient are complete first";
  });
  EXPECT_EQ(gradient[0], 6);
  EXPECT_EQ(gradient[1], 6);
  for (std::size_t i = 2; i < gradient.size(); ++i) EXPECT_EQ(gradient[i], 0);
}

TEST(Executor, GradientsCompleteFromTheLastParameterToTheFirst) {
  Graph g;
  const Value x = g.input("x", 3);
  const Value a = g.variable("a", {3, 40}, normal(1));
  const Value b = g.variable("b", {40}, normal(1));
  const Value c = g.variable("c", {40, 2}, normal(1));
  const Value loss = sum(square(dense(dense(x, a, b), c)));
  const LeafShare share(LeafCut{4, 2});
  LocalTreeSum sums;
  Executor<float> executor(g, 4, sums);
  std::vector<float> parameters(static_cast<std::size_t>(g.parameter_size()));
  g.initialize(1, parameters);
  executor.bind(parameters.data(), {});
  for (std::int64_t r = 0; r < 4; ++r) executor.input(x).at(r, r % 3) = 1.0f;
  std::vector<float> whole(parameters.size()), gradient(parameters.size(), 9);
  float* partial = whole.data();
  executor.forward({&share, share.range(), true, 1, 1, {}}, loss);
  executor.backward(std::span<float* const>(&partial, 1));
  std::vector<std::size_t> order;
  partial = gradient.data();
  executor.backward(std::span<float* const>(&partial, 1), [&](std::size_t parameter) {
    order.push_back(parameter);
    for (auto i = static_cast<std::size_t>(g.parameters()[parameter].offset); i < whole.size(); ++i)
      EXPECT_EQ(gradient[i], whole[i]) << "element " << i << " at parameter " << parameter;
  });
  EXPECT_EQ(order, (std::vector<std::size_t>{2, 1, 0}));
}

}  // namespace
}  // namespace shoal
