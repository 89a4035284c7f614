#pragma once

#include "../data_files.hpp"
#include "data/import/splits.hpp"

namespace shoal {

/// Row i holds the number i, and so does its label.
inline Table numbered(std::int64_t rows) {
  Table table;
  table.rows = rows;
  std::vector<float> x(static_cast<std::size_t>(rows));
  std::iota(x.begin(), x.end(), 0.0F);
  table.x = column_of(x, {1});
  table.y = column_of(std::vector<std::int32_t>(x.begin(), x.end()), {});
  return table;
}

/// Writes tables and opens what they became.
class Tables : public DataFiles {
 protected:
  Dataset split(const Table& table, const SplitOptions& options, const Table* test = nullptr) {
    TableNotes notes{{}, {}, "numbers"};
    for (std::int64_t k = 0; k < table.rows; ++k) notes.class_names.push_back(std::to_string(k));
    summary_ = write_splits(plan_splits(table, test, options), notes, path("out.h5"));
    return Dataset::open(path("out.h5"));
  }
  DatasetSummary summary_;
};

}  // namespace shoal
