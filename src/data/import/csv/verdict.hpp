#pragma once

#include <optional>
#include <string>
#include <vector>

#include "roles.hpp"
#include "scan.hpp"
#include "shoal/data/columns.hpp"

namespace shoal {

/// What may be learnt of the labels before they are looked at.
struct CsvLabelWish {
  bool classes = false;
  bool two_classes = false;  ///< a flag
  bool targets = false;
  std::string said_by = {};  ///< of these three: an option, or the file that declares columns
  bool drop_unlabelled = false;
  std::vector<std::string> class_names = {};  ///< of a model or another set; then labels are these
  std::string class_owner = {};               ///< whose they are, for messages
};

/// A column of x.
struct CsvFeature {
  FeatureColumn column;
  std::size_t slot = 0;            ///< in the scan's x
  std::vector<double> codes = {};  ///< of words: the category of word i; empty: values stay
};

/// What y is made of.
struct CsvLabels {
  std::vector<std::size_t> columns = {};         ///< of the file
  std::vector<std::string> class_names = {};     ///< empty: targets, or no labels
  std::vector<double> codes = {};                ///< of words: the class of word i
  std::vector<double> values = {};               ///< else of numbers, sorted: value i is
  std::vector<std::int32_t> value_classes = {};  ///< of this class
  bool any_missing = false;                      ///< rows without one are left out
  std::string reason = {};
};

struct CsvVerdict {
  std::vector<CsvFeature> features;  ///< in the order of x
  CsvLabels labels;
  std::vector<std::string> reasons;  ///< by column of the file: of its role or type
  std::vector<bool> kept;            ///< by column: false for a feature that was left out
};

/// How the cells of each column are taken, as far as the first rows say.
std::vector<CsvTaken> first_takes(const std::vector<CsvColumn>& columns, const CsvOpened& opened,
                                  const CellRules& rules, const CsvLabelWish& wish);

/// Columns that were taken for values and have texts are taken for words from now on, or for numbers with marks; false
/// where there is none.
/// @throws Error(bad_data)  where that would be wrong as likely as not: numbers and texts in one column
bool widen(const std::vector<CsvColumn>& columns, const CsvFiles& files, const CsvScan& scan, const CellRules& rules,
           std::vector<CsvTaken>& takes);

/// @throws Error(bad_data)  for texts that make no category, labels that are missing or none of the classes, weights
///         and splits that are missing
CsvVerdict judge(const std::vector<CsvColumn>& columns, const CsvFiles& files, const CsvScan& scan,
                 const CellRules& rules, const CsvLabelWish& wish);

}  // namespace shoal
