#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shoal/config/config.hpp"
#include "shoal/train/training.hpp"
#include "tune/outcome.hpp"

namespace shoal {

/// The epoch in which the metric was at its best, of several that of the least loss, the first of these; with folds the
/// mean of theirs, rounded, halves up.
std::int64_t best_epoch(const Outcome& outcome, Metric metric);

/// What `shoal train` would be given to train a setting on the rows to train and to validate on together, for as long
/// as was best for it: validation, folds and early stopping are off, and train.epochs is best_epoch(), to which a
/// schedule is fitted. Where training was counted in steps and the end was the best, it is as many steps.
/// @param trial  the config of the trial's model, or of one of its folds
/// @param data   of the trials: a split of its own that they validate on is trained on, too
Config final_config(const Config& trial, const TrainingData& data, const Outcome& outcome, Metric metric);
/// The splits that it trains on.
std::vector<std::string> splits_of_final_fit(const Config& trial, const TrainingData& data);

/// "5 epochs", or "100 steps" where those are counted.
std::string length_text(const TrainConfig& train);
/// Of a schedule that spans the whole of a training, whose length the final fit has changed; empty: nothing to say.
std::string refitted_schedule_line(const Config& trial, const Config& fit);

}  // namespace shoal
