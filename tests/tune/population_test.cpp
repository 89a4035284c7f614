#include "tune/population/population.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <string>

#include "shoal/tune/search_space.hpp"
#include "tune/search_plan.hpp"

namespace shoal {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

SweepSettings settings_of(std::int64_t members, std::int64_t generation = 2) {
  SweepSettings settings;
  settings.trials = members;
  settings.population = {members, generation, 0.25};
  settings.space = {{.key = "model.width", .min = 8.0, .max = 64.0, .integer = true},
                    {.key = "optimizer.learning_rate", .scale = Scale::log, .min = 1e-4, .max = 1.0},
                    {.key = "schedule.name", .scale = Scale::choices, .choices = {"\"constant\"", "\"cosine\""}}};
  return settings;
}

std::vector<std::int64_t> numbered(std::int64_t members) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(members));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

Population begun(const SweepSettings& settings) {
  std::vector<Place> first;
  for (std::int64_t m = 0; m < settings.trials; ++m) first.push_back(first_place(settings, 1, m));
  return Population(first);
}

TEST(Population, CutsOffAtLeastOneAndAtMostHalf) {
  EXPECT_EQ(cut_off(0.25, 8), 2);
  EXPECT_EQ(cut_off(0.01, 8), 1);
  EXPECT_EQ(cut_off(0.5, 3), 1);
  EXPECT_EQ(cut_off(0.5, 2), 1);
  EXPECT_EQ(cut_off(0.2, 10), 2);
  EXPECT_EQ(cut_off(0.2, 8), 2) << "1.6";
}

TEST(Population, TheWorstGoOnFromTheBestAndTheOthersAsTheyAre) {
  const SweepSettings settings = settings_of(8);
  Population population = begun(settings);
  const std::vector<Place> before = population.places(0);
  population.breed(settings, 1, numbered(8), 8);
  for (std::int64_t m = 0; m < 6; ++m) {
    EXPECT_EQ(population.lineage(m, 1)[0].member, m);
    EXPECT_EQ(population.places(1)[static_cast<std::size_t>(m)], before[static_cast<std::size_t>(m)]);
  }
  for (std::int64_t m = 6; m < 8; ++m) {
    const std::vector<Forebear> lineage = population.lineage(m, 1);
    ASSERT_EQ(lineage.size(), 2U);
    const std::int64_t source = lineage[0].member;
    EXPECT_LT(source, 2) << "one of the best two";
    EXPECT_EQ(lineage[1].member, m);
    const Place& from = before[static_cast<std::size_t>(source)];
    EXPECT_EQ(lineage[0].place, from);
    EXPECT_EQ(lineage[1].place[0], from[0]) << "a width comes with the weights";
    const double step = std::abs(lineage[1].place[1] - from[1]);
    EXPECT_GE(step, 0.05 - 1e-12);
    EXPECT_LE(step, 0.2 + 1e-12);
  }
}

TEST(Population, SourcesAreDrawnByTheSeed) {
  const SweepSettings settings = settings_of(64);
  std::set<std::int64_t> sources;
  std::set<Place> moved;
  for (const std::uint64_t seed : {1U, 2U}) {
    Population population = begun(settings);
    population.breed(settings, seed, numbered(64), 64);
    for (std::int64_t m = 48; m < 64; ++m) {
      sources.insert(population.lineage(m, 1)[0].member);
      moved.insert(population.places(1)[static_cast<std::size_t>(m)]);
    }
    Population again = begun(settings);
    again.breed(settings, seed, numbered(64), 64);
    EXPECT_EQ(again.places(1), population.places(1));
  }
  EXPECT_GT(sources.size(), 8U);
  EXPECT_LT(*sources.rbegin(), 16);
  EXPECT_GT(moved.size(), 24U) << "both seeds, and every member, go their own way";
}

/// How many different trainings, from the first generation on, the members of the latest one are. ranked: by turns the
/// first members are the best, and the last.
std::size_t trainings_after(const SweepSettings& settings, std::uint64_t seed, std::int64_t generations) {
  const std::int64_t members = settings.trials;
  std::vector<Place> first;
  for (std::int64_t m = 0; m < members; ++m) first.push_back(first_place(settings, seed, m));
  Population population(first);
  std::vector<std::int64_t> ranked = numbered(members);
  for (std::int64_t g = 1; g <= generations; ++g) {
    population.breed(settings, seed, ranked, members);
    std::reverse(ranked.begin(), ranked.end());
  }
  std::set<std::string> trainings;
  for (std::int64_t m = 0; m < members; ++m) {
    std::string values;
    for (const Forebear& one : population.lineage(m, generations)) values += values_at(settings.space, one.place) + '|';
    trainings.insert(values);
  }
  return trainings.size();
}

TEST(Population, NoTwoMembersBecomeOne) {
  SweepSettings one_scale = settings_of(8);
  one_scale.space = {{.key = "optimizer.learning_rate", .scale = Scale::log, .min = 1e-3, .max = 1.0}};
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) EXPECT_EQ(trainings_after(one_scale, seed, 10), 8U) << seed;
  one_scale.population.exploit = 0.5;
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) EXPECT_EQ(trainings_after(one_scale, seed, 10), 8U) << seed;
  SweepSettings a_list = settings_of(4);  // with a place for each
  a_list.search = Search::grid;
  a_list.space = {{.key = "optimizer.clip_norm", .scale = Scale::choices, .choices = {"0.1", "0.5", "1.0", "2.0"}}};
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) EXPECT_EQ(trainings_after(a_list, seed, 10), 4U) << seed;
}

TEST(Population, MembersThatFindNoPlaceOfTheirOwnGoOnAllTheSame) {
  SweepSettings settings = settings_of(8);
  settings.space = {{.key = "optimizer.nesterov", .scale = Scale::choices, .choices = {"false", "true"}}};
  EXPECT_LT(trainings_after(settings, 1, 2), 8U);
}

TEST(Population, AllThatFailedCopyOneThatDidNot) {
  const SweepSettings settings = settings_of(8);
  Population population = begun(settings);
  population.breed(settings, 1, std::vector<std::int64_t>{5, 0, 1, 2, 3, 4, 6, 7}, 1);
  for (std::int64_t m = 0; m < 8; ++m) EXPECT_EQ(population.lineage(m, 1)[0].member, 5);
}

TEST(Population, ALineageGoesThroughAllItsForebears) {
  const SweepSettings settings = settings_of(2);
  Population population = begun(settings);
  population.breed(settings, 1, std::vector<std::int64_t>{0, 1}, 2);  // 1 copies 0
  population.breed(settings, 1, std::vector<std::int64_t>{1, 0}, 2);  // 0 copies 1
  const std::vector<Forebear> lineage = population.lineage(0, 2);
  std::vector<std::int64_t> members;
  for (const Forebear& one : lineage) members.push_back(one.member);
  EXPECT_THAT(members, ElementsAre(0, 1, 0));
  EXPECT_EQ(lineage[1].place, population.places(1)[1]);
  EXPECT_EQ(lineage[2].place, population.places(2)[0]);
}

TEST(MovedPlace, StaysOnTheScaleAndNeverStandsStill) {
  const std::vector<Dimension> space = settings_of(2).space;
  int up = 0;
  for (const double from : {0.0, 0.03, 0.5, 0.97, 1.0}) {
    for (std::int64_t member = 0; member < 50; ++member) {
      const Place to = moved_place(space, 3, 1, member, {0.2, from, 0.9});
      EXPECT_GE(to[1], 0.0);
      EXPECT_LE(to[1], 1.0);
      EXPECT_NE(to[1], from);
      if (from == 0.5) up += to[1] > from ? 1 : 0;
    }
  }
  EXPECT_GT(up, 10);
  EXPECT_LT(up, 40);
}

TEST(MovedPlace, DrawsChoicesAnewNowAndThen) {
  const std::vector<Dimension> space = settings_of(2).space;
  int changed = 0;
  for (std::int64_t member = 0; member < 400; ++member)
    changed += moved_place(space, 3, 1, member, {0.2, 0.5, 0.9})[2] != 0.9 ? 1 : 0;
  EXPECT_GT(changed, 60);
  EXPECT_LT(changed, 140);
}

std::vector<Standing> ended(const SearchPlan& plan, const std::vector<double>& scores) {
  std::vector<Standing> standings;
  for (const double score : scores)
    standings.push_back({plan.stage().rung, std::isnan(score), {std::isnan(score) ? 0.0 : score}});
  return standings;
}

TEST(SearchPlanOfAPopulation, TrainsAllMembersOnByGenerations) {
  SearchPlan plan(settings_of(4, 3), 1, 8);
  EXPECT_EQ(plan.rungs(), 3);
  EXPECT_EQ(plan.rounds(), 1);
  EXPECT_EQ(plan.total_jobs(), 12);
  EXPECT_EQ(plan.total_work(), 32);
  std::vector<std::int64_t> epochs;
  std::vector<double> scores = {4, 3, 2, 1};
  for (bool more = true; more; more = plan.advance(ended(plan, scores))) {
    epochs.push_back(plan.stage().epochs);
    EXPECT_EQ(plan.stage().trials, numbered(4));
  }
  EXPECT_THAT(epochs, ElementsAre(3, 6, 8));
  EXPECT_EQ(plan.population()->lineage(0, 1)[0].member, 3) << "the worst copies the best";
  EXPECT_EQ(plan.place(0, 0), first_place(settings_of(4, 3), 1, 0));
  EXPECT_EQ(plan.places()[0], plan.place(0, 2));
}

TEST(SearchPlanOfAPopulation, GoesOnWithoutThoseThatFailedAndEndsWhereAllDid) {
  SearchPlan plan(settings_of(4), 1, 8);
  const double failed = std::nan("");
  ASSERT_TRUE(plan.advance(ended(plan, {failed, failed, 2, failed})));
  std::vector<std::int64_t> sources;
  for (std::int64_t m = 0; m < 4; ++m) sources.push_back(plan.population()->lineage(m, 1)[0].member);
  EXPECT_THAT(sources, Each(2));
  EXPECT_FALSE(plan.advance(ended(plan, {failed, failed, failed, failed})));
}

TEST(SearchPlanOfAPopulation, HasTenGenerationsWhereNobodySaysOtherwise) {
  EXPECT_EQ(SearchPlan(settings_of(4, 0), 1, 10).rungs(), 10);
  EXPECT_EQ(SearchPlan(settings_of(4, 0), 1, 30).rungs(), 10);
  EXPECT_EQ(SearchPlan(settings_of(4, 0), 1, 15).rungs(), 8);
  EXPECT_EQ(SearchPlan(settings_of(4, 0), 1, 4).rungs(), 4);
}

}  // namespace
}  // namespace shoal
