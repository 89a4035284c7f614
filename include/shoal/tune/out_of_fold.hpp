#pragma once

#include <string>

#include "shoal/comm/communicator.hpp"

namespace shoal {

/// Collective. What models make of rows that they were not trained on: each row of the split train is predicted by the
/// model of the fold that it validates, of those that a sweep with folds keeps of its best trial. Rank 0 writes `out`,
/// whole or not at all: the CSV of DatasetPredictor::predict(), with a column `fold` behind it, a line a row of train.
/// @param folder  of a sweep with folds that has ended
/// @throws Error  no_input: a model is not there; as predict()
void predict_out_of_fold(const std::string& folder, const std::string& out, Communicator& comm);

}  // namespace shoal
