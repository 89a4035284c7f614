#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "shoal/config/sweep_settings.hpp"

/// The words of configs that are a type of their own.
namespace shoal::config_words {

constexpr auto of(Search) {
  return std::array{std::pair{"random", Search::random},
                    std::pair{"grid", Search::grid},
                    std::pair{"quasi_random", Search::quasi_random},
                    std::pair{"coarse_to_fine", Search::coarse_to_fine},
                    std::pair{"bayesian", Search::bayesian},
                    std::pair{"tpe", Search::tpe}};
}
constexpr auto of(Metric) {
  return std::array{std::pair{"validation.loss", Metric::validation_loss},
                    std::pair{"validation.accuracy", Metric::validation_accuracy},
                    std::pair{"validation.balanced_accuracy", Metric::validation_balanced_accuracy},
                    std::pair{"validation.macro_f1", Metric::validation_macro_f1},
                    std::pair{"validation.auc", Metric::validation_auc},
                    std::pair{"validation.average_precision", Metric::validation_average_precision},
                    std::pair{"validation.rmse", Metric::validation_rmse},
                    std::pair{"validation.mae", Metric::validation_mae},
                    std::pair{"validation.r2", Metric::validation_r2},
                    std::pair{"train.loss", Metric::train_loss}};
}
constexpr auto of(Scale) {
  return std::array{std::pair{"linear", Scale::linear}, std::pair{"log", Scale::log},
                    std::pair{"one_minus_log", Scale::one_minus_log}, std::pair{"choices", Scale::choices}};
}

template <class Word>
std::vector<std::string> all() {
  std::vector<std::string> names;
  for (const auto& [name, meaning] : of(Word())) names.emplace_back(name);
  return names;
}

/// Whether there is such a word; sets `to`.
template <class Word>
bool read(const std::string& word, Word& to) {
  for (const auto& [name, meaning] : of(Word())) {
    if (word == name) return to = meaning, true;
  }
  return false;
}

template <class Word>
std::string text(Word word) {
  for (const auto& [name, meaning] : of(Word())) {
    if (word == meaning) return name;
  }
  return "";
}

}  // namespace shoal::config_words
