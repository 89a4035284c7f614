#include "shoal/tune/search_space.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <map>

#include "shoal/config/model_layers.hpp"
#include "shoal/core/error.hpp"
#include "tune/sampler.hpp"

namespace shoal {
namespace {

constexpr std::int64_t samples = 100'000;
// Kolmogorov's limit for sqrt(n) D at a significance of 0.001; a right sampler fails for one seed in a thousand, and
// the seed is fixed.
constexpr double ks_limit = 1.95;

SweepSettings space_search(Dimension dimension) {
  SweepSettings settings;
  dimension.key = "x";
  settings.space = {std::move(dimension)};
  return settings;
}

std::vector<double> draw(const SweepSettings& settings, std::uint64_t seed = 1) {
  std::vector<double> drawn;
  for (std::int64_t trial = 0; trial < samples; ++trial)
    drawn.push_back(number_at(settings.space[0], first_place(settings, seed, trial)[0]));
  return drawn;
}

/// sqrt(n) times the greatest distance between the drawn and the exact distribution function.
double ks(std::vector<double> drawn, const std::function<double(double)>& exact) {
  std::sort(drawn.begin(), drawn.end());
  const auto n = static_cast<double>(drawn.size());
  double distance = 0.0;
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    const double f = exact(drawn[i]);
    distance = std::max({distance, f - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - f});
  }
  return std::sqrt(n) * distance;
}

/// Chi squared over whole numbers of given probabilities, against its limit at about 0.001 (Wilson and Hilferty).
void expect_frequencies(const std::vector<double>& drawn, const std::map<double, double>& probabilities) {
  std::map<double, double> counts;
  for (const double x : drawn) counts[x] += 1.0;
  EXPECT_EQ(counts.size(), probabilities.size());
  double chi = 0.0;
  for (const auto& [value, p] : probabilities) {
    const double expected = p * static_cast<double>(drawn.size());
    chi += (counts[value] - expected) * (counts[value] - expected) / expected;
  }
  const double freedom = static_cast<double>(probabilities.size()) - 1.0;
  const double c = 2.0 / (9.0 * freedom);
  EXPECT_LT(chi, freedom * std::pow(1.0 - c + 3.09 * std::sqrt(c), 3.0));
}

TEST(SearchSpace, LinearIsUniform) {
  const auto drawn = draw(space_search({.scale = Scale::linear, .min = -2.0, .max = 6.0}));
  EXPECT_LT(ks(drawn, [](double x) { return (x + 2.0) / 8.0; }), ks_limit);
  EXPECT_GE(*std::min_element(drawn.begin(), drawn.end()), -2.0);
  EXPECT_LE(*std::max_element(drawn.begin(), drawn.end()), 6.0);
}

TEST(SearchSpace, LogIsUniformInTheExponent) {
  const auto drawn = draw(space_search({.scale = Scale::log, .min = 1e-4, .max = 1.0}));
  EXPECT_LT(ks(drawn, [](double x) { return (std::log10(x) + 4.0) / 4.0; }), ks_limit);
  EXPECT_GE(*std::min_element(drawn.begin(), drawn.end()), 1e-4);
  EXPECT_LE(*std::max_element(drawn.begin(), drawn.end()), 1.0);
}

TEST(SearchSpace, OneMinusLogSpendsAsMuchOnEachNine) {
  const auto drawn = draw(space_search({.scale = Scale::one_minus_log, .min = 0.9, .max = 0.999}));
  EXPECT_LT(ks(drawn, [](double x) { return (-1.0 - std::log10(1.0 - x)) / 2.0; }), ks_limit);
  EXPECT_GE(*std::min_element(drawn.begin(), drawn.end()), 0.9);
  EXPECT_LE(*std::max_element(drawn.begin(), drawn.end()), 0.999);
  const auto below = std::count_if(drawn.begin(), drawn.end(), [](double x) { return x < 0.99; });
  EXPECT_NEAR(static_cast<double>(below) / samples, 0.5, 0.01) << "0.9..0.99 and 0.99..0.999";
}

TEST(SearchSpace, TheTestOfDistributionsCanFail) {
  const auto drawn = draw(space_search({.scale = Scale::linear, .min = 0.0, .max = 1.0}));
  EXPECT_GT(ks(drawn, [](double x) { return std::pow(x, 1.02); }), ks_limit);
}

TEST(SearchSpace, WholeNumbersAtTheEndsAreAsLikelyAsInside) {
  const auto drawn = draw(space_search({.scale = Scale::linear, .min = 3, .max = 8, .integer = true}));
  std::map<double, double> equal;
  for (double n = 3; n <= 8; ++n) equal[n] = 1.0 / 6.0;
  expect_frequencies(drawn, equal);
}

TEST(SearchSpace, WholeNumbersOnALogScaleHaveWholeCellsAtTheEnds) {
  const auto drawn = draw(space_search({.scale = Scale::log, .min = 1, .max = 12, .integer = true}));
  std::map<double, double> cells;
  for (double n = 1; n <= 12; ++n) cells[n] = std::log((n + 0.5) / (n - 0.5)) / std::log(12.5 / 0.5);
  expect_frequencies(drawn, cells);
}

TEST(SearchSpace, ChoicesAreAsLikelyAsEachOther) {
  const auto drawn = draw(space_search({.scale = Scale::choices, .choices = {"32", "64", "128"}}));
  expect_frequencies(drawn, {{0, 1.0 / 3}, {1, 1.0 / 3}, {2, 1.0 / 3}});
}

TEST(SearchSpace, QuasiRandomKeepsTheScale) {
  SweepSettings settings = space_search({.scale = Scale::log, .min = 1e-3, .max = 10.0});
  settings.search = Search::quasi_random;
  EXPECT_LT(ks(draw(settings), [](double x) { return (std::log10(x) + 3.0) / 4.0; }), 0.1)
      << "far more even than random";
}

TEST(SearchSpace, EndsAreReachedExactly) {
  const Dimension log{.key = "x", .scale = Scale::log, .min = 1e-4, .max = 0.3};
  EXPECT_EQ(number_at(log, 0.0), 1e-4);
  EXPECT_EQ(number_at(log, 1.0), 0.3);
  const Dimension nines{.key = "x", .scale = Scale::one_minus_log, .min = 0.9, .max = 0.999};
  EXPECT_EQ(number_at(nines, 0.0), 0.9);
  EXPECT_EQ(number_at(nines, 1.0), 0.999);
  EXPECT_NEAR(number_at(nines, 0.5), 0.99, 1e-12);
  const Dimension whole{.key = "x", .scale = Scale::linear, .min = -1, .max = 1, .integer = true};
  EXPECT_EQ(number_at(whole, 0.0), -1.0);
  EXPECT_EQ(number_at(whole, 1.0), 1.0);
}

TEST(SearchSpace, TextsReadBackEqual) {
  const Dimension log{.key = "x", .scale = Scale::log, .min = 1e-4, .max = 0.3};
  for (double u = 0.0; u < 1.0; u += 0.01) {
    const std::string text = value_at(log, u);
    double read = 0.0;
    std::from_chars(text.data(), text.data() + text.size(), read);
    EXPECT_EQ(read, number_at(log, u)) << text;
  }
  EXPECT_EQ(value_at({.key = "x", .scale = Scale::linear, .min = 2, .max = 4, .integer = true}, 0.5), "3");
}

TEST(SearchSpace, GridLevelsAreEvenWithBothEnds) {
  const Dimension width{.key = "x", .scale = Scale::linear, .min = 1, .max = 9, .integer = true};
  std::vector<double> levels;
  for (std::int64_t i = 0; i < 5; ++i) levels.push_back(number_at(width, grid_place(width, i, 5)));
  EXPECT_EQ(levels, (std::vector<double>{1, 3, 5, 7, 9}));
  const Dimension rate{.key = "x", .scale = Scale::log, .min = 0.01, .max = 1.0};
  EXPECT_EQ(number_at(rate, grid_place(rate, 0, 3)), 0.01);
  EXPECT_NEAR(number_at(rate, grid_place(rate, 1, 3)), 0.1, 1e-15);
  EXPECT_EQ(number_at(rate, grid_place(rate, 2, 3)), 1.0);
}

TEST(SearchSpace, NumbersHavePlaces) {
  const std::vector<Dimension> space = {{.key = "x", .scale = Scale::linear, .min = -2.0, .max = 3.0},
                                        {.key = "x", .scale = Scale::log, .min = 1e-4, .max = 0.3},
                                        {.key = "x", .scale = Scale::one_minus_log, .min = 0.9, .max = 0.999}};
  for (const Dimension& d : space) {
    for (const double u : {0.0, 0.125, 0.5, 0.9, 1.0}) EXPECT_NEAR(place_of(d, number_at(d, u)), u, 1e-12);
  }
  for (const Scale scale : {Scale::linear, Scale::log}) {
    const Dimension whole{.key = "x", .scale = scale, .min = 1, .max = 9, .integer = true};
    for (double number = 1.0; number < 10.0; ++number) EXPECT_EQ(number_at(whole, place_of(whole, number)), number);
  }
  EXPECT_EQ(place_of({.key = "x", .scale = Scale::log, .min = 2.0, .max = 2.0}, 2.0), 0.5);
}

TEST(SearchSpace, ATrialsConfigIsTheBaseWithItsValues) {
  Config base;
  base.model.width = 7;
  base.sweep.trials = 3;
  const std::vector<Dimension> space = {
      {.key = "model.depth", .scale = Scale::linear, .min = 0, .max = 3, .integer = true},
      {.key = "model.hidden", .scale = Scale::choices, .choices = {"[]"}},
      {.key = "optimizer.name", .scale = Scale::choices, .choices = {"\"gd\"", "\"adam\""}}};
  const Config deep = trial_config(base, space, {0.99, 0.0, 0.0});
  EXPECT_EQ(deep.model.depth, 3);
  EXPECT_EQ(deep.model.width, 7);
  EXPECT_EQ(deep.optimizer.name, "gd");
  EXPECT_EQ(deep.sweep, SweepSettings());
  const Config linear = trial_config(base, space, {0.0, 0.0, 0.9});
  EXPECT_EQ(linear.optimizer.name, "adam");
  EXPECT_NO_THROW(check_config(linear)) << "no layers: the width is of no use";
}

TEST(SearchSpace, TrialsOfOtherSeedsAreComparedOnTheSameRows) {
  Config base;
  base.seed = 5;
  const std::vector<Dimension> space = {{.key = "seed", .scale = Scale::linear, .min = 1, .max = 9, .integer = true}};
  EXPECT_EQ(trial_config(base, space, {0.0}).seed, 1U);
  EXPECT_EQ(split_seed_of(trial_config(base, space, {0.0})), 5U);
  EXPECT_EQ(split_seed_of(trial_config(base, space, {0.99})), 5U);
  base.data.split_seed = 3;
  EXPECT_EQ(split_seed_of(trial_config(base, space, {0.0})), 3U);
}

TEST(SearchSpace, ADepthOf0BesideMlpIsALinearModel) {
  Config base;
  base.model.preset = "mlp";
  base.model.width = 4;
  const std::vector<Dimension> space = {
      {.key = "model.depth", .scale = Scale::linear, .min = 0, .max = 1, .integer = true}};
  EXPECT_TRUE(layers_of(trial_config(base, space, {0.0}).model).empty());
  EXPECT_EQ(layers_of(trial_config(base, space, {0.99}).model).size(), 2U) << "a dense layer and relu";
}

TEST(SearchSpace, NoLayersThatTheBaseSaysStayNoneBesideMlp) {
  const std::string space = "[sweep]\ntrials = 2\n[sweep.space]\n\"model.preset\" = {choices = [\"mlp\", \"lenet\"]}\n";
  const auto layers = [&](const Config& base) {
    return layers_of(trial_config(base, base.sweep.space, {0.0}).model).size();
  };
  for (const char* said : {"model.hidden = []\n", "model.depth = 0\n"}) {
    const Config base = parse_config(said + space, "a.toml", "/base");
    EXPECT_EQ(layers(base), 0U) << said;
    EXPECT_EQ(layers(parse_config(to_toml(base), "b.toml", "/base")), 0U) << said << "as a sweep goes on with it";
  }
  const Config silent = parse_config(space, "a.toml", "/base");
  EXPECT_EQ(layers(silent), 4U) << "256 and 128 units, each with relu";
  EXPECT_EQ(layers(parse_config(to_toml(silent), "b.toml", "/base")), 4U) << "as a sweep goes on with it";
}

}  // namespace
}  // namespace shoal
