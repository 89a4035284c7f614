#pragma once

#include <string>
#include <vector>

#include "shoal/core/json.hpp"

namespace shoal {

// What a page says without its script: sections of tables, as HTML.

/// Of run_json().
std::string run_tables(const Json& run);
/// Of sweep_json().
std::string sweep_tables(const Json& sweep);
/// Of several runs: their results, and the keys in which they differ.
std::string comparison_tables(const std::vector<Json>& runs);

}  // namespace shoal
