#pragma once

#include <span>

#include "shoal/comm/communicator.hpp"
#include "shoal/train/training.hpp"

namespace shoal {

/// Collective. Reads the rows to train and to validate on into memory, once a host where its ranks can share it, unless
/// they are many: above 1 GiB a host, or a sixteenth of the memory that there is, they are read from the file
/// whenever they are needed. What a run computes does not depend on it; a file that is changed while it trains does it
/// no harm.
/// @param alike  parts of the same splits of one file, such as folds: they share the memory. Not empty
/// @throws SharedError  when the file cannot be read
void hold_rows(std::span<TrainingData> alike, const Communicator& comm);
inline void hold_rows(TrainingData& data, const Communicator& comm) { hold_rows(std::span(&data, 1), comm); }

}  // namespace shoal
