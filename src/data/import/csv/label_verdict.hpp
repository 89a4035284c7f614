#pragma once

#include <vector>

#include "verdict.hpp"

namespace shoal {

/// One of the labels is a number, another is none.
[[noreturn]] void refuse_label_mixture(const CsvFiles& files, const CsvPlace& number, const CsvPlace& text);

/// Classes or targets, and which. `labels.columns` is there already.
void judge_labels(const std::vector<CsvColumn>& columns, const CsvFiles& files, const CsvScan& scan,
                  const CsvLabelWish& wish, const CellRules& rules, CsvLabels& labels);

}  // namespace shoal
