#include "tune/sampler.hpp"

#include "shoal/tune/search_space.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
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

TEST(Sampler, AGridOfAllWholeNumbersHasEachOnce) {
  for (const Scale scale : {Scale::linear, Scale::log}) {
    for (const double min : {1.0, 2.0, 7.0}) {
      for (const double max : {min, min + 1, 8.0, 12.0, 100.0}) {
        const Dimension whole{.key = "x", .scale = scale, .min = min, .max = max, .integer = true};
        const auto all = static_cast<std::int64_t>(max - min) + 1;
        for (std::int64_t levels = 1; levels <= all; ++levels) {
          std::vector<double> numbers;
          for (std::int64_t i = 0; i < levels; ++i) numbers.push_back(number_at(whole, grid_place(whole, i, levels)));
          EXPECT_EQ(std::adjacent_find(numbers.begin(), numbers.end(), std::greater_equal()), numbers.end())
              << levels << " of " << min << " to " << max;
          if (levels == 1) continue;
          EXPECT_EQ(numbers.front(), min);
          EXPECT_EQ(numbers.back(), max);
        }
      }
    }
  }
}

TEST(Sampler, AGridOfWholeNumbersOnTheLogScaleIsEvenInTheExponent) {
  SweepSettings settings = search_of(1, Search::grid, 8);
  settings.space[0] = {.key = "x", .scale = Scale::log, .min = 1, .max = 8, .integer = true};
  std::vector<std::string> values;
  for (std::int64_t trial = 0; trial < 8; ++trial)
    values.push_back(value_at(settings.space[0], first_place(settings, 1, trial)[0]));
  EXPECT_EQ(values, (std::vector<std::string>{"1", "2", "3", "4", "5", "6", "7", "8"}));
  const Dimension width{.key = "x", .scale = Scale::log, .min = 16, .max = 256, .integer = true};
  for (std::int64_t i = 0; i < 5; ++i) EXPECT_EQ(number_at(width, grid_place(width, i, 5)), 16.0 * std::pow(2.0, i));
  const Dimension large{.key = "x", .scale = Scale::log, .min = 1, .max = 9007199254740992.0, .integer = true};
  std::vector<double> numbers;
  for (std::int64_t i = 0; i < 1000; ++i) numbers.push_back(number_at(large, grid_place(large, i, 1000)));
  EXPECT_EQ(std::adjacent_find(numbers.begin(), numbers.end(), std::greater_equal()), numbers.end());
}

TEST(Sampler, AGridSaysWhatItLeavesOut) {
  SweepSettings settings = search_of(1, Search::grid, 10);
  settings.space.push_back({.key = "model.width", .scale = Scale::log, .min = 1, .max = 12, .integer = true});
  EXPECT_EQ(
      grid_line(settings),
      "grid: 4 levels of x, 3 of the 12 values of model.width; 12 points, of which sweep.trials = 10 leaves out 2");
  settings.trials = 12;
  EXPECT_EQ(grid_line(settings), "grid: 4 levels of x, 3 of the 12 values of model.width; 12 points");
  settings.space = {{.key = "c", .scale = Scale::choices, .choices = {"1", "2"}}};
  EXPECT_EQ(grid_line(settings),
            "grid: 2 values of c; 2 points, all that there are: sweep.trials = 12 repeats 10, without training");
  settings.trials = 4;
  settings.space = {{.key = "c", .scale = Scale::choices, .choices = {"1", "2", "3"}},
                    {.key = "d", .scale = Scale::choices, .choices = {"1", "2"}}};
  EXPECT_EQ(grid_line(settings), "grid: 2 of the 3 values of c, 2 values of d; 4 of the 6 points");
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
  std::set<std::string> choices;
  for (std::int64_t trial = 0; trial < 200; ++trial)
    choices.insert(value_at(settings.space[2], finer_place(settings, 1, trial, survivors, 0.2)[2]));
  EXPECT_EQ(choices.size(), 4U) << "those that do not are any";
}

}  // namespace
}  // namespace shoal
