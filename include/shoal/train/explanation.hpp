#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace shoal {

struct ExplainOptions {
  std::string metric = "loss";  ///< one of explained_metrics()
  std::int64_t repeats = 5;     ///< permutations of each column
  std::uint64_t seed = 1;       ///< of these
};

/// How much a model depends on a column of its data.
struct ColumnImportance {
  std::string name;
  /// How much worse the metric is with the column's values handed round among the rows, by repeat: above 0 where the
  /// model needs them, exactly 0 where it does not look at them.
  std::vector<double> repeats;
  double mean = 0.0;
  double deviation = 0.0;  ///< of the population of repeats
};

struct Explanation {
  std::string metric;
  double score = 0.0;  ///< of the data as they are
  std::int64_t samples = 0;
  std::vector<ColumnImportance> columns;  ///< the most important first; equal ones in the order of the model
};

/// Metrics of an evaluation that a column may matter for, by the names that `shoal evaluate --json` has for them.
std::vector<std::string> explained_metrics();

}  // namespace shoal
