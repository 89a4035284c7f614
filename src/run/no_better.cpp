#include "run/no_better.hpp"

#include <fmt/format.h>

#include <cstdint>

#include "shoal/core/shell_word.hpp"
#include "shoal/run/run_paths.hpp"

namespace shoal {
namespace {

/// Where classes count unlike, probabilities are not to be those of the rows.
bool weighs_classes(const Training& training) {
  return training.config().train.class_weights.any() || !training.model().loss_kind().numbers.pos_weight.empty();
}

bool takes_little_time(const Training& training, std::int64_t rows) {
  constexpr std::int64_t few = 10'000, most = 1'000'000;
  const std::int64_t trained = training.progress().step * training.config().data.batch_size;
  return rows <= few || (rows <= trained / 4 && rows <= most);
}

}  // namespace

std::vector<std::string> no_better_than_constant(Training& training, const std::string& run) {
  const TrainingData& data = training.data();
  const Split& split = data.validation ? *data.validation : data.train;
  if (weighs_classes(training) || !takes_little_time(training, split.rows())) return {};
  std::vector<std::string> told = training.evaluate(split, true).no_better;
  const RunProgress& progress = training.progress();
  const bool has_better = data.validation && progress.best_step >= 0 && progress.best_step < progress.step;
  for (std::string& one : told) {
    one = fmt::format("on {} after step {}, {}{}", data.validation ? data.validation_name : data.train.name(),
                      progress.step, one,
                      has_better ? fmt::format("; shoal evaluate {} tells of the best, of step {}",
                                               shell_word(RunPaths{run}.best()), progress.best_step)
                                 : "");
  }
  return told;
}

}  // namespace shoal
