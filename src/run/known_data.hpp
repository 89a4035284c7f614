#pragma once

#include <string>

#include "shoal/io/archive.hpp"
#include "shoal/train/training.hpp"

namespace shoal {

/// @param of  what was trained, for the message  @throws Error(bad_data)  on other data than these
void check_content(const std::string& of, const std::string& content, const TrainingData& data, const Config& config);

/// Whether a run may go on with a data set: the rows that it was trained on, as they were called and shaped then. Takes
/// the names of classes over from a checkpoint where the set has none, and what it learnt of the columns.
/// @throws Error(bad_data)
void go_on_with(const Archive& resumed, const std::string& of, const Dataset& set, TrainingData& data,
                const Config& config);

}  // namespace shoal
