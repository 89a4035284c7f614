#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "gradient_check.hpp"
#include "shoal/core/error.hpp"
#include "shoal/graph/expressions.hpp"
#include "shoal/nn/operations.hpp"

namespace shoal {
namespace {

constexpr double epsilon = 1e-5;

struct Net {
  explicit Net(std::int64_t columns, double momentum = 0.1) : c(columns) {
    x = g.input("x", c);
    weights = g.input("weights", c);  // makes the gradient of y other than 1
    shift = g.variable("shift", {c}, zeros());
    gamma = g.variable("gamma", {c}, constant(1.5));
    beta = g.variable("beta", {c}, constant(0.25));
    y = batch_norm(x + shift, gamma, beta, epsilon, momentum, "bn");
    loss = sum(y * weights);
  }
  std::int64_t c;
  Graph g;
  Value x, weights, shift, gamma, beta, y, loss;
};

std::vector<double> numbers(std::int64_t n, double mean, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal(mean, 1);
  std::vector<double> v(static_cast<std::size_t>(n));
  for (double& value : v) value = static_cast<float>(normal(generator));
  return v;
}

/// Normalised values and the gradient with respect to z, by the formulas, in double precision.
void reference(const std::vector<double>& z, const std::vector<double>& dy, std::int64_t rows, std::int64_t c,
               std::vector<double>& norm, std::vector<double>& dz) {
  norm.resize(z.size());
  dz.resize(z.size());
  const auto n = static_cast<double>(rows);
  for (std::int64_t j = 0; j < c; ++j) {
    const auto at = [&](const std::vector<double>& v, std::int64_t r) {
      return v[static_cast<std::size_t>(r * c + j)];
    };
    double mean = 0, variance = 0, sum_dy = 0, sum_dy_norm = 0;
    for (std::int64_t r = 0; r < rows; ++r) mean += at(z, r) / n;
    for (std::int64_t r = 0; r < rows; ++r) variance += (at(z, r) - mean) * (at(z, r) - mean) / n;
    const double inverse = 1 / std::sqrt(variance + epsilon);
    for (std::int64_t r = 0; r < rows; ++r) {
      const double value = (at(z, r) - mean) * inverse;
      norm[static_cast<std::size_t>(r * c + j)] = value;
      sum_dy += at(dy, r);
      sum_dy_norm += at(dy, r) * value;
    }
    for (std::int64_t r = 0; r < rows; ++r) {
      const std::size_t i = static_cast<std::size_t>(r * c + j);
      dz[i] = 1.5 * inverse * (dy[i] - sum_dy / n - norm[i] * sum_dy_norm / n);
    }
  }
}

/// Mean 1e4, deviation 1; uneven leaves, leaves of one sample, empty leaves; pretended ranks through the tree.
TEST(BatchNorm, EqualsTheDoublePrecisionReferenceFarFromZero) {
  constexpr std::int64_t c = 40;
  for (const auto& [rows, leaf_samples] : std::vector<std::pair<std::int64_t, std::int64_t>>{
           {64, 16}, {50, 16}, {33, 16}, {17, 16}, {9, 1}, {2, 1}, {5, 8}, {300, 299}}) {
    Net net(c);
    const auto z = numbers(rows * c, 1e4, 1);
    const auto dy = numbers(rows * c, 0, 2);
    std::vector<double> norm, dz;
    reference(z, dy, rows, c, norm, dz);

    LocalTreeSum sums;
    const LeafShare share(LeafCut{rows, leaf_samples}, 64, 1, 0);  // most of the 64 leaves dealt are empty
    Executor<float> executor(net.g, rows, sums);
    std::vector<float> parameters(static_cast<std::size_t>(net.g.parameter_size())), gradient(parameters.size());
    std::vector<double> states(static_cast<std::size_t>(net.g.state_size()));
    net.g.initialize(1, parameters);
    net.g.initialize_states(states);
    executor.bind(parameters.data(), states);
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t j = 0; j < c; ++j) {
        executor.input(net.x).at(r, j) = static_cast<float>(z[static_cast<std::size_t>(r * c + j)]);
        executor.input(net.weights).at(r, j) = static_cast<float>(dy[static_cast<std::size_t>(r * c + j)]);
      }
    }
    executor.forward({&share, share.range(), true, 1, 1, {}}, net.loss);
    float* partial = gradient.data();
    executor.backward(std::span<float* const>(&partial, 1));
    double batch_mean = 0;
    for (std::int64_t r = 0; r < rows; ++r) {
      batch_mean += z[static_cast<std::size_t>(r * c)] / static_cast<double>(rows);
      for (std::int64_t j = 0; j < c; ++j) {
        const auto i = static_cast<std::size_t>(r * c + j);
        ASSERT_NEAR((executor.value(net.y).at(r, j) - 0.25) / 1.5, norm[i], 1e-4) << rows << " rows";
      }
    }
    // The gradient of `shift` is the column sum of dz, which is 0 but for rounding; that of gamma is sum dy z_norm.
    double shift_bound = 0, gamma = 0, beta = 0;
    for (std::size_t i = 0; i < dz.size(); i += static_cast<std::size_t>(c)) {
      shift_bound += std::fabs(dz[i]);
      gamma += dy[i] * norm[i];
      beta += dy[i];
    }
    EXPECT_NEAR(gradient[0], 0, 1e-4 * std::max(1.0, shift_bound));
    EXPECT_NEAR(net.g.parameters()[1].in(gradient.data()).at(0, 0), gamma, 1e-4 * std::max(1.0, std::fabs(gamma)));
    EXPECT_NEAR(net.g.parameters()[2].in(gradient.data()).at(0, 0), beta, 1e-4 * std::max(1.0, std::fabs(beta)));
    EXPECT_NEAR(states[0], 0.1 * batch_mean, 1e-9 * batch_mean);
  }
}

/// The gradient with respect to z itself, read through a scale per sample.
TEST(BatchNorm, GradientOfItsInputEqualsTheReference) {
  constexpr std::int64_t c = 3;
  for (const auto& [rows, leaf_samples] :
       std::vector<std::pair<std::int64_t, std::int64_t>>{{32, 8}, {21, 4}, {7, 1}}) {
    Graph g;
    const Value one_hot = g.input("one_hot", rows);  // x = one_hot W: the gradient of W is dz, row by row
    const Value weights = g.input("weights", c);
    const Value w = g.variable("w", {rows, c}, zeros());
    const Value y = batch_norm(dense(one_hot, w), g.variable("gamma", {c}, constant(1.5)),
                               g.variable("beta", {c}, constant(0.25)), epsilon, 0.1, "bn");
    const Value loss = sum(y * weights);
    const auto z = numbers(rows * c, 1e4, 1);
    const auto dy = numbers(rows * c, 0, 2);
    std::vector<double> norm, dz;
    reference(z, dy, rows, c, norm, dz);
    LocalTreeSum sums;
    const LeafShare share(LeafCut{rows, leaf_samples});
    Executor<float> executor(g, rows, sums);
    std::vector<float> parameters(static_cast<std::size_t>(g.parameter_size())), gradient(parameters.size());
    std::vector<double> states(static_cast<std::size_t>(g.state_size()));
    g.initialize(1, parameters);
    executor.bind(parameters.data(), states);
    for (std::int64_t r = 0; r < rows; ++r) {
      executor.input(one_hot).at(r, r) = 1.0f;
      for (std::int64_t j = 0; j < c; ++j) {
        g.parameters()[0].in(parameters.data()).at(r, j) = static_cast<float>(z[static_cast<std::size_t>(r * c + j)]);
        executor.input(weights).at(r, j) = static_cast<float>(dy[static_cast<std::size_t>(r * c + j)]);
      }
    }
    executor.forward({&share, share.range(), true, 1, 1, {}}, loss);
    float* partial = gradient.data();
    executor.backward(std::span<float* const>(&partial, 1));
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t j = 0; j < c; ++j)
        ASSERT_NEAR(g.parameters()[0].in(gradient.data()).at(r, j), dz[static_cast<std::size_t>(r * c + j)], 1e-4);
    }
  }
}

TEST(BatchNorm, DerivativesGoThroughMeanAndVariance) {
  Net net(35);
  GradientCheck check(net.g, net.loss, 11, 3);
  check.fill_normal(net.x);
  check.fill_normal(net.weights, 0, 8);
  check.expect_derivatives();
}

/// What gamma and beta are made of takes phases of its own.
TEST(BatchNorm, DerivativesGoThroughAComputedGamma) {
  Graph g;
  const Value x = g.input("x", 35);
  const Value factor = g.variable("factor", {35}, constant(1.0));
  const Value gamma = exp(g.variable("gamma", {35}, constant(1.0)) * 0.5) * 1.0 + 0.25;
  const Value of_batch = gamma * (sum(square(x)) * 0.01 + 1.0);  // and one that follows from the batch
  for (const Value& scale : {gamma, of_batch}) {
    const std::string name = scale.id() == gamma.id() ? "bn" : "of_batch";
    const Value y = batch_norm(x * factor, scale, gamma * 2.0, 1.0, 0.1, name);  // an epsilon that lets factors through
    GradientCheck check(g, sum(y * square(y + x)), 11, 3);
    check.fill_normal(x);
    check.expect_derivatives(1e-5);
  }
}

TEST(BatchNorm, RunningStatisticsHaveNamesOfTheirOwn) {
  Graph g;
  const Value x = g.input("x", 3);
  const Value gamma = g.variable("gamma", {3}, constant(1.0));
  const Value y = batch_norm(x, gamma, gamma, epsilon, 0.1, "bn");
  EXPECT_THROW(batch_norm(y, gamma, gamma, epsilon, 0.1, "bn"), Error);
}

TEST(BatchNorm, RunningAveragesAreThoseOfPyTorch) {
  Net net(1);
  LocalTreeSum sums;
  Executor<float> executor(net.g, 4, sums);
  std::vector<float> parameters(static_cast<std::size_t>(net.g.parameter_size()));
  std::vector<double> states(2);
  net.g.initialize(1, parameters);
  net.g.initialize_states(states);
  executor.bind(parameters.data(), states);
  const float values[] = {1, 2, 3, 6};
  for (std::int64_t r = 0; r < 4; ++r) executor.input(net.x).at(r, 0) = values[r];
  const LeafShare share(LeafCut{4, 3});
  executor.forward({&share, share.range(), true, 1, 1, {}}, net.y);
  EXPECT_NEAR(states[0], 0.1 * 3, 1e-12);
  EXPECT_NEAR(states[1], 0.9 + 0.1 * 14.0 / 3, 1e-12) << "unbiased variance";
  const LeafShare one(LeafCut{1, 3});
  executor.forward({&one, one.range(), true, 1, 2, {}}, net.y);
  EXPECT_NEAR(states[0], 0.1 * 3, 1e-12) << "a batch of one sample moves nothing";
  EXPECT_NEAR(states[1], 0.9 + 0.1 * 14.0 / 3, 1e-12);
  const double alone = *executor.value(net.y).data;
  // Test time: running averages, whatever the batch.
  executor.forward({&one, one.range(), false, 1, 2, {}}, net.y);
  EXPECT_NEAR(*executor.value(net.y).data, 1.5 * (1 - states[0]) / std::sqrt(states[1] + epsilon) + 0.25, 1e-6);
  EXPECT_EQ(*executor.value(net.y).data, alone) << "a batch of one sample is normalised as in testing";
}

TEST(BatchNorm, BothRunningAveragesMoveByTheMomentum) {
  Net net(1, 0.25);
  LocalTreeSum sums;
  Executor<float> executor(net.g, 2, sums);
  std::vector<float> parameters(static_cast<std::size_t>(net.g.parameter_size()));
  std::vector<double> states{8.0, 2.0};
  net.g.initialize(1, parameters);
  executor.bind(parameters.data(), states);
  for (std::int64_t r = 0; r < 2; ++r) executor.input(net.x).at(r, 0) = static_cast<float>(2 * r);
  const LeafShare share(LeafCut{2, 2});
  executor.forward({&share, share.range(), true, 1, 1, {}}, net.y);
  EXPECT_NEAR(states[0], 0.75 * 8.0 + 0.25 * 1.0, 1e-12);
  EXPECT_NEAR(states[1], 0.75 * 2.0 + 0.25 * 2.0, 1e-12);
}

TEST(BatchNorm, TheDerivativeOfABatchOfOneSampleIsThatOfTesting) {
  Net net(3);
  GradientCheck check(net.g, net.loss, 1, 1);
  check.fill(net.x, [](std::int64_t, std::int64_t c) { return 0.5 + static_cast<double>(c); });
  check.fill(net.weights, [](std::int64_t, std::int64_t c) { return 1.0 - static_cast<double>(c); });
  check.expect_derivatives();
}

}  // namespace
}  // namespace shoal
