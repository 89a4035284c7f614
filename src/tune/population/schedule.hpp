#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shoal/run/nudges.hpp"
#include "shoal/run/run_paths.hpp"
#include "tune/folds/folds.hpp"
#include "tune/search_plan.hpp"

namespace shoal {

/// A training as a run has it: how it begins, and what changes at which step. With the data it determines all bits.
struct Schedule {
  Config start;
  NudgeJournal journal;
};

/// Of a trial up to a rung. Without a population nothing changes.
/// @param base  of all trials  @param rows  to train on
Schedule schedule_of(const SearchPlan& plan, const Config& base, const SweepSettings& settings, std::int64_t rows,
                     std::int64_t trial, std::int64_t rung);

/// Where the checkpoint of a model lies. With a population each generation has its own, since others may go on
/// from it.
std::string checkpoint_of(const SweepPaths& paths, const SearchPlan& plan, const TrialPart& part, std::int64_t rung);

/// What a trial of a rung may go on from, beside its own checkpoint: none without a population.
std::vector<std::string> sources_of(const SweepPaths& paths, const SearchPlan& plan, std::int64_t trial,
                                    std::int64_t rung);

}  // namespace shoal
