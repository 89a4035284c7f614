#pragma once

#include <string>

#include "shoal/comm/communicator.hpp"
#include "shoal/core/json.hpp"

namespace shoal {

/// Collective. What the best checkpoint of a run (else its newest) makes of the rows that the run was validated on, or
/// trained on where there are none, as far as its data are where they were:
///   step, split, samples, loss; weights  "average" or "last" of a checkpoint that has both
///   metrics      [[name, value]]
///   classes      [{"name", "support", "precision", "recall", "f1"}], confusion (K, K), calibration [[weight,
///                confidence, accuracy]], from the least confidence on; with classes. No confusion of more than 100
///   outputs      [{"name", "rmse", "mae", "r2", "low", "high", "side", "squares": [[true, predicted, weight]]}], with
///                "accuracy", "auc", "average_precision" where they are probabilities
///   notes        [text]
/// or {"absent": why}. The same on every rank.
/// @throws SharedError  when ranks fail for reasons of their own, like a lack of memory
Json judgement_json(const std::string& run, Communicator& comm);

}  // namespace shoal
