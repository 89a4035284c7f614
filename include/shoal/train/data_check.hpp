#pragma once

#include <string>
#include <vector>

#include "shoal/data/dataset.hpp"
#include "shoal/data/row_encoder.hpp"
#include "shoal/nn/model.hpp"
#include "shoal/train/checkpoint.hpp"
#include "shoal/train/training.hpp"

namespace shoal {

/// Whether a data set is like the one that a model was trained on. name: of the model, for messages.
/// Its columns by name, where both have names; else the shapes of rows must be equal.
/// @throws Error(bad_data)  other features
ColumnMatch match_features(const Dataset& set, const Split& split, const Encoding& encoding,
                           const DataDescription& trained, const std::string& name);
/// What to say of columns: which are not needed, or that names say nothing of their order; empty where all is well.
std::vector<std::string> match_lines(const ColumnMatch& match, const Dataset& set, const DataDescription& trained);
/// A warning where units are other ones than in training; else empty.
std::string note_on_units(const Dataset& set, const DataDescription& trained);
/// A warning where what y is made of has another name than in training; else, or where names are not known, empty.
std::string note_on_targets(const Dataset& set, const DataDescription& trained, const std::string& name);
/// @throws Error(bad_data)  no y to compare with, another y, the same targets in another order, no rows, class numbers
///         of which two meanings are likely
void check_targets(const Dataset& set, const Split& split, const DataDescription& trained, const Model& model,
                   const std::string& name);

/// What to warn of before training: arrays that are not read, rows that blocks do not mix, splits on other scales.
std::vector<std::string> notes_on_data(const Dataset& set, const TrainingData& data, std::int64_t shuffle_block);

/// @throws Error(bad_data)  a class has another name than the model was trained with
void check_class_names(const Dataset& set, const DataDescription& trained, const std::string& name);

}  // namespace shoal
