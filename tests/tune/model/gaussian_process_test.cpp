#include "tune/model/gaussian_process.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "shoal/core/json.hpp"
#include "shoal/core/random.hpp"
#include "shoal/io/file.hpp"

namespace shoal {
namespace {

std::vector<double> numbers(const Json& list) {
  std::vector<double> result;
  for (const Json& item : list.items()) result.push_back(item.number());
  return result;
}

Points rows(const Json& list) {
  Points result;
  for (const Json& item : list.items()) result.push_back(numbers(item));
  return result;
}

/// Of a smooth function with one coordinate that does not matter, and a choice.
struct Sample {
  Points points;
  std::vector<double> targets;
  Categorical categorical{false, false, true};
  explicit Sample(std::uint64_t n) {
    const RandomSource source(18, Purpose::search);
    for (std::uint64_t i = 0; i < n; ++i) {
      const auto choice = static_cast<double>(source.below(3, i, 8));
      points.push_back({source.uniform(i, 0), source.uniform(i, 1), choice});
      targets.push_back(std::sin(6.0 * points.back()[0]) + 0.5 * choice);
    }
  }
};

TEST(GaussianProcess, ChoicesAreAsFarFromEachOther) {
  const Kernel kernel{{0.5}, 1.0, 1e-6};
  const auto about = [&](double first, double second, double query) {
    const auto process = GaussianProcess::of(kernel, {true}, {{first}, {second}}, {1.0, -0.5});
    return process->at(std::vector<double>{query});
  };
  EXPECT_EQ(about(0, 1, 2).mean, about(0, 2, 1).mean);
  EXPECT_EQ(about(0, 1, 2).variance, about(0, 1, 9).variance);
}

TEST(GaussianProcess, FollowsScikitLearn) {
  const Json cases = Json::parse(read_text(SHOAL_SOURCE_DIR "/tests/golden/gaussian_process.json"));
  ASSERT_EQ(cases.items().size(), 3U);
  for (const Json& c : cases.items()) {
    const Kernel kernel{numbers(c.at("lengths")), c.at("amplitude").number(), c.at("noise").number()};
    const Categorical categorical(kernel.lengths.size(), false);
    const Points points = rows(c.at("points"));
    const std::vector<double> targets = numbers(c.at("targets"));
    const auto process = GaussianProcess::of(kernel, categorical, points, targets);
    ASSERT_TRUE(process);
    const Points queries = rows(c.at("queries"));
    for (std::size_t q = 0; q < queries.size(); ++q) {
      const Posterior posterior = process->at(queries[q]);
      EXPECT_NEAR(posterior.mean, c.at("mean").at(q).number(), 1e-9);
      EXPECT_NEAR(posterior.variance, c.at("variance").at(q).number(), 1e-9);
    }
    std::vector<double> gradient(kernel.lengths.size() + 2);
    const double likelihood = log_likelihood(kernel, categorical, points, targets, gradient);
    EXPECT_NEAR(likelihood, c.at("likelihood").number(), 1e-8);
    for (std::size_t i = 0; i < gradient.size(); ++i)
      EXPECT_NEAR(gradient[i], c.at("gradient").at(i).number(), 1e-7 * (1.0 + std::abs(gradient[i])));
  }
}

TEST(GaussianProcess, LikelihoodHasTheGradientOfItsDifferences) {
  const Sample sample(12);
  const Kernel kernel{{0.4, 0.9, 1.3}, 1.5, 1e-3};
  std::vector<double> gradient(5);
  std::vector<double> unused(5);
  log_likelihood(kernel, sample.categorical, sample.points, sample.targets, gradient);
  for (std::size_t i = 0; i < 5; ++i) {
    const auto at = [&](double step) {
      Kernel moved = kernel;
      double& number = i < 3 ? moved.lengths[i] : i == 3 ? moved.amplitude : moved.noise;
      number *= std::exp(step);
      return log_likelihood(moved, sample.categorical, sample.points, sample.targets, unused);
    };
    EXPECT_NEAR(gradient[i], (at(1e-5) - at(-1e-5)) / 2e-5, 1e-5 * (1.0 + std::abs(gradient[i]))) << i;
  }
}

TEST(GaussianProcess, PosteriorHasTheGradientOfItsDifferences) {
  const Sample sample(12);
  const auto process =
      GaussianProcess::of({{0.4, 0.9, 1.3}, 1.5, 1e-3}, sample.categorical, sample.points, sample.targets);
  ASSERT_TRUE(process);
  std::vector<double> x = {0.33, 0.77, 1.0};
  std::vector<double> d_mean(3);
  std::vector<double> d_variance(3);
  const Posterior posterior = process->at(x, d_mean, d_variance);
  EXPECT_EQ(posterior.mean, process->at(x).mean);
  EXPECT_EQ(posterior.variance, process->at(x).variance);
  EXPECT_EQ(d_mean[2], 0.0) << "a choice";
  for (std::size_t d = 0; d < 2; ++d) {
    const double middle = x[d];
    x[d] = middle + 1e-5;
    const Posterior above = process->at(x);
    x[d] = middle - 1e-5;
    const Posterior below = process->at(x);
    x[d] = middle;
    EXPECT_NEAR(d_mean[d], (above.mean - below.mean) / 2e-5, 1e-6);
    EXPECT_NEAR(d_variance[d], (above.variance - below.variance) / 2e-5, 1e-6);
  }
}

TEST(GaussianProcess, ABelievedPointChangesNoMeanAndLeavesLittleDoubt) {
  const Sample sample(12);
  auto process = GaussianProcess::of({{0.4, 0.9, 1.3}, 1.5, 1e-6}, sample.categorical, sample.points, sample.targets);
  ASSERT_TRUE(process);
  const std::vector<double> x = {0.5, 0.5, 2.0};
  const std::vector<double> elsewhere = {0.1, 0.2, 0.0};
  const Posterior before = process->at(x);
  const double mean = process->at(elsewhere).mean;
  ASSERT_TRUE(process->believe(x));
  EXPECT_NEAR(process->at(x).mean, before.mean, 1e-6);
  EXPECT_LT(process->at(x).variance, 0.01 * before.variance);
  EXPECT_NEAR(process->at(elsewhere).mean, mean, 1e-6);
}

TEST(GaussianProcess, TheLikeliestKernelKnowsWhatDoesNotMatter) {
  const Sample sample(40);
  const Kernel kernel = most_likely_kernel(sample.categorical, sample.points, sample.targets);
  EXPECT_GT(kernel.lengths[1], 5.0 * kernel.lengths[0]);
  EXPECT_LT(kernel.noise, 1e-3);
  EXPECT_EQ(kernel.lengths, most_likely_kernel(sample.categorical, sample.points, sample.targets).lengths);
}

}  // namespace
}  // namespace shoal
