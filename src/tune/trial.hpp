#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "shoal/comm/communicator.hpp"
#include "shoal/run/nudges.hpp"
#include "shoal/train/training.hpp"
#include "tune/outcome.hpp"

namespace shoal {

/// One training of a trial, up to the end of a rung.
struct TrialTask {
  std::int64_t trial = 0;
  std::int64_t rung = 0;
  /// The ends of this rung and those before, in epochs: it is evaluated at each. Empty: as far as the config says.
  std::vector<std::int64_t> rung_ends;
  Config config;
  Metric metric = Metric::validation_loss;  ///< that trials are compared by
  std::string checkpoint;                   ///< a file: gone on from where it is there, sound and of this trial
  std::int64_t fold = 0;                    ///< see TrialPart
  NudgeJournal journal = {};                ///< what changes on the way; `config` is how it begins
  std::vector<std::string> sources = {};    ///< files to go on from where `checkpoint` is none, the first that is sound
                                            ///< and was trained as this trial until there
};

struct TrialHooks {
  std::function<bool()> stop;                  ///< asked once a step: whether this rank wants to stop
  std::function<bool(const Outcome&)> wanted;  ///< on the first rank, at the end: whether the checkpoint is to be kept
};

/// Why a trial has failed, the same text everywhere: the sign of a NaN is the processor's choice, and where a value
/// stands in the config is another place when the sweep goes on.
std::string portable_reason(std::string reason);

/// Whether the file is a sound checkpoint of that trial's model, at the end of that rung.
bool holds_trial(const std::string& checkpoint, std::int64_t trial, std::int64_t rung, std::int64_t fold);

/// Collective. Trains, and writes the checkpoint where it is wanted, or to go on from after a stop.
/// @returns nothing when it was stopped; else the outcome, equal on every rank. Whatever the training throws makes a
/// trial that failed; with several ranks, what one of them alone throws in the middle of a step goes on as an
/// exception.
/// @throws Error(input_output)  on the first rank: the checkpoint cannot be written
std::optional<Outcome> run_trial(const TrialTask& task, const TrainingData& data, const TrialHooks& hooks,
                                 Communicator& comm);

}  // namespace shoal
