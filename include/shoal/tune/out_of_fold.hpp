#pragma once

#include <string>

#include "shoal/comm/communicator.hpp"
#include "shoal/train/training.hpp"

namespace shoal {

/// Whether predict_out_of_fold() will be able to write `out`, of what is to be trained with a config. Not collective.
/// @throws Error  bad_data: two columns would have one name; input_output
void check_out_of_fold(const std::string& out, const Config& config, const TrainingData& data);

/// Collective. What models make of rows that they were not trained on: each row that is trained on is predicted by the
/// model of the fold that it validates, of those that a sweep with folds keeps of its best trial. Rank 0 writes `out`,
/// whole or not at all: the CSV of DatasetPredictor::predict(), with a column `fold` behind it, a line a row.
/// @param folder  of a sweep with folds that has ended
/// @throws Error  no_input: a model is not there; as predict()
void predict_out_of_fold(const std::string& folder, const std::string& out, Communicator& comm);

}  // namespace shoal
