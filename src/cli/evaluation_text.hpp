#pragma once

#include <string>

#include "shoal/infer/evaluation.hpp"
#include "shoal/train/dataset_ensemble.hpp"
#include "shoal/train/dataset_predictor.hpp"
#include "shoal/train/explanation.hpp"

namespace shoal {

/// What `shoal evaluate` prints: tables for people, "-" where a metric cannot be told, then why.
/// @param weights  which of a checkpoint that has several; empty: there is nothing to say
std::string evaluation_table(const std::string& split, const std::string& weights, const Evaluation& evaluation);
/// One JSON object on a line, null where a metric cannot be told.
std::string evaluation_json(const std::string& split, const std::string& weights, const Evaluation& evaluation);
/// The same of an ensemble, with its members by their names.
std::string ensemble_table(const std::string& split, const std::string& weights, const EnsembleEvaluation& evaluation,
                           const std::vector<std::string>& names);
std::string ensemble_json(const std::string& split, const std::string& weights, const EnsembleEvaluation& evaluation,
                          const std::vector<std::string>& names);
/// What `shoal explain` prints, and writes.
std::string explanation_table(const std::string& split, const Explanation& explanation);
/// @param data  file that it was told by
/// @param model  which was asked
std::string explanation_json(const DatasetPredictor& model, const std::string& data, const std::string& split,
                             const Explanation& explanation);
std::string explanation_csv(const Explanation& explanation);
/// A row for each class: its name, then its rows, or their weight, by the class that they were taken for.
/// @throws Error(usage)  there is none: no classes, or too many
std::string confusion_csv(const Evaluation& evaluation);

}  // namespace shoal
