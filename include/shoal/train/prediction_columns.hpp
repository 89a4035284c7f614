#pragma once

#include <set>
#include <string>
#include <vector>

#include "shoal/infer/prediction_pass.hpp"

namespace shoal {

/// The columns of predictions: label where there are labels, and the outputs.
std::set<std::string> prediction_columns(const PredictionLayout& layout);

/// The ids that data keep are columns beside those. @throws Error(bad_data)  for one that is called as one of them
void check_id_names(const std::vector<std::string>& ids, const std::set<std::string>& columns);

}  // namespace shoal
