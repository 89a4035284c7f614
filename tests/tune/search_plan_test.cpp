#include "tune/search_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace shoal {
namespace {

SweepSettings plan_search(Search search, std::int64_t trials, const SuccessiveHalving& halving = {}) {
  SweepSettings settings;
  settings.search = search;
  settings.trials = trials;
  settings.successive_halving = halving;
  settings.space = {{.key = "x", .scale = Scale::linear, .min = 0.0, .max = 1.0},
                    {.key = "y", .scale = Scale::linear, .min = 0.0, .max = 1.0}};
  return settings;
}

/// Lets the trials of a stage end with the scores that `score` gives them; NaN fails.
template <class ScoreOf>
void finish_stage(const SearchPlan& plan, std::vector<Standing>& standings, const ScoreOf& score) {
  standings.resize(plan.places().size());
  for (const std::int64_t trial : plan.stage().trials) {
    const double s = score(trial);
    standings[static_cast<std::size_t>(trial)] = {plan.stage().rung, std::isnan(s), {std::isnan(s) ? 0.0 : s}};
  }
}

TEST(SearchPlan, KnowsHowManyTrialsGiveASecondRound) {
  for (const Search search : {Search::coarse_to_fine, Search::bayesian, Search::tpe}) {
    for (const std::int64_t round : {1, 3, 9}) {
      SweepSettings settings = plan_search(search, 100);
      settings.round = round;
      settings.trials = SearchPlan::trials_to_choose(settings);
      EXPECT_EQ(SearchPlan(settings, 1, 10).rounds(), 2) << settings.trials;
      --settings.trials;
      EXPECT_EQ(SearchPlan(settings, 1, 10).rounds(), 1) << settings.trials;
    }
  }
  EXPECT_EQ(SearchPlan::trials_to_choose(plan_search(Search::random, 1)), 0);
}

TEST(SearchPlan, WithoutHalvingIsOneStage) {
  SearchPlan plan(plan_search(Search::random, 5), 1, 10);
  EXPECT_EQ(plan.stage().trials, (std::vector<std::int64_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(plan.stage().epochs, 0);
  EXPECT_EQ(plan.total_jobs(), 5);
  std::vector<Standing> standings;
  finish_stage(plan, standings, [](std::int64_t t) { return static_cast<double>(t); });
  EXPECT_FALSE(plan.advance(standings));
}

TEST(SearchPlan, HalvingKeepsTheBestShareForLonger) {
  SearchPlan plan(plan_search(Search::random, 27, SuccessiveHalving{true, 3, 1}), 1, 30);
  std::vector<Standing> standings;
  std::vector<std::int64_t> epochs;
  std::vector<std::size_t> sizes;
  do {
    epochs.push_back(plan.stage().epochs);
    sizes.push_back(plan.stage().trials.size());
    finish_stage(plan, standings, [](std::int64_t t) { return -static_cast<double>(t); });
  } while (plan.advance(standings));
  EXPECT_EQ(epochs, (std::vector<std::int64_t>{1, 3, 10, 30}));
  EXPECT_EQ(sizes, (std::vector<std::size_t>{27, 9, 3, 1}));
  EXPECT_EQ(plan.stage().trials, std::vector<std::int64_t>{26}) << "the best";
  EXPECT_EQ(plan.total_jobs(), 27 + 9 + 3 + 1);
  EXPECT_EQ(plan.total_work(), 27 * 1 + 9 * 2 + 3 * 7 + 1 * 20);
  EXPECT_EQ(best_trial(standings), 26);
}

TEST(SearchPlan, TiesGoToTheLowerNumberAndFailuresNeverGoOn) {
  SearchPlan plan(plan_search(Search::random, 9, SuccessiveHalving{true, 3, 1}), 1, 3);
  std::vector<Standing> standings;
  finish_stage(plan, standings, [](std::int64_t t) { return t < 2 ? std::nan("") : 1.0; });
  ASSERT_TRUE(plan.advance(standings));
  EXPECT_EQ(plan.stage().trials, (std::vector<std::int64_t>{2, 3, 4}));
  finish_stage(plan, standings, [](std::int64_t) { return std::nan(""); });
  EXPECT_FALSE(plan.advance(standings));
  EXPECT_EQ(best_trial(standings), 5) << "all that went on failed: the best of those that did not";
}

TEST(SearchPlan, EqualAccuraciesGoToTheLowerLoss) {
  const std::vector<Standing> standings = {
      {0, false, {-0.9, 0.4}}, {0, false, {-0.9, 0.3}}, {0, false, {-0.8, 0.1}}, {0, false, {-0.9, 0.3}}};
  EXPECT_EQ(from_best({0, 1, 2, 3}, standings), (std::vector<std::int64_t>{1, 3, 0, 2}));
  EXPECT_EQ(best_trial(standings), 1);
}

TEST(SearchPlan, NoTrialLeftEndsARoundEarly) {
  SearchPlan plan(plan_search(Search::random, 9, SuccessiveHalving{true, 3, 1}), 1, 9);
  std::vector<Standing> standings;
  finish_stage(plan, standings, [](std::int64_t) { return std::nan(""); });
  EXPECT_FALSE(plan.advance(standings));
  EXPECT_EQ(best_trial(standings), std::nullopt);
}

TEST(SearchPlan, CoarseToFineClosesInOnTheMinimum) {
  const auto distance = [](const Place& p) { return std::hypot(p[0] - 0.3, p[1] - 0.8); };
  SearchPlan plan(plan_search(Search::coarse_to_fine, 60), 3, 10);
  std::vector<Standing> standings;
  std::vector<double> means;
  do {
    double sum = 0.0;
    finish_stage(plan, standings, [&](std::int64_t t) {
      const double d = distance(plan.places()[static_cast<std::size_t>(t)]);
      sum += d;
      return d;
    });
    EXPECT_EQ(plan.stage().trials.size(), 20U);
    means.push_back(sum / 20.0);
  } while (plan.advance(standings));
  ASSERT_EQ(means.size(), 3U);
  EXPECT_LT(means[1], 0.75 * means[0]);
  EXPECT_LT(means[2], 0.75 * means[1]);
  EXPECT_EQ(plan.round_of(0), 0);
  EXPECT_EQ(plan.round_of(19), 0);
  EXPECT_EQ(plan.round_of(20), 1);
  EXPECT_EQ(plan.round_of(59), 2);
}

TEST(SearchPlan, SeveralRegionsSurvive) {
  // Two minima of equal depth: both must be searched in the last round.
  const auto score = [](const Place& p) { return std::min(std::abs(p[0] - 0.1), std::abs(p[0] - 0.9)); };
  SearchPlan plan(plan_search(Search::coarse_to_fine, 90), 3, 10);
  std::vector<Standing> standings;
  do {
    finish_stage(plan, standings, [&](std::int64_t t) { return score(plan.places()[static_cast<std::size_t>(t)]); });
  } while (plan.advance(standings));
  int low = 0;
  for (const std::int64_t t : plan.stage().trials) low += plan.places()[static_cast<std::size_t>(t)][0] < 0.5 ? 1 : 0;
  EXPECT_GT(low, 0);
  EXPECT_LT(low, 30);
}

TEST(SearchPlan, FourTrialsGoAroundEachOfTheBestSoFar) {
  SearchPlan plan(plan_search(Search::coarse_to_fine, 48), 3, 10);
  std::vector<Standing> standings;
  const auto score = [&](std::int64_t t) { return plan.places()[static_cast<std::size_t>(t)][1]; };
  for (std::int64_t round = 0; round < 2; ++round) {
    finish_stage(plan, standings, score);
    std::vector<std::int64_t> all(standings.size());
    std::iota(all.begin(), all.end(), 0);
    const std::vector<std::int64_t> best = from_best(std::move(all), standings);
    ASSERT_TRUE(plan.advance(standings));
    const double width = round == 0 ? 0.4 : 0.16;
    for (const std::int64_t t : plan.stage().trials) {  // boxes are moved inside, never further than their width
      const Place& centre = plan.places()[static_cast<std::size_t>(best[static_cast<std::size_t>(t % 4)])];
      EXPECT_LE(std::abs(plan.places()[static_cast<std::size_t>(t)][0] - centre[0]), width);
    }
  }
}

TEST(SearchPlan, ARoundWithoutSurvivorsSearchesTheWholeSpaceAgain) {
  SearchPlan plan(plan_search(Search::coarse_to_fine, 12), 1, 10);
  std::vector<Standing> standings;
  finish_stage(plan, standings, [](std::int64_t) { return std::nan(""); });
  ASSERT_TRUE(plan.advance(standings));
  EXPECT_EQ(plan.stage().trials, (std::vector<std::int64_t>{4, 5, 6, 7}));
}

SweepSettings four_settings(Search search, std::int64_t trials, const SuccessiveHalving& halving = {}) {
  SweepSettings settings = plan_search(search, trials, halving);
  settings.space = {{.key = "x", .scale = Scale::choices, .choices = {"1", "2"}},
                    {.key = "y", .scale = Scale::linear, .min = 3.0, .max = 4.0, .integer = true}};
  return settings;
}

TEST(SearchPlan, EqualTrialsAreTrainedOnce) {
  for (const Search search : {Search::random, Search::quasi_random, Search::grid}) {
    SearchPlan plan(four_settings(search, 12), 1, 10);
    ASSERT_EQ(plan.places().size(), 12U);
    EXPECT_EQ(plan.stage().trials.size(), 4U) << to_string(search);
    EXPECT_EQ(plan.taken_over(), 8);
    EXPECT_EQ(plan.total_jobs(), 4);
    for (std::int64_t t = 0; t < 12; ++t) {
      const std::int64_t original = plan.original_of(t);
      EXPECT_LE(original, t);
      EXPECT_EQ(plan.original_of(original), original);
      const auto& stage = plan.stage().trials;
      EXPECT_EQ(std::count(stage.begin(), stage.end(), t), original == t ? 1 : 0);
    }
    std::vector<Standing> standings;
    finish_stage(plan, standings, [](std::int64_t t) { return static_cast<double>(t); });
    EXPECT_FALSE(plan.advance(standings));
  }
}

TEST(SearchPlan, EqualTrialsTakeNoSecondPlaceAmongThePromoted) {
  SearchPlan plan(four_settings(Search::random, 12, SuccessiveHalving{true, 2, 1}), 1, 4);
  std::vector<Standing> standings;
  std::vector<std::size_t> sizes;
  do {
    sizes.push_back(plan.stage().trials.size());
    for (const std::int64_t t : plan.stage().trials) EXPECT_EQ(plan.original_of(t), t);
    finish_stage(plan, standings, [](std::int64_t t) { return static_cast<double>(t); });
  } while (plan.advance(standings));
  EXPECT_EQ(sizes, (std::vector<std::size_t>{4, 2, 1})) << "halves of the four that differ";
  EXPECT_EQ(plan.total_jobs(), 7);
}

/// What a damaged file says they were.
TEST(SearchPlan, RoundsThatAreNoPlacesOfTheSpaceAreDecidedOnAnew) {
  SweepSettings settings = plan_search(Search::bayesian, 16);
  settings.round = 2;
  const auto follow = [&](std::vector<std::vector<Place>> decided) {
    SearchPlan plan(settings, 1, 10, std::move(decided));
    std::vector<Standing> standings;
    do {
      finish_stage(plan, standings, [](std::int64_t t) { return static_cast<double>(t); });
    } while (plan.advance(standings));
    return plan.later_rounds();
  };
  const std::vector<std::vector<Place>> whole = follow({});
  ASSERT_GE(whole.size(), 2U);
  EXPECT_EQ(follow(whole), whole);
  for (const Place& wrong :
       {Place{}, Place{0.5}, Place{0.5, 0.5, 0.5}, Place{0.5, 1.5}, Place{-0.1, 0.5}, Place{0.5, std::nan("")}}) {
    std::vector<std::vector<Place>> damaged = whole;
    damaged[1].back() = wrong;
    EXPECT_EQ(follow(damaged), whole);
  }
}

TEST(SearchPlan, ARoundOfEqualTrialsIsPassedOver) {
  SearchPlan plan(four_settings(Search::coarse_to_fine, 36), 1, 4);
  std::vector<Standing> standings;
  finish_stage(plan, standings, [](std::int64_t t) { return static_cast<double>(t); });
  ASSERT_EQ(plan.stage().trials.size(), 4U) << "all there are, in the first round";
  EXPECT_FALSE(plan.advance(standings));
  EXPECT_EQ(plan.places().size(), 36U);
  EXPECT_EQ(plan.taken_over(), 32);
  EXPECT_EQ(plan.total_jobs(), 4);
  // Survivors are trials that differ: half of four, not one of them twice.
  std::set<std::vector<double>> centres;
  for (const SearchBox& box : plan.boxes()) {
    if (box.round == 1) centres.insert(box.low);
  }
  EXPECT_EQ(centres.size(), 3U) << "a quarter of twelve";
}

TEST(SearchPlan, RoundsOfEqualTrialsTellASearchThatLearnsNothing) {
  for (const Search search : {Search::bayesian, Search::tpe}) {
    SweepSettings settings = four_settings(search, 12);
    settings.round = 2;
    std::vector<std::vector<Place>> places;
    for (int again = 0; again < 2; ++again) {
      SearchPlan plan(settings, 1, 10);
      std::vector<Standing> standings;
      do {
        finish_stage(plan, standings, [](std::int64_t t) { return static_cast<double>(t); });
      } while (plan.advance(standings));
      EXPECT_EQ(plan.places().size(), 12U);
      EXPECT_EQ(plan.taken_over(), 8) << to_string(search);
      EXPECT_EQ(plan.later_rounds().size(), static_cast<std::size_t>(plan.rounds()) - 1);
      places.push_back(plan.places());
    }
    EXPECT_EQ(places[0], places[1]) << to_string(search);
  }
}

}  // namespace
}  // namespace shoal
