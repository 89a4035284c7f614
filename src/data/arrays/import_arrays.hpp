#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/import/number_labels.hpp"
#include "shoal/data/import.hpp"
#include "source_arrays.hpp"

namespace shoal {

/// Blocks of all arrays that are open at once together take about as much.
constexpr std::int64_t all_block_bytes = std::int64_t{1} << 25;

/// What an import reads as x and y of some rows.
struct ArrayParts {
  std::vector<SourceArrays> x;  ///< side by side; at least one
  std::optional<SourceArrays> y = {};
};

/// An import of arrays, whatever files they come from.
struct ArrayImport {
  ArrayParts train;                       ///< and what is drawn from it
  std::optional<ArrayParts> test = {};    ///< the split test
  std::string source;                     ///< see TableNotes
  std::string like = {};                  ///< data set whose classes and columns are taken
  std::optional<ForModel> model = {};     ///< classes of a model, in place of `like`
  std::vector<std::string> missing = {};  ///< see TableDescription::missing
  LabelWish wish = LabelWish::found_out;  ///< not with like
  bool labels_are_classes = false;        ///< by the files' format, where they are whole
  bool keeps_float64 = false;             ///< where it is in a file, also where float32 holds every value
  SplitOptions split = {};
};
/// Writes the data set: x in its shape, of one array, or flat, of several. A table of numbers where there are several,
/// or values may be missing. Says what labels and values were taken for.
DatasetSummary import_arrays(ArrayImport import, const std::string& out);

/// A warning where the target is one of the arrays of features.
void warn_of_known_target(const std::vector<std::string>& x, const std::string& y);

/// For y: NaN is a label that is missing, and counted.
inline MissingNumbers missing_labels() { return {.numbers = {}, .nan = true}; }

/// Numbers from the command line. @throws Error(usage)  for a text that is none and not nan
MissingNumbers missing_numbers(const std::vector<std::string>& texts);
/// Those of a model's table that are numbers or nan: that of a CSV has words as well, which no array holds.
std::vector<std::string> missing_of_model(const std::vector<std::string>& texts);

}  // namespace shoal
