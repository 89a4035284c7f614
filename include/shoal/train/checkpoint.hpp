#pragma once

// The part of a checkpoint that is a run: its config, and how far it has come.

#include <cstdint>
#include <limits>
#include <vector>

#include "shoal/config/config.hpp"
#include "shoal/infer/checkpoint.hpp"
#include "shoal/nn/model.hpp"

namespace shoal {

/// How far a run is, and what decides when it ends.
struct RunProgress {
  std::int64_t step = 0;      ///< finished updates
  std::int64_t epoch = 1;     ///< the one under way, from 1
  std::int64_t position = 0;  ///< samples of it that are done
  double epoch_loss = 0.0;    ///< sums over them
  double epoch_right = 0.0;
  double epoch_weight = 0.0;    ///< of them: their number where all count alike
  std::int64_t best_step = -1;  ///< of those whose checkpoints the run has; -1: none yet
  double best_loss = 0.0;
  double best_score = 0.0;  ///< of train.metric, lower is better: what is better when higher has its sign changed
  double least_score = std::numeric_limits<double>::infinity();  ///< for early stopping: also of runs it branched from
  std::int64_t stale_evaluations = 0;                            ///< since that one

  bool operator==(const RunProgress&) const = default;
};

void write_progress(Archive& archive, const RunProgress& progress);
RunProgress read_progress(const Archive& archive);

void write_class_weights(Archive& archive, const std::vector<double>& weights);
/// Empty where there are none. @throws Error(bad_data)  for other than so many numbers of 0 or more
std::vector<double> read_class_weights(const Archive& archive, std::int64_t classes);

/// The config in a checkpoint. The model that it describes, with the inputs and outputs that it was trained with.
Config read_config(const Archive& archive);
Model read_model(const Archive& archive);

}  // namespace shoal
