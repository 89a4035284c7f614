#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "block_reader.hpp"
#include "data/import/cells/cell_kind.hpp"
#include "data/import/number_labels.hpp"
#include "data/import/spool.hpp"
#include "distinct_values.hpp"

namespace shoal {

/// How the cells of a column are taken.
enum class CsvTake {
  nothing,
  value,  ///< numbers and dates; a text is counted, and missing
  word,   ///< which of its texts, by the order in which they came; an empty cell is missing
  text,   ///< the text itself
};

enum class CsvOnly { anything, numbers, dates };

struct CsvTaken {
  std::string name;
  CsvTake take = CsvTake::nothing;
  bool feature = false;                                     ///< goes to x
  bool values = false;                                      ///< distinct numbers are counted, up to most_counted_values
  CsvOnly only = CsvOnly::anything;                         ///< of values: what else stands there is an error
  double least = -std::numeric_limits<double>::infinity();  ///< a number below is an error
  NumberMarks marks = {};                                   ///< of values
  bool marks_known = false;                                 ///< they are those of a model or another set
  std::size_t most_words = 0;                               ///< beyond them words are no longer told apart
  std::size_t slot = 0;     ///< place in a row of x, of the other values or of the texts; set by the scan
  bool any_number = false;  ///< of values: nothing is asked of a number, and it has no marks; set by the scan
};
inline constexpr std::size_t most_counted_values = most_counted_numbers;

struct CsvPlace {
  std::size_t file = 0;
  std::int64_t line = 0;
  std::string text;  ///< of the cell
};

/// What was seen of a column.
struct CsvFacts {
  std::int64_t missing = 0;
  std::int64_t numbers = 0;
  std::int64_t dates = 0;
  std::int64_t zoned = 0;  ///< dates that say their zone
  std::int64_t texts = 0;
  double least = 0.0;  ///< of numbers and dates, where there are any
  double greatest = 0.0;
  bool whole = true;       ///< all numbers
  bool fits_float = true;  ///< each value is exact in float32, or reads back from 6 digits of it
  std::optional<CsvPlace> first_missing;
  std::optional<CsvPlace> first_spelled;  ///< missing, and not empty
  std::optional<CsvPlace> first_number;
  std::optional<CsvPlace> first_text;
  std::optional<CsvPlace> first_merged;  ///< see CsvNumber::merged
  std::optional<CsvPlace> first_zeros;   ///< a number that begins with 0 and another digit, as codes do: 01234
  std::optional<CsvPlace> first_not_zoned;
  struct Value {
    std::int64_t count = 0;
    CsvPlace first;
  };
  std::map<double, Value> values;
  bool too_many_values = false;
  DistinctValues distinct;  ///< numbers and dates; of columns that are kept as texts, those

  struct Word {
    std::string text;
    std::int64_t count = 0;
    CsvPlace first;
  };
  std::vector<Word> words;
  bool too_many_words = false;
  std::int64_t cells() const { return missing + numbers + dates + texts; }
};

/// Which column stands where in a file.
struct CsvLayout {
  std::vector<std::size_t> columns;  ///< by position; CsvLayout::none: left out
  bool header = false;               ///< line 1 is one
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
};

/// Rows that were read together.
struct CsvRows {
  enum class Form : std::uint8_t { bytes, exact_floats, brief_floats, doubles };
  std::int64_t first = 0;
  std::int64_t rows = 0;
  Form form = Form::doubles;
  std::int64_t x = 0;  ///< places in the spool
  std::int64_t other = 0;
  std::vector<std::int64_t> texts;       ///< by slot: rows + 1 offsets as int64, then the bytes
  std::vector<std::int64_t> text_bytes;  ///< of both together
};

/// All rows of some files.
struct CsvScan {
  std::vector<CsvTaken> columns;
  std::vector<CsvFacts> facts;  ///< by column
  std::vector<CsvRows> blocks;
  std::vector<std::int64_t> rows_of_file;
  std::int64_t rows = 0;
  std::size_t x_width = 0;
  std::size_t other_width = 0;
  std::size_t texts = 0;
  std::vector<std::atomic<bool>>
      has_too_many{};      ///< by column: while others are read, they need not be counted any more
  bool all_bytes = true;   ///< x: whole numbers in 0..255, none missing
  bool fits_float = true;  ///< x: as CsvFacts::fits_float
  Spool spool;
};

/// Reads all files once, with all threads, in bounded memory. What comes out is a function of the files' bytes.
/// @throws Error(bad_data)  with file and line, the first that is wrong: rows of unequal length, quotes, a byte 0, a
///         value that is not allowed
CsvScan scan_csv(const CsvFiles& files, const std::vector<CsvLayout>& layouts, std::vector<CsvTaken> columns,
                 const CsvFormat& format, const CellRules& rules, const std::string& out);

/// "FILE:LINE"
std::string place_text(const CsvFiles& files, const CsvPlace& place);

}  // namespace shoal
