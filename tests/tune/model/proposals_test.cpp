#include "tune/model/proposals.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <tuple>

#include "shoal/tune/search_space.hpp"

namespace shoal {
namespace {

class Proposals : public ::testing::TestWithParam<Search> {
 protected:
  SweepSettings settings(std::vector<Dimension> space, std::int64_t trials, std::int64_t round) const {
    SweepSettings s;
    s.search = GetParam();
    s.trials = trials;
    s.round = round;
    s.space = std::move(space);
    return s;
  }

  /// Runs a sweep in which a trial ends with `score` of its numbers, NaN: fails. @returns the best score
  template <class ScoreOf>
  double run(SearchPlan& plan, const SweepSettings& s, const ScoreOf& score) {
    std::vector<Standing> standings;
    double best = INFINITY;
    do {
      standings.resize(plan.places().size());
      for (const std::int64_t trial : plan.stage().trials) {
        std::vector<double> numbers;
        for (std::size_t d = 0; d < s.space.size(); ++d)
          numbers.push_back(number_at(s.space[d], plan.places()[static_cast<std::size_t>(trial)][d]));
        const double value = score(numbers);
        const bool failed = std::isnan(value);
        standings[static_cast<std::size_t>(trial)] = {0, failed, {failed ? 0.0 : value, failed ? 0.0 : value}};
        if (!failed) best = std::min(best, value);
      }
    } while (plan.advance(standings));
    return best;
  }
};

const std::vector<Dimension> mixed = {
    {.key = "choice", .scale = Scale::choices, .choices = {"1", "2", "3"}},
    {.key = "rate", .scale = Scale::log, .min = 1e-5, .max = 1.0},
    {.key = "units", .scale = Scale::log, .min = 8.0, .max = 512.0, .integer = true},
};

double of_mixed(const std::vector<double>& x) {
  return std::pow(std::log10(x[1]) + 2.0, 2) + 0.1 * std::pow(std::log2(x[2]) - 6.0, 2) + (x[0] == 1.0 ? 0.0 : 0.5);
}

TEST_P(Proposals, FindWhatRandomTrialsDoNot) {
  double learned = 0.0;
  double drawn = 0.0;
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U}) {
    SweepSettings s = settings(mixed, 48, 4);
    SearchPlan plan(s, seed, 1);
    const double best = run(plan, s, of_mixed);
    learned += best;
    s.search = Search::random;
    SearchPlan random(s, seed, 1);
    drawn += run(random, s, of_mixed);
  }
  EXPECT_LT(learned, (GetParam() == Search::bayesian ? 0.1 : 0.7) * drawn);
}

const std::vector<Dimension> numbers_of_five = {{.key = "a", .min = 0.0, .max = 1.0},
                                                {.key = "b", .min = 0.0, .max = 1.0},
                                                {.key = "c", .min = 0.0, .max = 1.0},
                                                {.key = "d", .min = 0.0, .max = 1.0},
                                                {.key = "e", .min = 0.0, .max = 1.0}};

/// Waves in a bowl.
double of_waves(const std::vector<double>& x) {
  double sum = 0.0;
  for (const double u : x) sum += (u - 0.37) * (u - 0.37) + 0.05 * (1.0 - std::cos(12.0 * (u - 0.37)));
  return sum;
}

/// A trial of a round must not be looked for beside those before it, which nobody knows the end of yet.
TEST_P(Proposals, FindInLongRoundsToo) {
  double sum = 0.0;
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U, 6U}) {
    const SweepSettings s = settings(numbers_of_five, 52, 8);
    SearchPlan plan(s, seed, 1);
    sum += run(plan, s, of_waves);
  }
  EXPECT_LT(sum / 6.0, GetParam() == Search::bayesian ? 0.04 : 0.2);
}

TEST_P(Proposals, TheFirstTrialsDoNotDependOnHowManyFollow) {
  const SweepSettings more = settings(mixed, 24, 4);
  const SweepSettings fewer = settings(mixed, 18, 4);  // ends amid a round
  SearchPlan a(more, 7, 1);
  SearchPlan b(fewer, 7, 1);
  run(a, more, of_mixed);
  run(b, fewer, of_mixed);
  ASSERT_EQ(a.places().size(), 24U);
  ASSERT_EQ(b.places().size(), 18U);
  for (std::size_t t = 0; t < 18; ++t) EXPECT_EQ(a.places()[t], b.places()[t]) << t;
}

TEST_P(Proposals, WhatWasDecidedIsTaken) {
  const SweepSettings s = settings(mixed, 20, 4);
  SearchPlan plan(s, 7, 1);
  run(plan, s, of_mixed);
  std::vector<std::vector<Place>> decided = plan.later_rounds();
  ASSERT_EQ(decided.size(), 3U);
  decided[0][1] = {0.125, 0.25, 0.5};
  decided[1].pop_back();  // as of a sweep of fewer trials: the rest is found anew
  decided.pop_back();
  SearchPlan again(s, 7, 1, decided);
  run(again, s, of_mixed);
  EXPECT_EQ(again.places()[9], (Place{0.125, 0.25, 0.5}));
  EXPECT_EQ(again.places()[12], plan.places()[12]);
  EXPECT_EQ(again.places().size(), 20U);
}

TEST_P(Proposals, NoTrialTwiceWhileThereAreOthers) {
  const SweepSettings s = settings({{.key = "a", .scale = Scale::choices, .choices = {"1", "2", "3", "4", "5"}},
                                    {.key = "b", .min = 1.0, .max = 5.0, .integer = true}},
                                   18, 3);
  SearchPlan plan(s, 1, 1);
  std::multiset<std::vector<double>> seen;
  run(plan, s, [&](const std::vector<double>& x) {
    seen.insert(x);
    return std::abs(x[0] - 2.0) + std::abs(x[1] - 3.0);
  });
  int first = 0;  // the evenly spread ones may meet
  for (const auto& x : seen) first += seen.count(x) > 1 ? 1 : 0;
  EXPECT_LE(first, 2);
}

TEST_P(Proposals, AFailureIsNotSoughtAgain) {
  const SweepSettings s = settings({{.key = "rate", .scale = Scale::log, .min = 1e-4, .max = 100.0}}, 30, 2);
  SearchPlan plan(s, 1, 1);
  int failed = 0;
  int trials = 0;
  run(plan, s, [&](const std::vector<double>& x) {
    const bool fails = x[0] > 0.1;  // half of the space
    if (++trials > 4) failed += fails ? 1 : 0;
    return fails ? NAN : std::abs(std::log10(x[0]) + 2.0);
  });
  EXPECT_EQ(trials, 30);
  EXPECT_LE(failed, 9);
}

TEST_P(Proposals, WhereAllFailTheSearchGoesOn) {
  const SweepSettings s = settings(mixed, 20, 4);
  SearchPlan plan(s, 1, 1);
  run(plan, s, [](const std::vector<double>&) { return NAN; });
  std::set<Place> places(plan.places().begin(), plan.places().end());
  EXPECT_EQ(places.size(), 20U);
}

TEST_P(Proposals, FewerTrialsThanTheFirstRoundAreOne) {
  const SweepSettings s = settings(mixed, 3, 1);
  const SearchPlan plan(s, 1, 1);
  EXPECT_EQ(plan.stage().trials.size(), 3U);
  EXPECT_EQ(plan.rounds(), 1);
}

TEST_P(Proposals, EqualAccuraciesCountByTheirLoss) {
  const SweepSettings s = settings({{.key = "x", .min = 0.0, .max = 1.0}}, 40, 2);
  SearchPlan plan(s, 1, 1);
  std::vector<Standing> standings;
  double best = 1.0;  // distance of the best, among those of equal accuracy
  do {
    standings.resize(plan.places().size());
    for (const std::int64_t trial : plan.stage().trials) {
      const double distance = std::abs(plan.places()[static_cast<std::size_t>(trial)][0] - 0.3);
      const double accuracy = distance < 0.2 ? 0.9 : 0.5;
      standings[static_cast<std::size_t>(trial)] = {0, false, {-accuracy, distance}};
      best = std::min(best, distance);
    }
  } while (plan.advance(standings));
  EXPECT_LT(best, 0.01);
}

TEST_P(Proposals, RoundsAreCounted) {
  const SweepSettings s = settings(mixed, 21, 4);
  const SearchPlan plan(s, 1, 1);
  EXPECT_EQ(plan.rounds(), 5) << "8, then 4, 4, 4, 1";
  EXPECT_EQ(plan.total_jobs(), 21);
  EXPECT_EQ(plan.round_of(7), 0);
  EXPECT_EQ(plan.round_of(8), 1);
  EXPECT_EQ(plan.round_of(20), 4);
}

INSTANTIATE_TEST_SUITE_P(Learning, Proposals, ::testing::Values(Search::bayesian, Search::tpe),
                         [](const auto& info) { return to_string(info.param); });

}  // namespace
}  // namespace shoal
