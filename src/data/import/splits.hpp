#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "table.hpp"

namespace shoal {

/// Deals the rows of `table`, each split in the order of the file. Where there is a table for tests, that one is the
/// split test. Fractions take round(fraction * rows) rows, by class in the shares of the classes where y holds classes
/// (largest remainder; a class gives its last row to train), whole groups where there are groups: then as near to the
/// count as the groups that are drawn allow. What is drawn is a function of seed, rows, labels and groups.
/// @throws Error(usage)  for options outside their range or that exclude each other, for no row left to train;
///         Error(bad_data) where the file's own splits have no row to train, or cut a group
std::vector<PlannedSplit> plan_splits(const Table& table, const Table* test, const SplitOptions& options);
/// @throws Error(usage)  for fractions outside [0, 1) or that leave nothing
void check_fractions(double test, double validation);

/// The split that a cell of a file means, in any case: train, training, validation, valid, val, dev, test, testing.
/// Nothing for another text.
std::optional<OwnSplit> split_named(std::string_view text);
std::string_view split_name(OwnSplit split);  ///< "train", ...
/// For a message: the texts that split_named() takes.
std::string split_names_taken();

}  // namespace shoal
