#pragma once

#include <string>

#include "shoal/infer/prediction_pass.hpp"

namespace shoal {

/// C99 of `static int encode(const double *row, float *x)`: what RowEncoder makes of a row, 1 for one that it refuses;
/// with the constants that it needs.
std::string c_encode(const TrainedModel& trained);

/// Whether any column is one of categories, whose numbers <name>_category() tells.
bool has_categories(const TrainedModel& trained);
/// C99 of that function, its constants before it.
std::string c_category(const TrainedModel& trained, const std::string& name);

}  // namespace shoal
