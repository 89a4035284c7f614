#include "tune/sampler.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace shoal {
namespace {

SweepSettings search_of(std::size_t dimensions, Search search, std::int64_t trials) {
  SweepSettings settings;
  settings.search = search;
  settings.trials = trials;
  settings.space.assign(dimensions, Dimension{.key = "x", .scale = Scale::linear, .min = 0.0, .max = 1.0});
  return settings;
}

TEST(Sampler, ATrialIsAFunctionOfSeedAndNumber) {
  for (const Search search : {Search::random, Search::quasi_random, Search::grid}) {
    const SweepSettings settings = search_of(3, search, 27);
    EXPECT_EQ(first_place(settings, 5, 13), first_place(settings, 5, 13));
    EXPECT_NE(first_place(settings, 5, 13), first_place(settings, 5, 14));
    EXPECT_EQ(first_place(settings, 5, 13) == first_place(settings, 6, 13), search == Search::grid);
  }
}

TEST(Sampler, DimensionsAreIndependent) {
  const Place place = first_place(search_of(2, Search::random, 4), 1, 0);
  EXPECT_NE(place[0], place[1]);
}

TEST(Sampler, AGridOfTheRightSizeIsCompleteAndWithoutRepetition) {
  const SweepSettings settings = search_of(4, Search::grid, 81);
  EXPECT_EQ(grid_levels(settings.space, 81), (std::vector<std::int64_t>{3, 3, 3, 3}));
  std::set<Place> points;
  for (std::int64_t trial = 0; trial < 81; ++trial) points.insert(first_place(settings, 1, trial));
  EXPECT_EQ(points.size(), 81U);
}

TEST(Sampler, OfALargerGridTrialsAreTakenEvenly) {
  const SweepSettings settings = search_of(4, Search::grid, 64);  // of 81
  std::set<Place> points;
  std::vector<int> first_level(3);
  for (std::int64_t trial = 0; trial < 64; ++trial) {
    const Place place = first_place(settings, 1, trial);
    points.insert(place);
    ++first_level[static_cast<std::size_t>(2.0 * place[0])];
  }
  EXPECT_EQ(points.size(), 64U);
  EXPECT_GE(*std::min_element(first_level.begin(), first_level.end()), 21);
}

TEST(Sampler, AGridHasNoMoreLevelsThanValues) {
  std::vector<Dimension> space = {{.key = "a", .scale = Scale::choices, .choices = {"1", "2"}},
                                  {.key = "b", .scale = Scale::linear, .min = 1, .max = 3, .integer = true},
                                  {.key = "c", .scale = Scale::linear, .min = 0.0, .max = 1.0}};
  EXPECT_EQ(grid_levels(space, 100), (std::vector<std::int64_t>{2, 3, 17}));
  space.pop_back();
  EXPECT_EQ(grid_levels(space, 100), (std::vector<std::int64_t>{2, 3})) << "there are no more points";
}

TEST(Sampler, FinerPlacesLieAroundTheirSurvivors) {
  SweepSettings settings = search_of(2, Search::coarse_to_fine, 100);
  settings.space.push_back({.key = "c", .scale = Scale::choices, .choices = {"1", "2", "3", "4"}});
  const std::vector<Place> survivors = {{0.5, 0.02, 0.1}, {0.9, 0.95, 0.9}};
  int kept = 0;
  for (std::int64_t trial = 0; trial < 200; ++trial) {
    const Place place = finer_place(settings, 1, trial, survivors, 0.2);
    const Place& centre = survivors[static_cast<std::size_t>(trial % 2)];
    EXPECT_LE(std::abs(place[0] - centre[0]), 0.1 + 1e-12);
    EXPECT_GE(place[1], trial % 2 == 0 ? 0.0 : 0.8) << "moved inside, not cut";
    EXPECT_LE(place[1], trial % 2 == 0 ? 0.2 : 1.0);
    kept += value_at(settings.space[2], place[2]) == value_at(settings.space[2], centre[2]) ? 1 : 0;
  }
  EXPECT_NEAR(kept, 200 * (0.8 + 0.2 / 4), 20) << "choices mostly stay";
}

}  // namespace
}  // namespace shoal
