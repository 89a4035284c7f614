#include <gtest/gtest.h>

#include <cmath>

#include "shoal/graph/executor.hpp"
#include "shoal/nn/operations.hpp"

namespace shoal {
namespace {

struct Result {
  double loss;
  double right;
};

Result evaluate(Value (*loss)(Value, Value), const std::vector<std::vector<float>>& logits,
                const std::vector<std::vector<float>>& targets) {
  Graph g;
  const Value z = g.input("z", static_cast<std::int64_t>(logits[0].size()));
  const Value t = g.input("t", static_cast<std::int64_t>(targets[0].size()));
  const Value value = loss(z, t);
  LocalTreeSum sums;
  const auto n = static_cast<std::int64_t>(logits.size());
  Executor<float> executor(g, n, sums);
  executor.bind(nullptr, {});
  for (std::size_t r = 0; r < logits.size(); ++r) {
    for (std::size_t c = 0; c < logits[r].size(); ++c)
      executor.input(z).at(static_cast<std::int64_t>(r), static_cast<std::int64_t>(c)) = logits[r][c];
    for (std::size_t c = 0; c < targets[r].size(); ++c)
      executor.input(t).at(static_cast<std::int64_t>(r), static_cast<std::int64_t>(c)) = targets[r][c];
  }
  const LeafShare share(LeafCut{n, n});
  executor.forward({&share, share.range(), true, 1, 1, {}}, value);
  return {executor.leaf_statistics()[0], executor.leaf_statistics()[1]};
}

TEST(Losses, SoftmaxIsLogSumExpAndHoldsAtTheExtremes) {
  const Result uniform = evaluate(softmax_cross_entropy, {{0, 0, 0}, {1, 2, 3}}, {{2}, {2}});
  EXPECT_NEAR(uniform.loss, std::log(3.0) + std::log(std::exp(-2.0) + std::exp(-1.0) + 1), 1e-12);
  EXPECT_EQ(uniform.right, 1);
  const Result extreme = evaluate(softmax_cross_entropy, {{1e4f, -1e4f}, {1e4f, -1e4f}}, {{0}, {1}});
  EXPECT_EQ(extreme.loss, 2e4);
  const Result small = evaluate(softmax_cross_entropy, {{30, 0}}, {{0}});
  EXPECT_NEAR(small.loss / std::log1p(std::exp(-30.0)), 1, 1e-12) << "a small loss keeps its digits";
}

TEST(Losses, SoftmaxOfTwoClassesIsLogisticRegression) {
  const float z = 0.7f;
  EXPECT_NEAR(evaluate(softmax_cross_entropy, {{0, z}}, {{1}}).loss, evaluate(sigmoid_cross_entropy, {{z}}, {{1}}).loss,
              1e-12);
}

TEST(Losses, SigmoidAndSquaredErrorAverageOverOutputs) {
  const Result sigmoid = evaluate(sigmoid_cross_entropy, {{0.5f, -1}, {800, -800}}, {{1, 0}, {1, 0}});
  EXPECT_NEAR(sigmoid.loss, (std::log1p(std::exp(-0.5)) + std::log1p(std::exp(-1.0))) / 2, 1e-12);
  EXPECT_EQ(sigmoid.right, 2);
  EXPECT_NEAR(evaluate(mean_squared_error, {{1, 2}}, {{0, 4}}).loss, (1.0 + 4.0) / 2, 1e-12);
  EXPECT_EQ(evaluate(sigmoid_cross_entropy, {{0.5f}, {-0.5f}, {-0.5f}}, {{1}, {0}, {1}}).right, 2);
}

}  // namespace
}  // namespace shoal
